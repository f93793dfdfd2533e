"""Writes the golden files of the tokenizer tests with Hugging Face `tokenizers`.

    python -m venv .venv && .venv/bin/pip install tokenizers==0.23.3
    .venv/bin/python make_reference.py

Beside this script it writes
  variants/NAME/         tokenizer files of one kind each, over a small vocabulary of our own
  reference.jsonl        one case a line: tokenizer, text, pair, max_length, ids, type_ids
  scalars.json           what the normaliser and the pre-tokeniser do with each of the 1 112 064 Unicode scalars
Everything is seeded: a second run writes the same bytes.
"""

import json
import random
import shutil
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers.implementations import BertWordPieceTokenizer

HERE = Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

# --- vocabulary ------------------------------------------------------------------------------------------------------

WORDS = """the a an of to and in is it film movie good bad not no very great plot story actor scene end love hate time
music boring fun dull bright dark quiet loud old new long short man woman child city river sea ship bread tea coffee
play run walk sing read write think feel un re pre anti over under out
The A Film Good Paris Berlin London NASA I II
caf\u00e9 cafe\u0301 cafe na\u00efve naive \u00fcber uber stra\u00dfe strasse fa\u00e7ade facade r\u00e9sum\u00e9 resume
\u0130stanbul istanbul i\u0307stanbul \u03c3\u03bf\u03c6\u03bf\u03c2 \u03c3\u03bf\u03c6\u03cc\u03c2
\u03a3\u03a3 \u03c3\u03c3 \u043c\u0438\u0440 \u0439\u043e\u0433\u0443\u0440\u0442 \u0438\u043e\u0433\u0443\u0440\u0442
\u05e9\u05dc\u05d5\u05dd \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd
\u0645\u0631\u062d\u0628\u0627 \u0639\u0627\u0644\u0645
\u0928\u092e\u0938\u094d\u0924\u0947 \u0928\u092e\u0938\u0924 \u0939\u093f\u0928\u094d\u0926\u0940
\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e2a\u0e27\u0e2a\u0e14
\u65e5 \u672c \u8a9e \u4e2d \u56fd \u6587 \u8c48 \u3042 \u3044 \u304c \u304b \u30c6\u30b9\u30c8 \u30d7
\ud55c\uad6d\uc5b4 \ud55c \u1112\u1161\u11ab \u1100 \uac00
\U0001f600 \U0001f468 \U0001f469 \u2764 \U0001f1e9 \U0001f1ea \u00a9 \u2122 \u20ac $ % 0 1 2 3 10 100 2024
\ufb01 \u00bd \u2460 \u2126 \u03c9 \u00e5 \u212b
""".split()

PIECES = """s ed ing ly er est ness able ful less tion ion al ism ist un re e n t d o r l y m u i
a h p c g k b f w v x z q j
0 1 2 3 9 \u00e9 e\u0301 \u0301 \u0308 \u00df \u0131 \u0307 \u03c2 \u03c3 \u043c \u0438 \u05dd \u0627 \u093e \u094d
\u304c \u3099 \u1161 \u11ab \uad6d \U0001f3fd \ufe0f \u20e3 \U0001f1ea \u0e31 \u0e35
""".split()

PUNCTUATION = list("!\"#&'()*+,-./:;<=>?@[\\]^_`{|}~") + list(
    "\u00a1\u00ab\u00bb\u00bf\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u3001\u3002\u300c\u300d\uff01\u060c\u05be")


def vocabulary():
    """Tokens in order, each once, compared code point by code point."""
    tokens = ["[PAD]"] + [f"[unused{i}]" for i in range(3)] + SPECIAL[1:]
    tokens += PUNCTUATION + list("abcdefghijklmnopqrstuvwxyz") + list("ABCXYZ") + WORDS + ["##" + p for p in PIECES]
    tokens += ["\u00f1", "n\u0303", "##\u00f1", "##n\u0303", "#", "##", "###", "##ing##"]
    return list(dict.fromkeys(tokens))


VOCABULARY = vocabulary()
IDS = {token: index for index, token in enumerate(VOCABULARY)}


# --- tokenizers ------------------------------------------------------------------------------------------------------


def from_json(name, *, lowercase, strip_accents=None, clean_text=True, chinese=True, template=True, added=(),
              maximum_word=100, prefix="##", truncation=None, configuration=None):
    t = Tokenizer(models.WordPiece(IDS, unk_token="[UNK]", max_input_chars_per_word=maximum_word,
                                   continuing_subword_prefix=prefix))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=clean_text, handle_chinese_chars=chinese, strip_accents=strip_accents, lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    sep, cls = ("[SEP]", IDS["[SEP]"]), ("[CLS]", IDS["[CLS]"])
    if template == "bert":
        t.post_processor = processors.BertProcessing(sep, cls)
    else:
        single, pair = ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")
        if template == "odd":  # nobody has this, but the file format allows it
            single, pair = ("[CLS] [MASK] $A:2 [SEP]:1", "[CLS] $A [SEP] [SEP]:3 $B:1 [MASK]:1 [SEP]:1")
        t.post_processor = processors.TemplateProcessing(
            single=single, pair=pair, special_tokens=[cls, sep, ("[MASK]", IDS["[MASK]"])])
    t.add_special_tokens(SPECIAL)
    for special, token in added:
        (t.add_special_tokens if special else t.add_tokens)([token])
    if truncation:
        t.enable_truncation(**truncation)
    folder = HERE / "variants" / name
    folder.mkdir(parents=True)
    t.save(str(folder / "tokenizer.json"), pretty=False)
    if configuration:
        (folder / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    return t


def from_vocabulary(name, *, lowercase=True, strip_accents=None, chinese=True, configuration=None, end="\n"):
    folder = HERE / "variants" / name
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_bytes("".join(token + end for token in VOCABULARY).encode())
    if configuration is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    return BertWordPieceTokenizer(
        str(folder / "vocab.txt"), lowercase=lowercase, strip_accents=strip_accents,
        handle_chinese_chars=chinese)._tokenizer


ADDED = [
    (False, AddedToken("moviegoer", normalized=True)),
    (False, AddedToken("Caf\u00c9 Noir", normalized=True, lstrip=True)),
    (False, AddedToken("good", normalized=True, single_word=True)),
    (True, AddedToken("<x>", normalized=False, lstrip=True, rstrip=True)),
    (True, AddedToken("<x><y>", normalized=False)),
    (True, AddedToken("<w>", normalized=False, single_word=True)),
    (True, AddedToken("<r>", normalized=False, rstrip=True)),
    (False, AddedToken("\u65e5\u672c", normalized=False)),
    (False, AddedToken("<L>", normalized=True, single_word=True)),
]


def all_tokenizers():
    return {
        "uncased": from_json("uncased", lowercase=True),
        "cased": from_json("cased", lowercase=False, template="bert", configuration={
            "do_lower_case": False, "strip_accents": None, "model_max_length": 1e30}),
        "uncased-keep-accents": from_json("uncased-keep-accents", lowercase=True, strip_accents=False),
        "cased-strip-accents": from_json("cased-strip-accents", lowercase=False, strip_accents=True),
        "raw": from_json("raw", lowercase=False, clean_text=False, chinese=False, template="bert"),
        "raw-strip-accents": from_json(
            "raw-strip-accents",
            lowercase=False, clean_text=False, chinese=False, strip_accents=True, template="odd"),
        "added": from_json("added", lowercase=True, added=ADDED),
        "short-words": from_json("short-words", lowercase=True, maximum_word=5, prefix="",
                                 truncation={"max_length": 12, "direction": "left"}),
        "vocab": from_vocabulary("vocab"),
        "vocab-cased": from_vocabulary("vocab-cased", lowercase=False, end="\r\n", configuration={
            "do_lower_case": False, "tokenizer_class": "BertTokenizer", "model_max_length": 32}),
        "vocab-accents": from_vocabulary(
            "vocab-accents", strip_accents=False, chinese=False, configuration={
                "do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False,
                "unk_token": {"content": "[UNK]", "lstrip": False}}),
    }


# --- texts -----------------------------------------------------------------------------------------------------------

TEXTS = [
    "", " ", "the film is good .", "The Film is GOOD!", "unboringly fun", "bad-good, not_no", "a  b\tc\nd\r\ne",
    "caf\u00e9", "cafe\u0301", "CAF\u00c9 na\u00efve \u00dcber Stra\u00dfe fa\u00e7ade", "re\u0301sume\u0301",
    "caf\u00e9 cafe\u0301 cafe", "\u00f1 n\u0303 x\u00f1 xn\u0303", "\u0130stanbul I\u0307stanbul istanbul",
    "\u03a3\u039f\u03a6\u039f\u03a3 \u03c3\u03bf\u03c6\u03cc\u03c2 \u03a3\u03a3",
    "\u041c\u0418\u0420 \u0419\u043e\u0433\u0443\u0440\u0442",
    "\u65e5\u672c\u8a9e", "the\u65e5film\u672c.", "\u4e2d\u56fd\u6587\u5b57", "\uf900\u8c48\u2f801",
    "\U00020000\U0002a6df",
    "\U0002b820x\U0002b91fx\U0002b920x", "\u3042\u3044\u304c\u304b\u3099", "\u30c6\u30b9\u30c8\u30d7\u309a",
    "\ud55c\uad6d\uc5b4", "\ud55c \uac00 \ud7a3", "\u1112\u1161\u11ab\uad6d", "\u1100\u1161",
    "\U0001f600", "good\U0001f600film", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd ok",
    "\u2764\ufe0f \u2764", "1\ufe0f\u20e3", "\U0001f1e9\U0001f1ea", "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "a\u200bb\u200cc\u200dd", "a\u00adb\ufeffc\u2060d", "a\x00b\x01c\x7fd\x85e\x9ff", "a\ufffdb",
    "a\ue000b\U0010fffdc",
    "a\u0378b\U000e0fffc", "a\u00a0b\u2003c\u3000d\u1680e\u180ef", "a\u2028b\u2029c\x0bd\x0ce", "a\x1cb\x1db\x1fc",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05dd \u05be",
    "\u202e\u0645\u0631\u062d\u0628\u0627\u202c \u0639\u0627\u0644\u0645",
    "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u0627\u060c",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0939\u093f\u0928\u094d\u0926\u0940",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "e\u0301\u0327 e\u0327\u0301 e\u0316\u0301\u0327\u0308",
    "a\u034f\u0301\u0316", "\u0301\u0301", "o\u0308\u0304 \u022b \u01eb\u0304",
    "q\u0307\u0323 q\u0323\u0307", "\u1e9b\u0323", "\u1d16d\u1d165 \U0001d15e\U0001d1bb", "\u0f73\u0f71\u0f72",
    "a\U0001d165\U0001d16d\u0315",
    "a\u0c4d\u0bcd\u094d\u1714\u0345", "k\u302a\u3099\u20d0\u1dfa",
    "\u16d6 \u1734 \u1885 \ua9bd \U000111c9 \U0001171e \u166d",
    "\U00011938 \U0001e2ec\u0301 \u08d3\u0327", "\u212b \u2126 \ufb01 \u00bd \u2460",
    "\u0149 \u01f0 \u1e96 \u1fe4 \u1fb3",
    "I\u0131i\u0130", "\u1e9e\u00df", "\u0345\u03b1\u0345", "\u2160 \u24b6 \U00010400 \u10a0 \u13a0 \uab70 \u1c90",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "$100 & 2024% <b>",
    "\u00a1\u00bfgood?\u2026\u201cfun\u201d\u2014\u00abno\u00bb", "\u2e43a\u2e52b\u30fbc\uff01",
    "x" * 99, "x" * 100, "x" * 101, "\u00e9" * 100, "\u00e9" * 101,
    "e\u0301" * 51, "\ud55c" * 34, "\u65e5" * 120, "aaaaab", "unplayingness",
    "[SEP]", "[MASK]", "the [MASK] is good", "the[MASK]is", "[CLS] film [SEP] [PAD]", "[mask]", "[ MASK ]", "[MASK",
    "[[MASK]]",
    "[UNK]", "[unused1]", "good [SE\u0301P]", "[SEP][SEP]x[CLS]", "moviegoer MovieGoer moviegoers",
    "a  caf\u00e9 noir b CAFE\u0301 NOIR",
    "good goods a good. _good good\u0301 \u00e9good \u65e5good", "a <x> b<x><y>c <x>  <x> <x>\u00a0 d",
    "<w> a<w> <w>b <w>.<w> _<w> \u200d<w>", "<r>  a<r> <x> b",
    "\u65e5\u672c \u65e5 \u672c\u65e5\u672c\u65e5", "<L> <l> a<l> \ufb01<l>", "## ###ing ##ing##", "#good",
    "the##ing", "\u00e5\u030a A\u030a", "n\u0303\u0303 \u00f1\u0303",
    "the film is not good , and the plot is very boring . a dull story of a man in a quiet city by the sea ."
]

LONG = "the film is not good , and the plot is very boring"
PAIRS = [
    ("the film", "good"), ("", "good"), ("good", ""), ("", ""), ("caf\u00e9", "cafe\u0301"), ("[SEP]", "[MASK]"),
    ("\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4"), ("a man in a city", "no man is in the city ."), ("\x00", "\u200b"),
]


def random_texts(generator, count):
    """Words, marks and symbols thrown together, so that every rule meets every other."""
    parts = VOCABULARY + ["\u0301", "\u0327", "\u0316", "\u200d", " ", " ", "  ", "\t", "\u00a0", "\u65e5",
    "\U0001f600", "\x00", "E\u0301", "<x>", "[SEP]", "Good"]
    for _ in range(count):
        yield "".join(generator.choice(parts) + generator.choice(["", "",
        " "]) for _ in range(generator.randint(1, 14)))


def cases(tokenizers_by_name):
    generator = random.Random(20240229)

    def case(name, text, pair, maximum):
        t = tokenizers_by_name[name]
        direction = "left" if name == "short-words" else "right"
        t.enable_truncation(maximum, strategy="longest_first", direction=direction)
        encoding = t.encode(text, pair)
        return {"tokenizer": name, "text": text, "pair": pair, "max_length": maximum, "ids": encoding.ids,
                "type_ids": encoding.type_ids}

    for name in tokenizers_by_name:
        for text in TEXTS:
            yield case(name, text, None, 512)
        for first, second in PAIRS:
            yield case(name, first, second, 512)
        for text in random_texts(generator, 20):
            yield case(name, text, None, 512)
    for name in ("uncased", "cased", "short-words", "raw-strip-accents"):
        words = LONG.split()
        specials = 5 if name == "raw-strip-accents" else 3
        for maximum in range(specials - 1, 16):
            yield case(name, LONG, None, maximum)
        for first, second in ((3, 10), (10, 3), (5, 5), (6, 5), (5, 6), (0, 5), (5, 0), (1, 1)):
            for maximum in range(specials, first + second + 5):
                yield case(name, " ".join(words[:first]), " ".join(words[:second]), maximum)


# --- scalars ---------------------------------------------------------------------------------------------------------


def ranges(values):
    result = []
    for value in values:
        if result and result[-1][1] + 1 == value:
            result[-1][1] = value
        else:
            result.append([value, value])
    return result


def scalars():
    def normalizer(**on):
        off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
        return normalizers.BertNormalizer(**(off | on))

    clean, chinese = normalizer(clean_text=True), normalizer(handle_chinese_chars=True)
    accents, lower, nfd = normalizer(strip_accents=True), normalizer(lowercase=True), normalizers.NFD()
    split = pre_tokenizers.BertPreTokenizer()
    found = {key: [] for key in ("removed", "white_space", "punctuation", "ideograph", "nonspacing_mark")}
    mappings = {"lowercase": [], "decomposition": []}
    marks = []
    for value in range(0x110000):
        if 0xD800 <= value < 0xE000:
            continue
        c = chr(value)
        text = f"a{c}b"
        if clean.normalize_str(text) == "ab":
            found["removed"].append(value)
        if chinese.normalize_str(text) == f"a {c} b":
            found["ideograph"].append(value)
        words = [word for word, _ in split.pre_tokenize_str(text)]
        if words == ["a", "b"]:
            found["white_space"].append(value)
        elif words == ["a", c, "b"]:
            found["punctuation"].append(value)
        small = lower.normalize_str(c)
        if small != c:
            mappings["lowercase"].append([value] + [ord(x) for x in small])
        decomposed = nfd.normalize_str(c)
        if decomposed != c:
            if not 0xAC00 <= value <= 0xD7A3:
                mappings["decomposition"].append([value] + [ord(x) for x in decomposed])
        else:
            if accents.normalize_str(text) == "ab":
                found["nonspacing_mark"].append(value)
            # A mark of class 240 stays behind and one of class 1 in front of everything that has a class between.
            if nfd.normalize_str("a\u0345" + c)[1] != "\u0345" or nfd.normalize_str("a" + c + "\u0334")[1] != c:
                marks.append(value)
    marks += [0x334, 0x345]
    random.Random(1).shuffle(marks)
    ordered = [ord(c) for c in nfd.normalize_str("a" + "".join(map(chr, marks)))[1:]]
    return ({key: ranges(values) for key, values in found.items()} | mappings
            | {"marks": marks, "ordered_marks": ordered})


def main():
    assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
    shutil.rmtree(HERE / "variants", ignore_errors=True)
    by_name = all_tokenizers()
    lines = [json.dumps(case, separators=(",", ":")) for case in cases(by_name)]
    (HERE / "reference.jsonl").write_text("\n".join(lines) + "\n")
    with open(HERE / "scalars.json", "w") as file:
        entries = [f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in scalars().items()]
        file.write("{" + ",\n".join(entries) + "}\n")
    print(f"{len(lines)} cases, {len(VOCABULARY)} tokens")


if __name__ == "__main__":
    main()
