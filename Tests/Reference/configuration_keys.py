"""The keys that the configuration classes of a transformers version have, with their defaults.

    python configuration_keys.py > configuration_keys-VERSION.json

`ConfigurationKeysTests` holds the families' lists against the committed outputs: every key must be read, known as
harmless, or bound to the values that are computed.
"""

import json

import transformers

CLASSES = {
    "bert": transformers.BertConfig,
    "roberta": transformers.RobertaConfig,
    "xlm-roberta": transformers.XLMRobertaConfig,
    "camembert": transformers.CamembertConfig,
    "distilbert": transformers.DistilBertConfig,
    "electra": transformers.ElectraConfig,
    "albert": transformers.AlbertConfig,
    "mpnet": transformers.MPNetConfig,
    "deberta-v2": transformers.DebertaV2Config,
    "modernbert": transformers.ModernBertConfig,
}

if __name__ == "__main__":
    keys = {}
    for family, configuration in CLASSES.items():
        found = configuration().to_dict()
        # Written by save_pretrained, or by training scripts of the version, beside the class's own attributes.
        found.pop("transformers_version")
        keys[family] = dict(sorted(found.items()))
    print(json.dumps({"transformers": transformers.__version__, "keys": keys}, indent=1))
