"""The tiny models and the examples: everything random comes from seeded PCG64 generators."""

from dataclasses import replace

import numpy as np

import bert

SEED = 2024  # of the `sampled` expectation
DRAWS = 3

VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] . , ? ! the a of and is was not very too cat dog bird film story song garden river "
    "old new good bad slow bright small green saw made likes lost found reads in under over near he she it they ##s "
    "##ing"
).split()

# Pairs are tuples. The last example has ids alone: [CLS] [SEP], the shortest sequence that BERT knows.
TEXTS = [
    "the film is not bad",
    "the old dog saw the cat and the cat saw the dog",
    "greening",
    ("a bird likes the river", "the birds found it"),
    "slow , slow and very slow . a story too old !",
    ("is she near ?", "she is in the garden , under a bird and he saw it"),
    "good",
    "they made the new song bright",
    None,
]

TWO = bert.Configuration(outputs=2)
THREE = bert.Configuration(outputs=3)
FIVE = bert.Configuration(outputs=5)
# A large epsilon, so that a program with a constant of its own is found out; other sizes than its siblings'.
SHALLOW = bert.Configuration(hidden=20, heads=2, intermediate=24, layers=1, outputs=3, epsilon=1e-2)
REGRESSION = bert.Configuration(outputs=1, kind="regression")
MULTILABEL = bert.Configuration(outputs=3, kind="multi")

# name: (configuration, seed of the weights, problem_type of config.json, labels of the examples)
CLASSIFIERS = {
    "two": (TWO, 1502, "single_label_classification", [0, 1, 1, 0, 1, 0, 0, 1, 0]),
    "three": (THREE, 1103, "single_label_classification", [2, 0, 1, 1, 0, 2, 2, 1, 0]),
    "five": (FIVE, 105, None, [4, 0, 3, 1, 2, 2, 0, 4, 1]),
    "shallow": (SHALLOW, 513, "single_label_classification", [2, 0, 1, 1, 0, 2, 2, 1, 0]),
    "regression": (REGRESSION, 101, "regression", [0.5, -1.25, 2.0, 0.0, 3.5, -0.75, 1.0, 0.25, -2.0]),
    "multilabel": (
        MULTILABEL,
        523,
        "multi_label_classification",
        [[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]],
    ),
}


def tokenize(text):
    """Greedy longest match over the words of the vocabulary; the texts hold no accents and nothing to normalise."""
    ids = []
    for word in text.split():
        start = 0
        pieces = []
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in VOCABULARY:
                    pieces.append(VOCABULARY.index(piece))
                    start = end
                    break
            else:
                pieces, start = [VOCABULARY.index("[UNK]")], len(word)
        ids += pieces
    return ids


def examples():
    opening, closing = VOCABULARY.index("[CLS]"), VOCABULARY.index("[SEP]")
    result = []
    for text in TEXTS:
        parts = text if isinstance(text, tuple) else (text or "",)
        ids, types = [opening], [0]
        for kind, part in enumerate(parts):
            piece = tokenize(part) + [closing]
            ids += piece
            types += [kind] * len(piece)
        example = {}
        if text is not None:
            example = {f"sentence{i + 1}" if len(parts) > 1 else "sentence": p for i, p in enumerate(parts)}
        result.append(example | {"token_ids": ids, "type_ids": types})
    return result


def weights(c, seed):
    """Float64 parameters that are exact in float32, large enough for sharp attention and unequal classes."""
    random = np.random.Generator(np.random.PCG64(seed))
    result = {}
    for name, shape in bert.parameter_shapes(c).items():
        values = random.standard_normal(shape)
        if "LayerNorm" in name:
            values = 0.25 * values + (1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            values = 0.3 * values
        elif "embeddings" in name:
            values = (1.0 if "word" in name else 0.5) * values
        elif "query" in name or "key" in name:
            values = 1.4 / np.sqrt(shape[1]) * values
        elif "classifier" in name:
            values = 3.5 / np.sqrt(shape[1]) * values
        elif "pooler" in name:
            values = 1.2 / np.sqrt(shape[1]) * values
        elif "value" in name or "attention.output" in name:
            values = 2.0 / np.sqrt(shape[1]) * values  # else [CLS] hardly sees the other tokens
        else:
            values = 1.0 / np.sqrt(shape[1]) * values
        result[name] = values.astype(np.float32).astype(np.float64)
    return result
