"""Tokenizer files of model directories as users have them, and what transformers 5 makes of them.

    python make_directories.py > directories.json

Each case has the text of its files, the ids and token types of some texts and pairs, and the side of truncation. Made
with transformers 5.24. What is compared is what AutoTokenizer gives, whichever class that takes.
"""

import copy
import json
import pathlib
import shutil
import tempfile

import transformers

transformers.logging.set_verbosity_error()

WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the cafe café man Man is a woman x y X [ ] ##s film . 中 中国 ##国 [T] new "
         "unused").split()
TEXTS = [("The Café man [X] is [Y].", None), ("a woman is [Z]", "the man [X] is X."), ("[x] [MASK] Man  films 中国 CAFÉ", None),
         ("the new[X]man", "[T] unused")]


def token(content, id=None, **flags):
    described = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                 "special": True} | flags
    return described if id is None else {"id": id} | described


def special(name, type_id=0):
    return {"SpecialToken": {"id": name, "type_id": type_id}}


def text(name, type_id=0):
    return {"Sequence": {"id": name, "type_id": type_id}}


FILE = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [token(word, i) for i, word in enumerate(WORDS[:5])],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                   "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing", "single": [special("[CLS]"), text("A"), special("[SEP]")],
        "pair": [special("[CLS]"), text("A"), special("[SEP]"), text("B", 1), special("[SEP]", 1)],
        "special_tokens": {name: {"id": name, "ids": [id], "tokens": [name]} for name, id in [("[CLS]", 2), ("[SEP]", 3)]}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(WORDS)}},
}
NAMES = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
BERT = {"tokenizer_class": "BertTokenizer", "model_max_length": 64} | NAMES
FAST = BERT | {"tokenizer_class": "PreTrainedTokenizerFast"}
DECODER = {str(i): token(word) for i, word in enumerate(WORDS[:5])}
NEXT = len(WORDS)


def edited(path, value):
    file = copy.deepcopy(FILE)
    *parents, last = path.split(".")
    place = file
    for parent in parents:
        place = place[parent]
    place[last] = value
    return file


def cases():
    cased = edited("normalizer.lowercase", False)
    yield "plain", {"tokenizer_config.json": BERT}
    yield "no configuration", {"tokenizer.json": cased}
    yield "no class", {"tokenizer.json": cased, "tokenizer_config.json": NAMES}
    # 4: absent keys mean the class's defaults.
    for name in ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast",
                 "ElectraTokenizer", "ElectraTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"]:
        yield f"class {name}", {"tokenizer.json": cased, "tokenizer_config.json": BERT | {"tokenizer_class": name}}
    for key, value in [("do_lower_case", False), ("strip_accents", False), ("strip_accents", True),
                       ("tokenize_chinese_chars", False)]:
        yield f"{key} {value}", {"tokenizer_config.json": BERT | {key: value}}
        yield f"{key} {value}, fast", {"tokenizer_config.json": FAST | {key: value}}
    for path, value in [("normalizer.strip_accents", False), ("normalizer.handle_chinese_chars", False),
                        ("model.max_input_chars_per_word", 3)]:
        yield f"{path} {value}", {"tokenizer.json": edited(path, value), "tokenizer_config.json": BERT}
        yield f"{path} {value}, fast", {"tokenizer.json": edited(path, value), "tokenizer_config.json": FAST}
    short = edited("post_processor.single", [special("[CLS]"), text("A")])
    yield "template", {"tokenizer.json": short, "tokenizer_config.json": BERT}
    yield "template, fast", {"tokenizer.json": short, "tokenizer_config.json": FAST}
    # 2: token types.
    for name, configuration in [("bert", BERT), ("fast", FAST)]:
        for inputs in [["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]]:
            yield f"{name} {len(inputs)} inputs", {"tokenizer_config.json": configuration | {"model_input_names": inputs}}
    # 3: tokens named elsewhere.
    added = edited("added_tokens", FILE["added_tokens"] + [token("[X]", NEXT), token("[y]", NEXT + 1, normalized=True, special=False)])
    for name, configuration in [("bert", BERT), ("fast", FAST)]:
        yield f"{name} additional", {"tokenizer_config.json": configuration | {"additional_special_tokens": ["[X]", "[T]"]}}
        yield f"{name} additional and extra", {"tokenizer_config.json": configuration | {
            "additional_special_tokens": ["[X]"], "extra_special_tokens": ["[Y]"]}}
        yield f"{name} additional and empty extra", {"tokenizer_config.json": configuration | {
            "additional_special_tokens": ["[X]"], "extra_special_tokens": []}}
        yield f"{name} named extra", {"tokenizer_config.json": configuration | {"extra_special_tokens": {"x_token": "[X]"}}}
        yield f"{name} own name", {"tokenizer_config.json": configuration | {"x_token": "[X]"}}
        decoder = DECODER | {str(NEXT): token("[X]", lstrip=True), str(NEXT + 1): token("[y]", normalized=True, special=False)}
        yield f"{name} decoder", {"tokenizer_config.json": configuration | {"added_tokens_decoder": decoder}}
        yield f"{name} decoder and extra", {"tokenizer_config.json": configuration | {
            "added_tokens_decoder": decoder, "extra_special_tokens": ["[Z]"]}}
        map = NAMES | {"additional_special_tokens": ["[X]"]}
        yield f"{name} map", {"tokenizer_config.json": configuration, "special_tokens_map.json": map}
        yield f"{name} map beside a decoder", {
            "tokenizer_config.json": configuration | {"added_tokens_decoder": DECODER}, "special_tokens_map.json": map}
        yield f"{name} map and additional", {
            "tokenizer_config.json": configuration | {"additional_special_tokens": ["[Y]"]}, "special_tokens_map.json": map}
        yield f"{name} own name in the map", {
            "tokenizer_config.json": configuration, "special_tokens_map.json": NAMES | {"x_token": "[X]"}}
        yield f"{name} map with flags", {"tokenizer_config.json": configuration, "special_tokens_map.json": {
            "mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}}}
        yield f"{name} added_tokens.json", {"tokenizer_config.json": configuration, "added_tokens.json": {"[X]": NEXT}}
        yield f"{name} added_tokens.json, special", {
            "tokenizer_config.json": configuration | {"additional_special_tokens": ["[X]"]}, "added_tokens.json": {"[X]": NEXT}}
        yield f"{name} added_tokens.json beside a decoder", {
            "tokenizer_config.json": configuration | {"added_tokens_decoder": DECODER}, "added_tokens.json": {"[X]": NEXT}}
        yield f"{name} file's tokens", {"tokenizer.json": added, "tokenizer_config.json": configuration}
        yield f"{name} file's tokens beside a decoder", {
            "tokenizer.json": added, "tokenizer_config.json": configuration | {"added_tokens_decoder": DECODER}}
    # 5: what the last call before saving had asked for.
    for direction in ["Left", "Right"]:
        saved = edited("truncation", {"direction": direction, "max_length": 6, "strategy": "OnlyFirst", "stride": 2})
        yield f"truncation {direction}", {"tokenizer.json": saved, "tokenizer_config.json": BERT}
        yield f"truncation {direction}, side", {
            "tokenizer.json": saved, "tokenizer_config.json": BERT | {"truncation_side": "right"}}
    # The classic files.
    vocabulary = "".join(word + "\n" for word in WORDS)
    for name, configuration in [("bert", BERT), ("distilbert", BERT | {"tokenizer_class": "DistilBertTokenizer"})]:
        yield f"{name} vocabulary", {"tokenizer.json": None, "vocab.txt": vocabulary, "tokenizer_config.json": configuration}
        yield f"{name} vocabulary, more", {
            "tokenizer.json": None, "vocab.txt": vocabulary, "tokenizer_config.json": configuration | {
                "additional_special_tokens": ["[X]"]}, "added_tokens.json": {"[y]": NEXT}}


def outputs(files, room):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, content in files.items():
            (folder / name).write_text(content)
        (folder / "config.json").write_text('{"model_type": "bert"}')
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        found = []
        for first, second in TEXTS:
            encoded = tokenizer(first, second, max_length=room, truncation=True)
            ids = encoded["input_ids"]
            found.append({"ids": ids, "type_ids": encoded.get("token_type_ids", [0] * len(ids))})
        return found


if __name__ == "__main__":
    result = []
    for name, files in cases():
        files = {"tokenizer.json": FILE} | files
        files = {file: content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
                 for file, content in files.items() if content is not None}
        result.append({"name": name, "files": files, "long": outputs(files, 40), "short": outputs(files, 9)})
    common = json.dumps(FILE, ensure_ascii=False)
    for case in result:
        if case["files"].get("tokenizer.json") == common:
            case["files"]["tokenizer.json"] = ""
    print(json.dumps({"transformers": transformers.__version__, "tokenizer.json": common, "texts": TEXTS},
                     ensure_ascii=False)[:-1] + ', "cases": [\n' + ",\n".join(
                         json.dumps(case, ensure_ascii=False) for case in result) + "\n]}")
