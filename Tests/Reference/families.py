#!/usr/bin/env python3
"""Golden values of the families beside BERT, by transformers and PyTorch's automatic differentiation in float64.

    python -m venv .venv && .venv/bin/pip install torch transformers ml_dtypes jax
    python families.py                 writes families/models/ and families/golden/
    python families.py --only NAME ... writes the files of these models
    python families.py --check         computes everything anew and compares it with the committed files

The models are tiny and random; each has a setting of its family that is not the default: positions behind an id that
occurs in the texts, tables narrower than the layers, another activation. Every expectation is its definition, a sum
over all classes. Layers that share parameters have masks for each of their uses.
"""

import argparse
import collections
import contextlib
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import transformers
from transformers.models.deberta_v2 import modeling_deberta_v2
from transformers.models.modernbert import modeling_modernbert
from transformers.models.mpnet import modeling_mpnet

import cases
import checkpoint
import checks

HERE = Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

HEADS = 3
COMMON = {"vocab_size": len(cases.VOCABULARY), "num_labels": 3, "problem_type": "single_label_classification"}
SIZES = {
    "hidden_size": 18,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "type_vocab_size": 2,
}
BERT_PARTS = ("attention.self.query", "attention.output.dense", "intermediate.dense", "output.dense")
ROBERTA_HEAD = {"classifier.dense": "head_dense", "classifier.out_proj": "classifier"}
DEBERTA = {
    **COMMON,
    **SIZES,
    "max_position_embeddings": 24,
    "layer_norm_eps": 1e-7,
    "pad_token_id": 0,
    "relative_attention": True,
}
# Queries and keys may see the rows of the table of positions too; the layer of the values sees tokens alone.
DEBERTA_PARTS = ("attention.self.value_proj", *BERT_PARTS[1:])
DEBERTA_HEAD = {"pooler.dense": "head_dense", "classifier": "classifier"}
MODERNBERT = {
    **COMMON,
    "hidden_size": 18,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 32,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "cls_token_id": 2,
    "eos_token_id": 3,
    "sep_token_id": 3,
}
MODERNBERT_PARTS = ("attn.Wqkv", "attn.Wo", "mlp.Wi", "mlp.Wo")
MODERNBERT_HEAD = {"head.dense": "head_dense", "classifier": "classifier"}


def rotary(full, sliding):
    thetas = {"full_attention": full, "sliding_attention": sliding}
    return {kind: {"rope_type": "default", "rope_theta": theta} for kind, theta in thetas.items()}


@dataclass(frozen=True)
class Family:
    """A model, and what it calls the places that gram.py names."""

    seed: int
    configuration: transformers.PretrainedConfig
    model: type
    # The modules with a layer's parameters, and in each of them what takes `attention`, `attention_output`,
    # `intermediate` and `output`.
    layers: list
    parts: tuple
    # Outside of the layers, module: place.
    others: dict
    has_types: bool = True
    # Of the weights: those of queries and keys, and all others.
    scales: tuple = (1.4, 2.0)
    # Whether there is a tokenizer.json.
    has_backend: bool = False
    # In config.json instead of what the class writes; None leaves a key out.
    written: dict = field(default_factory=dict)

    def places(self):
        """module: the place where it takes its input, as gram.py names it."""
        names = ("attention", "attention_output", "intermediate", "output")
        return {
            f"{layer}.{part}": f"{number}.{name}"
            for number, layer in enumerate(self.layers)
            for part, name in zip(self.parts, names)
        } | self.others

    @property
    def depth(self):
        """How many layers the data pass, one after the other."""
        return self.configuration.num_hidden_layers * getattr(self.configuration, "inner_group_num", 1)


FAMILIES = {
    "roberta": Family(
        1601,
        # [SEP] is the padding: its position is the padding's, and others are counted from behind it.
        transformers.RobertaConfig(
            **COMMON, **SIZES, max_position_embeddings=28, pad_token_id=3, hidden_act="gelu_new", layer_norm_eps=1e-5
        ),
        transformers.RobertaForSequenceClassification,
        [f"roberta.encoder.layer.{i}" for i in range(2)],
        BERT_PARTS,
        ROBERTA_HEAD,
    ),
    "distilbert": Family(
        1602,
        transformers.DistilBertConfig(
            **COMMON, dim=18, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=24, activation="gelu"
        ),
        transformers.DistilBertForSequenceClassification,
        [f"distilbert.transformer.layer.{i}" for i in range(2)],
        ("attention.q_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2"),
        {"pre_classifier": "head_dense", "classifier": "classifier"},
        has_types=False,
    ),
    "electra": Family(
        1603,
        transformers.ElectraConfig(
            **COMMON, **SIZES, embedding_size=10, max_position_embeddings=24, hidden_act="relu", pad_token_id=0
        ),
        transformers.ElectraForSequenceClassification,
        [f"electra.encoder.layer.{i}" for i in range(2)],
        BERT_PARTS,
        {"electra.embeddings_project": "embedding_projection"} | ROBERTA_HEAD,
    ),
    # Eight layers, of which the first four use the parameters of the first two in turns.
    "albert": Family(
        1619,
        transformers.AlbertConfig(
            **COMMON,
            **SIZES | {"num_hidden_layers": 4},
            num_hidden_groups=2,
            inner_group_num=2,
            embedding_size=10,
            max_position_embeddings=24,
            hidden_act="gelu_new",
        ),
        transformers.AlbertForSequenceClassification,
        [f"albert.encoder.albert_layer_groups.{i}.albert_layers.{j}" for i in range(2) for j in range(2)],
        ("attention.query", "attention.dense", "ffn", "ffn_output"),
        {
            "albert.encoder.embedding_hidden_mapping_in": "embedding_projection",
            "albert.pooler": "pooler",
            "classifier": "classifier",
        },
        # With the others' weights all tokens are alike after eight layers, whatever the text.
        scales=(2.0, 1.4),
    ),
    "mpnet": Family(
        1605,
        transformers.MPNetConfig(
            **COMMON,
            **{k: v for k, v in SIZES.items() if k != "type_vocab_size"},
            max_position_embeddings=28,
            layer_norm_eps=1e-5,
        ),
        transformers.MPNetForSequenceClassification,
        [f"mpnet.encoder.layer.{i}" for i in range(2)],
        ("attention.attn.q", "attention.attn.o", "intermediate.dense", "output.dense"),
        ROBERTA_HEAD,
        has_types=False,
    ),
    "deberta-v2": Family(
        1606,
        transformers.DebertaV2Config(
            **DEBERTA | {"type_vocab_size": 0},
            embedding_size=10,
            share_att_key=True,
            norm_rel_ebd="layer_norm",
            position_buckets=6,
            max_relative_positions=-1,
            pos_att_type=["p2c", "c2p"],
            position_biased_input=False,
            conv_kernel_size=3,
            conv_groups=1,
            conv_act="gelu",
            pooler_hidden_act="gelu",
        ),
        transformers.DebertaV2ForSequenceClassification,
        [f"deberta.encoder.layer.{i}" for i in range(2)],
        DEBERTA_PARTS,
        {"deberta.embeddings.embed_proj": "embedding_projection"} | DEBERTA_HEAD,
        has_types=False,
    ),
    # Distances as they are, and the longest texts go beyond the last.
    "deberta-v2-separate": Family(
        1607,
        transformers.DebertaV2Config(
            **DEBERTA,
            share_att_key=False,
            norm_rel_ebd="none",
            position_buckets=-1,
            max_relative_positions=8,
            pos_att_type="c2p|p2c",
            position_biased_input=True,
            pooler_hidden_act="tanh",
        ),
        transformers.DebertaV2ForSequenceClassification,
        [f"deberta.encoder.layer.{i}" for i in range(2)],
        DEBERTA_PARTS,
        DEBERTA_HEAD,
        written={"pos_att_type": "c2p|p2c"},
    ),
    "modernbert": Family(
        1608,
        transformers.ModernBertConfig(
            **MODERNBERT, num_hidden_layers=4, local_attention=4, rope_parameters=rotary(90.0, 12.0)
        ),
        transformers.ModernBertForSequenceClassification,
        [f"model.layers.{i}" for i in range(4)],
        MODERNBERT_PARTS,
        MODERNBERT_HEAD,
        has_types=False,
        has_backend=True,
    ),
    # config.json as version 4 writes it.
    "modernbert-mean": Family(
        1609,
        transformers.ModernBertConfig(
            **MODERNBERT,
            num_hidden_layers=3,
            local_attention=6,
            rope_parameters=rotary(200.0, 15.0),
            hidden_activation="gelu_pytorch_tanh",
            norm_bias=True,
            attention_bias=True,
            mlp_bias=True,
            classifier_bias=True,
            classifier_pooling="mean",
            classifier_activation="silu",
        ),
        transformers.ModernBertForSequenceClassification,
        [f"model.layers.{i}" for i in range(3)],
        MODERNBERT_PARTS,
        MODERNBERT_HEAD,
        has_types=False,
        has_backend=True,
        written={
            "layer_types": None,
            "rope_parameters": None,
            "global_attn_every_n_layers": 3,
            "global_rope_theta": 200.0,
            "local_rope_theta": 15.0,
        },
    ),
}


# What transformers computes in float32 whatever the type of the model is, and the other way round


@contextlib.contextmanager
def single_precision():
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float64)


def log_buckets(*arguments, function=modeling_deberta_v2.make_log_bucket_position):
    """In float32 as in normal use: which bucket a distance belongs to defines the model."""
    with single_precision():
        return function(*arguments)


def score_scale(query, terms):
    return torch.sqrt(torch.tensor(float(query.size(-1) * terms)))


def angles(self, x, position_ids, layer_type):
    """The angles are of float32, for they define the model, and their cosines and sines of float64."""
    frequencies = getattr(self, f"{layer_type}_inv_freq")
    assert frequencies.dtype == torch.float32 and self.rope_type[layer_type] == "default"
    half = (position_ids[..., None].float() * frequencies).double()
    both = torch.cat((half, half), dim=-1)
    return both.cos(), both.sin()


def turn(q, k, cos, sin, unsqueeze_dim=1):
    half = modeling_modernbert.rotate_half
    cos, sin = cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim)
    return q * cos + half(q) * sin, k * cos + half(k) * sin


def attention(module, query, key, value, attention_mask, scaling, **_):
    scores = query @ key.transpose(2, 3) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    probabilities = torch.softmax(scores, dim=-1)
    return (probabilities @ value).transpose(1, 2).contiguous(), probabilities


@contextlib.contextmanager
def double_precision():
    """All in float64, but for what float32 defines."""
    deberta = {"make_log_bucket_position": log_buckets, "scaled_size_sqrt": score_scale}
    modernbert = {"apply_rotary_pos_emb": turn, "eager_attention_forward": attention}
    with (
        mock.patch.multiple(modeling_deberta_v2, **deberta),
        mock.patch.multiple(modeling_modernbert, **modernbert),
        mock.patch.object(modeling_modernbert.ModernBertRotaryEmbedding, "forward", angles),
    ):
        yield


QUERIES_AND_KEYS = ("query", "key", "q_lin", "k_lin", "attn.q.", "attn.k.", "Wqkv")


def make(family):
    """A model with weights that are exact in float32, large enough for sharp attention and unequal classes."""
    family.configuration._attn_implementation = "eager"
    model = family.model(family.configuration).eval()
    random = np.random.Generator(np.random.PCG64(family.seed))
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            values = random.standard_normal(tuple(parameter.shape))
            if "norm" in parameter_name.lower():
                values = 0.25 * values + (1.0 if parameter_name.endswith("weight") else 0.0)
            elif parameter_name.endswith("bias"):
                values = 0.3 * values
            elif "position" in parameter_name or "token_type" in parameter_name:
                values = 0.5 * values
            elif not any(p in parameter_name for p in ("word_embeddings", "tok_embeddings")):
                scale = family.scales[0 if any(p in parameter_name for p in QUERIES_AND_KEYS) else 1]
                values = scale / np.sqrt(np.prod(values.shape[1:])) * values
            parameter.copy_(torch.tensor(values.astype(np.float32).astype(np.float64)))
    # The gradient of the padding's rows is a gradient like any other.
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None
    return model


class Reference:
    """One model with masks of ones before the layers that read heads and neurons, and an eye on all inputs."""

    def __init__(self, family, model):
        self.family, self.model = family, model
        modules = dict(model.named_modules())
        places = self.family.places()
        neurons = next(modules[m].in_features for m, place in places.items() if place == "0.output")
        self.head_mask = torch.ones(self.family.depth, HEADS, requires_grad=True)
        self.neuron_mask = torch.ones(self.family.depth, neurons, requires_grad=True)
        for module, place in places.items():
            modules[module].register_forward_pre_hook(self.hook(place))

    def hook(self, place):
        part = place.split(".")[-1]

        def before(_, inputs):
            (x,) = inputs
            # The layers run one after the other: this is the use of a layer that it is.
            use = self.uses[part]
            self.uses[part] += 1
            if part == "attention_output":
                x = x * self.head_mask[use].repeat_interleave(x.shape[-1] // HEADS)
            elif part == "output":
                x = x * self.neuron_mask[use]
            self.inputs[place].append(x.detach().reshape(-1, x.shape[-1]).numpy())
            return (x,)

        return before

    def logits(self, example):
        """Afterwards `inputs` has an array of rows for each use of a place."""
        self.uses, self.inputs = collections.Counter(), collections.defaultdict(list)
        return self.model(**features(self.family, example)).logits[0]


def features(family, example):
    types = {"token_type_ids": torch.tensor([example["type_ids"]])} if family.has_types else {}
    return {"input_ids": torch.tensor([example["token_ids"]])} | types


def golden(reference, examples, labels):
    """All golden tensors by file."""
    parameters = dict(reference.model.named_parameters())
    variables = [*parameters.values(), reference.head_mask, reference.neuron_mask]
    full = {n: np.zeros(tuple(p.shape)) for n, p in parameters.items()}
    outputs = {"logits": [], "log_probabilities": [], "log_likelihood": [], "head_mask": [], "neuron_mask": []}
    gram, moments = {}, {}
    for example, label in zip(examples, labels):
        log_p = torch.log_softmax(reference.logits(example), 0)
        outputs["logits"].append(reference.logits(example).detach().numpy())
        outputs["log_probabilities"].append(log_p.detach().numpy())
        outputs["log_likelihood"].append(float(log_p[label]))
        masks = [np.zeros(tuple(mask.shape)) for mask in variables[-2:]]
        for y in range(3):
            gradients = torch.autograd.grad(log_p[y], variables, retain_graph=True)
            weight = float(log_p[y].exp())
            for n, g in zip(full, gradients):
                full[n] += weight * g.numpy() ** 2
            for mask, g in zip(masks, gradients[-2:]):
                mask += weight * g.numpy() ** 2
        outputs["head_mask"].append(masks[0])
        outputs["neuron_mask"].append(masks[1])
        for place, uses in reference.inputs.items():
            x = np.vstack(uses)
            rows, columns = np.triu_indices(x.shape[1])
            triangle = (x.T @ x)[rows, columns]
            gram[f"gram.{place}"] = gram.get(f"gram.{place}", 0) + triangle
            gram[f"gram.{place}.sum"] = gram.get(f"gram.{place}.sum", 0) + x.sum(axis=0)
            moment = np.array([(x * x).sum() ** 2])
            gram[f"gram.{place}.second_moment"] = gram.get(f"gram.{place}.second_moment", 0) + moment
    outputs = {n: np.array(v) for n, v in outputs.items()}
    masks = {n: outputs[n].sum(axis=0) for n in ("head_mask", "neuron_mask")}
    return {"outputs": outputs, "expected.mask-fisher": masks, "expected.fisher": full, "gram": gram}


def differences(name, reference, examples, random):
    """Central differences of log p of the first class, at three entries of every tensor and of both masks."""
    example = examples[1]
    log_p = lambda: torch.log_softmax(reference.logits(example), 0)[0]
    variables = dict(reference.model.named_parameters())
    variables |= {"head_mask": reference.head_mask, "neuron_mask": reference.neuron_mask}
    gradients = torch.autograd.grad(log_p(), list(variables.values()))
    for (n, parameter), gradient in zip(variables.items(), gradients):
        for place in random.integers(0, parameter.numel(), 3):
            values = parameter.data.view(-1)
            before = float(values[place])
            around = []
            for step in (1e-5, -1e-5):
                values[place] = before + step
                around.append(float(log_p().detach()))
            values[place] = before
            difference = (around[0] - around[1]) / 2e-5
            found = float(gradient.view(-1)[place])
            checks.close(np.array([found]), np.array([difference]), 1e-5, f"{name}: {n}", absolute=1e-8)


def write_model(directory, family, model):
    weights = {n: p.detach().numpy() for n, p in model.named_parameters()}
    checkpoint.write_safetensors(directory / "model.safetensors", weights, "F32", {"format": "pt"})
    settings = {k: v for k, v in model.config.to_diff_dict().items() if k not in ("transformers_version", "dtype")}
    settings = {k: v for k, v in (settings | family.written).items() if k not in family.written or v is not None}
    checkpoint.write_json(directory / "config.json", settings | {"architectures": [type(model).__name__]})
    (directory / "vocab.txt").write_text("\n".join(cases.VOCABULARY) + "\n")
    names = {"model_input_names": ["input_ids", "attention_mask"] + (["token_type_ids"] if family.has_types else [])}
    described = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    if family.has_backend:
        tokenizer = transformers.BertTokenizerFast.from_pretrained(directory, **described, **names)
        (directory / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str(pretty=True) + "\n")
        tokens = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
        described = {"tokenizer_class": "TokenizersBackend"} | tokens
    checkpoint.write_json(directory / "tokenizer_config.json", described | names)


def check_directory(directory, family, model, examples, logits):
    """transformers as it is reads the same settings from there, gives the same ids and nearly the same logits."""
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32).eval()
    for key, value in model.config.to_dict().items():
        if key not in ("architectures", "dtype", "_name_or_path"):
            assert loaded.config.to_dict()[key] == value, f"{directory}: {key}"
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    for example, expected in zip(examples, logits):
        found = loaded(**features(family, example)).logits[0].detach().numpy()
        checks.close(found, expected, 1e-4, f"logits from {directory}", absolute=1e-4)
        texts = [v for k, v in example.items() if k.startswith("sentence")]
        if texts:
            assert tokenizer(*texts)["input_ids"] == example["token_ids"], f"{directory}: {texts}"


def generate(root, names):
    examples = cases.examples()
    labels = cases.CLASSIFIERS["three"][3]
    random = np.random.Generator(np.random.PCG64(7))
    for name in names:
        family = FAMILIES[name]
        model = make(family)
        directory = root / "models" / name
        write_model(directory, family, model)
        with double_precision():
            reference = Reference(family, model)
            differences(name, reference, examples, random)
            files = golden(reference, examples, labels)
        with single_precision():
            check_directory(directory, family, model, examples, files["outputs"]["logits"])
        for file, tensors in files.items():
            metadata = {"examples": str(len(examples))}
            checkpoint.write_safetensors(root / "golden" / f"{name}.{file}.safetensors", tensors, "F64", metadata)
        print(f"{name}: done", flush=True)
    with single_precision():
        tensors = positions()
    checkpoint.write_safetensors(root / "golden" / "positions.safetensors", tensors, "F64", {})


def positions():
    """By i - j from -600 to 600: the bucket of MPNet, and the row of DeBERTa's table for some settings."""
    difference = torch.arange(-600, 601)
    tensors = {"mpnet": modeling_mpnet.MPNetEncoder.relative_position_bucket(-difference)}
    for buckets, farthest in ((256, 512), (32, 128), (6, 24), (10, 7)):
        rows = modeling_deberta_v2.make_log_bucket_position(difference, buckets, farthest).to(torch.long)
        tensors[f"deberta.{buckets}.{farthest}"] = torch.clamp(rows + buckets, 0, 2 * buckets - 1)
    return {name: values.numpy().astype(np.float64) for name, values in tensors.items()}


# What softmax does not see: a bias that adds the same to all scores of a query.
WITHOUT_GRADIENT = ("key.bias", "k_lin.bias", "attn.k.bias", "pos_key_proj.bias")


def compare(root):
    committed = HERE / "families"
    files = sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(committed) for p in committed.rglob("*") if p.is_file()), "the files differ"
    for path in files:
        new, old = root / path, committed / path
        if new.read_bytes() == old.read_bytes():
            continue
        assert path.parts[0] == "golden", f"{path} differs"
        new, old = checkpoint.read_safetensors(new), checkpoint.read_safetensors(old)
        assert list(new) == list(old), f"{path}: the tensors differ"
        for name in old:
            largest = float(np.max(np.abs(old[name])))
            noise = 1e-20 if name.endswith(WITHOUT_GRADIENT) else 0.0
            checks.close(new[name], old[name], 1e-9, f"{path}: {name}", absolute=1e-13 * largest + noise)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=FAMILIES, metavar="NAME", help="write these")
    arguments = parser.parse_args()
    if arguments.check:
        with tempfile.TemporaryDirectory() as directory:
            generate(Path(directory), FAMILIES)
            compare(Path(directory))
        print("the committed files are what this program computes")
        return
    generate(HERE / "families", arguments.only)


if __name__ == "__main__":
    sys.exit(main())
