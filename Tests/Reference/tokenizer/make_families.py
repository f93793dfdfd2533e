"""Small tokenizers of every family, and what transformers 5 makes of some thousand texts by them.

    python make_families.py

Writes families/NAME/ (the files of a model directory) and families.json. Needs transformers 5.24, tokenizers 0.23 and
sentencepiece. The tokenizers are trained on the sentences below. What is compared is what AutoTokenizer gives.

families.json has the texts, the pairs (first text, second text, greatest length) and for each directory a hash of
the ids and token types of every text and every pair, and the ids of the first texts. The hash is FNV-1a of 32 bits
over numbers: h = (h ^ number) * 16777619, from 2166136261, ids before types.
"""

import io
import json
import pathlib
import random
import shutil
import tempfile

import sentencepiece
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

transformers.logging.set_verbosity_error()
HERE = pathlib.Path(__file__).parent
OUT = HERE / "families"

SENTENCES = """
The old ferry left the harbour at six, and nobody on board had paid for a ticket.
She didn't expect the letter; it's been twelve years since they'd spoken.
A film about bees isn't what I'd call thrilling, but we've seen worse.
Is the bridge open? No, they're repairing it until the 14th of May 2031.
"Come in," he said, "you'll catch a cold out there!"
The recipe needs 250 g of flour, 3 eggs and half a litre of milk.
Nothing in the plot holds together, yet the actors make it worth watching.
A man is slicing an onion while a woman is reading beside the window.
Un café près de la gare, où l'on mange bien; çà et là des élèves.
Die Bäckerei öffnet um sieben, aber das Brot ist meistens schon früher ausverkauft.
El niño vio una película aburrida, pero la música le gustó mucho.
Поезд опоздал на два часа, и мы пошли пешком.
昨日は雨が降ったので、図書館で本を読みました。
오늘은 날씨가 좋아서 공원에 갔다.
आज मौसम अच्छा है और हम नदी के किनारे चलेंगे।
كان الطريق طويلا والليل باردا.
""".strip().splitlines()

WORDS = " ".join(SENTENCES).split()
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u2029", "\x0b",
          "\x0c", "\x85", "\u200b", "\u180e", "\ufeff", "\u2581", "\x1c"]
EMOJI = ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\u2764\ufe0f",
         "1\ufe0f\u20e3", "\U0001f1e9\U0001f1ea", "\U0001f3f4\U000e0067\U000e0062\U000e007f"]
ENDINGS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'l", "'r", "'v", "'", "''", "``", "\u2019s", " 's"]
MARKS = ["\u0301", "\u0327", "\u0316", "\u0308", "\u093c", "\u094d", "\u3099", "\u05b8", "\u064e", "\u0e31", "\u20d0",
         "\u0345", "\u1dfa", "\u200d", "\u200c", "\u1cf2", "\u0f39", "\U0001d165"]
BASES = list("aeioucnAEIOUCN") + ["\u00e9", "\u00e7", "\u0130", "\u00df", "\u1e9b", "\u212b", "\ufb01", "\u00bd", "\u2460",
                                  "\u0149", "\u03a3", "\u03c2", "\uac00", "\u1112\u1161\u11ab", "\u1100", "\uff21",
                                  "\u3392", "\u01c4", "\u0928", "\u0915", "\u0937", "\U000111c9", "\u1e0a\u0323"]
SYMBOLS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["\u2026", "\u201c", "\u2014", "\u00bf", "\u3002", "\u30fb", "\u00ab"]
SPECIALS = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<mask", "[mask]",
            "<0x0A>", "bee keeper", "Ferry", "ferry", "<x>", "<X>", "<s>NOTUSED"]

HAND = ["", " ", "  ", "\n", "a", " a", "a ", "  a  b  ", "The ferry isn't late.", "we'll've", "x's 's S'S", "I'M they'RE",
        "caf\u00e9 cafe\u0301", "12 345 6\u00bd \u2167 \u0665", "...!!! ?", "a\u3000b\u00a0c", "tab\tnew\nline\r\nend",
        "\u2581x \u2581 \u2581\u2581y", "<mask>", "a <mask> b", "a<mask>b", " <mask> ", "[MASK] x [SEP]", "bee keeper bees",
        "xbee keeperx", "ferry Ferry FERRY ferries", "  <x>  <x> ", "\U0001f600\U0001f600", "\u0301", "\u0301a", "\x00\x01",
        "\ufffd\ufeff", "\u1e9b\u0323", "\uac01\u1100\u1161\u11a8", "ALL CAPS \u00c9\u00c8", "\u0130I\u0131i", "``quoted''",
        "hello.world,foo-bar_baz", "e\u0301\u0327 e\u0327\u0301", "\ufb01\ufb02 \uff21\uff42\uff43"]


def scalar(generator):
    low, high = generator.choice([(0x20, 0x250), (0x250, 0x3100), (0x3100, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000),
                                  (0x20000, 0x110000), (0xA0, 0x600), (0x900, 0xE00), (0x1E00, 0x2480), (0xF900, 0x10000)])
    return chr(generator.randrange(low, high))


def random_text(generator):
    text = ""
    for _ in range(generator.randint(1, 9)):
        kind = generator.random()
        if kind < 0.35:
            text += generator.choice(WORDS)
        elif kind < 0.45:
            text += "".join(generator.choice(BASES) + generator.choice(MARKS + [""]) for _ in range(generator.randint(1, 3)))
        elif kind < 0.5:
            text += generator.choice(MARKS) * generator.randint(1, 2)
        elif kind < 0.57:
            text += generator.choice(ENDINGS)
        elif kind < 0.64:
            text += generator.choice(SYMBOLS) * generator.randint(1, 3)
        elif kind < 0.7:
            text += generator.choice(EMOJI)
        elif kind < 0.78:
            text += generator.choice(SPECIALS)
        elif kind < 0.82:
            text += str(generator.randrange(10 ** generator.randint(1, 6)))
        else:
            text += "".join(scalar(generator) for _ in range(generator.randint(1, 4)))
        text += generator.choice([" "] * 6 + [""] * 3 + SPACES)
    return text


# --- tokenizers ------------------------------------------------------------------------------------------------------

SLASH = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BRACKETS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BYTES = [f"<0x{i:02X}>" for i in range(256)]


def trained_bpe(tokenizer, size=420, special=SLASH, **options):
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False, **options))
    return tokenizer


def byte_level(**options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(**options)
    return trained_bpe(tokenizer, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def unigram(normalizer, pre_tokenizer, special, unk, size=300):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.train_from_iterator(SENTENCES, trainers.UnigramTrainer(
        vocab_size=size, special_tokens=special, unk_token=unk, show_progress=False))
    return tokenizer


def word_piece(special):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(
        vocab_size=350, special_tokens=special, show_progress=False))
    return tokenizer


RULES = {"\u00e9": "e", "e\u0301": "e", "E\u0301": "E", "\u00bd": "1/2", "\u2026": "...", "\uff21": "A", "\u212b": "\u00c5",
         "\u0430": "a", "\u200b": "", "\x01": "", "\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", "\U0001f600": ":)",
         "\u304b\u3099": "\u304c", "\u1112\u1161\u11ab": "\ud55c", "\r\n": " ", "q": "k", "q\u0303": "Q"}


def sentence_piece(**options):
    """A SentencePiece model with a small map of texts of its own."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        rules.write_text("".join(
            " ".join(f"{ord(c):X}" for c in old) + "\t" + " ".join(f"{ord(c):X}" for c in new) + "\n"
            for old, new in RULES.items()))
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES * 3), model_writer=model, vocab_size=300, hard_vocab_limit=False,
            normalization_rule_tsv=str(rules), minloglevel=2, **options)
        described = parsed(model.getvalue())
        # Where the rules lay while it was trained.
        described.normalizer_spec.ClearField("normalization_rule_tsv")
        return described.SerializeToString(deterministic=True)


def parsed(data):
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(data)
    return model


def charsmap():
    model = parsed(sentence_piece())
    return model.normalizer_spec.precompiled_charsmap


def saved(name, family, tokenizer, settings, more=lambda tokenizer: None):
    """A directory as `save_pretrained` of the class that `settings` names writes it."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        (folder / "config.json").write_text(json.dumps({"model_type": family}))
        loaded = transformers.AutoTokenizer.from_pretrained(folder)
        more(loaded)
        loaded.save_pretrained(OUT / name)
    compact(name)


def plain(name, tokenizer, settings=None):
    (OUT / name).mkdir(parents=True)
    tokenizer.save(str(OUT / name / "tokenizer.json"))
    (OUT / name / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "TokenizersBackend"} | (settings or {})))
    compact(name)


def compact(name):
    for path in (OUT / name).glob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()), ensure_ascii=False, separators=(",", ":")) + "\n")


def classic(name, files, settings):
    (OUT / name).mkdir(parents=True)
    for file, content in files.items():
        (OUT / name / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    (OUT / name / "tokenizer_config.json").write_text(json.dumps(settings) + "\n")


def template(cls, sep, tokenizer, type_id=0):
    return processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:{type_id} {sep}:{type_id}",
        special_tokens=[(cls, tokenizer.token_to_id(cls)), (sep, tokenizer.token_to_id(sep))])


FLAGGED = [AddedToken("bee keeper", normalized=True, rstrip=True), AddedToken("Ferry", single_word=True, normalized=False),
           AddedToken("<x>", lstrip=True, normalized=False, special=True), AddedToken("<X>", normalized=True, rstrip=True)]


def make():
    """Writes all directories; returns the model type of each."""
    roberta = byte_level(add_prefix_space=False)
    roberta.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    saved("roberta", "roberta", roberta, {"tokenizer_class": "RobertaTokenizer", "truncation_side": "left"},
          lambda t: t.add_tokens(FLAGGED))
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    mapped = normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")])
    saved("xlm-roberta", "xlm-roberta", unigram(mapped, metaspace, SLASH, "<unk>"), {"tokenizer_class": "XLMRobertaTokenizer"},
          lambda t: t.add_tokens(FLAGGED))
    saved("camembert", "camembert", unigram(mapped, metaspace, SLASH, "<unk>"), {
        "tokenizer_class": "CamembertTokenizer", "add_prefix_space": False})
    saved("distilbert", "distilbert", word_piece(BRACKETS), {"tokenizer_class": "DistilBertTokenizer"})
    saved("electra", "electra", word_piece(BRACKETS), {"tokenizer_class": "ElectraTokenizer", "strip_accents": False})
    saved("mpnet", "mpnet", word_piece(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]), {
        "tokenizer_class": "MPNetTokenizer", "do_lower_case": False}, lambda t: t.add_tokens(FLAGGED))
    albert = unigram(mapped, metaspace, ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], "<unk>")
    albert.post_processor = template("[CLS]", "[SEP]", albert, 1)
    saved("albert", "albert", albert, {"tokenizer_class": "AlbertTokenizer"})
    deberta = unigram(normalizers.NFKC(), pre_tokenizers.Metaspace(), BRACKETS, "[UNK]")
    saved("deberta-v2", "deberta-v2", deberta, {
        "tokenizer_class": "DebertaV2Tokenizer", "split_by_punct": True, "add_prefix_space": False, "do_lower_case": True})

    modernbert = byte_level(add_prefix_space=False)
    modernbert.normalizer = normalizers.NFC()
    modernbert.add_tokens(FLAGGED)
    modernbert.post_processor = template("<s>", "</s>", modernbert, 1)
    plain("modernbert", modernbert, {"tokenizer_class": "PreTrainedTokenizerFast", "truncation_side": "left"})
    nmt = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    first = unigram(nmt, pre_tokenizers.Metaspace(prepend_scheme="first"), SLASH + BYTES, "<unk>", 560)
    described = json.loads(first.to_str())
    described["model"]["byte_fallback"] = True
    described["added_tokens"] = described["added_tokens"][:5]
    first = Tokenizer.from_str(json.dumps(described))
    first.add_tokens(FLAGGED)
    first.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 0))
    plain("unigram-bytes", first, {"model_input_names": ["input_ids", "token_type_ids"]})
    words = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    words.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    plain("bpe-words", trained_bpe(words, limit_alphabet=60, continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    pieces = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    pieces.normalizer = normalizers.Sequence([
        normalizers.NFD(), normalizers.Strip(), normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    pieces.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous")])
    trained_bpe(pieces, 700, SLASH + BYTES, limit_alphabet=50)
    described = json.loads(pieces.to_str())
    described["added_tokens"] = described["added_tokens"][:5]
    # As older versions write merges, and with a pair that comes twice.
    described["model"]["merges"] = [" ".join(pair) for pair in described["model"]["merges"]]
    described["model"]["merges"].append(described["model"]["merges"][3])
    pieces = Tokenizer.from_str(json.dumps(described))
    plain("bpe-bytes", pieces)
    (OUT / "bpe-bytes" / "tokenizer.json").write_text(
        json.dumps(described, ensure_ascii=False, separators=(",", ":")) + "\n")
    ignoring = json.loads(byte_level(add_prefix_space=True).to_str())
    ignoring["model"]["ignore_merges"] = True
    ignoring["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Punctuation", "behavior": "Contiguous"},
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}]}
    ignoring["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}]}
    plain("bpe-ignoring", Tokenizer.from_str(json.dumps(ignoring)))

    described = json.loads(roberta.to_str())["model"]
    classic("classic-roberta", {
        "vocab.json": json.dumps(described["vocab"], ensure_ascii=False),
        "merges.txt": "#version: 0.2\n" + "".join(" ".join(pair) + "\n" for pair in described["merges"])},
        {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True, "additional_special_tokens": ["<x>"]})
    classic("classic-mpnet", {"vocab.txt": "".join(
        token + "\n" for token, _ in sorted(word_piece(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]).get_vocab().items(),
                                            key=lambda item: item[1]))}, {"tokenizer_class": "MPNetTokenizer"})
    classic("classic-albert", {"spiece.model": sentence_piece(
        pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        user_defined_symbols=["(", "<x>"])}, {"tokenizer_class": "AlbertTokenizer", "keep_accents": True})
    classic("classic-deberta-v2", {"spm.model": sentence_piece(
        pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
        unk_piece="[UNK]")}, {"tokenizer_class": "DebertaV2Tokenizer"})
    classic("classic-xlm-roberta", {"sentencepiece.bpe.model": sentence_piece()}, {"tokenizer_class": "XLMRobertaTokenizer"})
    classic("classic-camembert", {"sentencepiece.bpe.model": sentence_piece()}, {
        "tokenizer_class": "CamembertTokenizer", "truncation_side": "left"})


def family(name):
    family = name.removeprefix("classic-")
    return family if family in ("roberta", "xlm-roberta", "camembert", "distilbert", "electra", "mpnet", "albert",
                                "deberta-v2", "modernbert") else "bert"


def fnv(numbers):
    result = 2166136261
    for number in numbers:
        result = (result ^ number) * 16777619 & 0xFFFFFFFF
    return f"{result:08x}"


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    make()
    generator = random.Random(20311114)
    texts = HAND + SENTENCES + [random_text(generator) for _ in range(2000)]
    pairs = [[generator.randrange(len(texts)), generator.randrange(len(texts)), generator.randint(4, 40)]
             for _ in range(400)]
    kinds = {}
    for folder in sorted(OUT.iterdir()):
        (folder / "config.json").write_text(json.dumps({"model_type": family(folder.name)}))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        (folder / "config.json").unlink()

        def encoded(*texts, **options):
            found = tokenizer(*texts, **options)
            return found["input_ids"], found.get("token_type_ids", [0] * len(found["input_ids"]))

        every = [encoded(text) for text in texts] + [
            encoded(texts[a], texts[b], max_length=length + 4, truncation="longest_first") for a, b, length in pairs]
        kinds[folder.name] = {
            "class": type(tokenizer).__name__, "ids": [ids for ids, _ in every[:len(HAND) + len(SENTENCES)]],
            "hashes": "".join(fnv(ids + types) for ids, types in every)}
    result = {"transformers": transformers.__version__, "texts": texts, "pairs": [[a, b, n + 4] for a, b, n in pairs]}
    with open(HERE / "families.json", "w") as file:
        file.write(json.dumps(result, separators=(",", ":"))[:-1] + ',"kinds":{\n')
        file.write(",\n".join(
            json.dumps(name) + ":" + json.dumps(kind, separators=(",", ":")) for name, kind in kinds.items()) + "\n}}\n")


if __name__ == "__main__":
    main()
