#!/usr/bin/env python3
"""Trains the quickstart's models: a common start by masked words, then one short fine-tune for each task.

Writes `models/base` (the common start, no head) and `models/{mood,topic,agree}`. Fine-tuning stops early on purpose:
models with a training loss near zero have tiny and erratic Fisher values and merge badly by them. Test files are not
read here. Needs numpy, jax and tokenizers; takes a few minutes of one core.
"""

import argparse
import json
import os
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

from make_tasks import LABELS, Example, splits, text_of, unlabelled
from tiny_bert import (
    Batch,
    Parameters,
    Shape,
    batches,
    encode,
    encode_text,
    gelu,
    initial_parameters,
    layer_norm,
    linear,
    logits,
    pool,
    read_model,
    write_model,
)

Encoded = list[tuple[list[int], list[int], int]]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MASK_ID = SPECIAL.index("[MASK]")


@dataclass(frozen=True)
class FineTune:
    """How one task is trained."""

    epochs: int
    rate: float


SCHEDULE = {"mood": FineTune(6, 5e-4), "topic": FineTune(4, 5e-4), "agree": FineTune(6, 5e-4)}
BATCH = 32


def build_vocabulary(corpus: dict[str, list[str]], words: int) -> list[str]:
    """Special tokens, characters with and without ##, frequent endings, and the most frequent whole words."""
    counts = Counter(re.findall(r"[a-z]+", " ".join(piece for pieces in corpus.values() for piece in pieces)))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    endings: Counter[str] = Counter()
    for word in counts:
        endings.update(word[-length:] for length in (2, 3, 4) if len(word) > length + 2)
    characters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    frequent = [
        ending for ending in sorted(endings, key=lambda ending: (-endings[ending], ending)) if endings[ending] > 5
    ]
    pieces = [f"##{piece}" for piece in characters + frequent[:60]]
    punctuation = list(".,:;!?'-()")
    whole = [word for word in ranked[:words] if word not in characters]
    return SPECIAL + punctuation + characters + pieces + whole


def build_tokenizer(vocabulary: list[str]) -> str:
    """The text of a `tokenizer.json`: BERT's uncased WordPiece without truncation or padding."""
    special = [
        {"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False}
        | {"normalized": False, "special": True}
        for index, token in enumerate(SPECIAL)
    ]

    def separator(token: str, kind: int) -> dict[str, dict[str, str | int]]:
        return {"SpecialToken": {"id": token, "type_id": kind}}

    def sequence(name: str, kind: int) -> dict[str, dict[str, str | int]]:
        return {"Sequence": {"id": name, "type_id": kind}}

    single = [separator("[CLS]", 0), sequence("A", 0), separator("[SEP]", 0)]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": [*single, sequence("B", 1), separator("[SEP]", 1)],
            "special_tokens": {
                token: {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: index for index, token in enumerate(vocabulary)},
        },
    }
    return json.dumps(content, separators=(",", ":"))


def encode_examples(tokenizer: Tokenizer, rows: list[Example], labels: tuple[str, ...]) -> Encoded:
    """Token ids, types and label index of each row."""
    return [(*encode_text(tokenizer, text_of(row).split("\t")), labels.index(row["label"])) for row in rows]


def adamw_step(
    parameters: Parameters, gradients: Parameters, moments: Parameters, step: jax.Array, rate: jax.Array
) -> tuple[Parameters, Parameters]:
    """One step of AdamW: betas 0.9 and 0.999, decay 0.01 on matrices alone, gradients clipped to norm 1."""
    norm = jnp.sqrt(sum(jnp.sum(gradient**2) for gradient in gradients.values()))
    scale = jnp.minimum(1, 1 / (norm + 1e-12))
    updated, kept = {}, {}
    for name, values in parameters.items():
        gradient = gradients[name] * scale
        first = 0.9 * moments[name][0] + 0.1 * gradient
        second = 0.999 * moments[name][1] + 0.001 * gradient**2
        direction = first / (1 - 0.9**step) / (jnp.sqrt(second / (1 - 0.999**step)) + 1e-8)
        decay = 0.01 if values.ndim > 1 else 0.0
        updated[name] = values - rate * (direction + decay * values)
        kept[name] = (first, second)
    return updated, kept


def warm_and_decay(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over the first tenth, then linearly down to zero."""
    warm = max(1, steps // 10)
    return peak * min(step / warm, (steps - step + 1) / (steps - warm + 1))


def no_moments(parameters: Parameters) -> Parameters:
    """AdamW's state before the first step."""
    return {name: (jnp.zeros(values.shape), jnp.zeros(values.shape)) for name, values in parameters.items()}


def pretraining_losses(
    parameters: Parameters,
    shape: Shape,
    ids: jax.Array,
    types: jax.Array,
    real: jax.Array,
    places: jax.Array,
    targets: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """Mean cross-entropies of the hidden words of a batch: each guessed at its own place, and from the pooled token.

    At `places`, [rows, hidden words], stood the words `targets`, or -1 for none.
    """
    table, known = parameters["bert.embeddings.word_embeddings.weight"], targets >= 0

    def surprise(part: str, inputs: jax.Array) -> jax.Array:
        """Cross-entropy of `targets` by BERT's head for hidden words: dense, GELU, LayerNorm, the word table."""
        guess = layer_norm(parameters, f"{part}.LayerNorm", gelu(linear(parameters, f"{part}.dense", inputs)), 1e-12)
        scores = jax.nn.log_softmax(guess @ table.T + parameters[f"{part}.bias"])
        chosen = jnp.take_along_axis(scores, jnp.maximum(targets, 0)[..., None], -1)[..., 0]
        return -jnp.sum(jnp.where(known, chosen, 0)) / jnp.maximum(1, jnp.sum(known))

    states = jax.vmap(partial(encode, parameters, shape))(ids, types, real)
    pooled = jax.vmap(partial(pool, parameters))(states)[:, None, :]
    in_place = surprise("words", jnp.take_along_axis(states, places[..., None], 1))
    return in_place, surprise("recall", jnp.broadcast_to(pooled, (*targets.shape, pooled.shape[-1])))


def hide_words(batch: Batch, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hides a fifth of the words as BERT does (80 % [MASK], 10 % another, 10 % as they are); ids, places, targets."""
    ids, count = batch.ids.copy(), batch.ids.shape[1] // 5 + 1
    places, targets = np.zeros((len(ids), count), np.int32), np.full((len(ids), count), -1, np.int32)
    for row, tokens in enumerate(batch.ids):
        words = np.flatnonzero((batch.real[row] > 0) & (tokens >= len(SPECIAL)))
        hidden = rng.permutation(words)[: max(1, round(len(words) / 5))][:count]
        places[row, : len(hidden)], targets[row, : len(hidden)] = hidden, tokens[hidden]
        draw = rng.random(len(hidden))
        others = np.where(draw > 0.9, rng.integers(len(SPECIAL), size, len(hidden)), tokens[hidden])
        ids[row, hidden] = np.where(draw < 0.8, MASK_ID, others)
    return ids, places, targets


def pretrain(
    shape: Shape, tokenizer: Tokenizer, corpus: dict[str, list[str]], epochs: int, rate: float, seed: int
) -> Parameters:
    """The common start: hidden words, guessed in place and, so that the pooler learns too, from the pooled token."""
    rng = np.random.default_rng(seed)
    hidden = shape.hidden_size
    encoded = [(*encode_text(tokenizer, piece.split("\t")), 0) for pieces in corpus.values() for piece in pieces]
    parameters = initial_parameters(shape, rng)
    for part in ("words", "recall"):
        parameters |= {
            f"{part}.dense.weight": rng.normal(0, 0.02, (hidden, hidden)).astype(np.float32),
            f"{part}.dense.bias": np.zeros(hidden, np.float32),
            f"{part}.LayerNorm.weight": np.ones(hidden, np.float32),
            f"{part}.LayerNorm.bias": np.zeros(hidden, np.float32),
            f"{part}.bias": np.zeros(shape.vocab_size, np.float32),
        }
    moments = no_moments(parameters)

    @jax.jit
    def update(
        parameters: Parameters, moments: Parameters, step: jax.Array, rate: jax.Array, *batch: jax.Array
    ) -> tuple[Parameters, Parameters, tuple[jax.Array, jax.Array]]:
        def loss(parameters: Parameters) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            both = pretraining_losses(parameters, shape, *batch)
            return both[0] + 0.5 * both[1], both

        (_, both), gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
        return *adamw_step(parameters, gradients, moments, step, rate), both

    steps, step, started = epochs * (len(encoded) // BATCH), 0, time.monotonic()
    for epoch in range(epochs):
        # Neighbours of like length share a batch: little padding, few compiled shapes.
        order = sorted(rng.permutation(len(encoded)), key=lambda index: -(-len(encoded[index][0]) // 8))
        groups = list(batches(encoded, np.array(order), BATCH, whole=True))
        losses = []
        for group in rng.permutation(len(groups)):
            batch, step = groups[group], step + 1
            ids, places, targets = hide_words(batch, shape.vocab_size, rng)
            now = warm_and_decay(step, steps, rate)
            parameters, moments, both = update(
                parameters, moments, step, now, ids, batch.types, batch.real, places, targets
            )
            losses.append([float(loss) for loss in both])
        words, recall = np.mean(losses, 0)
        seconds = time.monotonic() - started
        print(f"base   epoch {epoch + 1:2}  loss: words {words:.3f}, recall {recall:.3f}  {seconds:.0f} s", flush=True)
    return {name: values for name, values in parameters.items() if name.startswith("bert.")}


def fine_tune(
    base: Parameters, shape: Shape, encoded: Encoded, classes: int, plan: FineTune, seed: int
) -> tuple[Parameters, float]:
    """The task's model and its mean training loss in the last epoch."""
    rng = np.random.default_rng(seed)
    parameters = base | {
        "classifier.weight": rng.normal(0, 0.02, (classes, shape.hidden_size)).astype(np.float32),
        "classifier.bias": np.zeros(classes, np.float32),
    }
    moments = no_moments(parameters)

    @jax.jit
    def update(
        parameters: Parameters,
        moments: Parameters,
        step: jax.Array,
        rate: jax.Array,
        labels: jax.Array,
        *text: jax.Array,
    ) -> tuple[Parameters, Parameters, jax.Array]:
        def loss(parameters: Parameters) -> jax.Array:
            scores = jax.nn.log_softmax(jax.vmap(partial(logits, parameters, shape))(*text))
            return -jnp.mean(jnp.take_along_axis(scores, labels[:, None], -1))

        value, gradients = jax.value_and_grad(loss)(parameters)
        return *adamw_step(parameters, gradients, moments, step, rate), value

    steps, step = plan.epochs * (len(encoded) // BATCH), 0
    losses: list[float] = []
    for _ in range(plan.epochs):
        losses = []
        for batch in batches(encoded, rng.permutation(len(encoded)), BATCH, whole=True):
            step += 1
            now = warm_and_decay(step, steps, plan.rate)
            parameters, moments, loss = update(
                parameters, moments, step, now, batch.labels, batch.ids, batch.types, batch.real
            )
            losses.append(float(loss))
    return parameters, float(np.mean(losses))


def accuracy(parameters: Parameters, shape: Shape, encoded: Encoded) -> float:
    """The share of rows whose highest score is their label's."""
    scores = jax.jit(jax.vmap(partial(logits, parameters, shape)))
    right = 0
    for batch in batches(encoded, np.arange(len(encoded)), 100):
        right += int(np.sum(np.argmax(scores(batch.ids, batch.types, batch.real), -1) == batch.labels))
    return right / len(encoded)


def main() -> None:
    """Builds the vocabulary, trains, writes the model directories and prints accuracies on the validation files."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=here / "models", help="directory of the model directories")
    parser.add_argument("--seed", type=int, default=1, help="seed of text, weights and order; the committed one is 1")
    parser.add_argument("--words", type=int, default=850, help="whole words in the vocabulary")
    parser.add_argument("--corpus", type=int, default=6000, help="unlabelled pieces per task for the common start")
    parser.add_argument("--epochs", type=int, default=12, help="passes over them")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate of the common start")
    parser.add_argument("--keep-base", action="store_true", help="use the written models/base, only fine-tune")
    options = parser.parse_args()

    tasks = {task: splits(task, options.seed) for task in LABELS}
    corpus = unlabelled(tasks, options.corpus, options.seed)
    vocabulary = build_vocabulary(corpus, options.words)
    text = build_tokenizer(vocabulary)
    tokenizer = Tokenizer.from_str(text)
    shape = Shape(vocab_size=len(vocabulary))

    if options.keep_base:
        base = read_model(options.output / "base")[0]
    else:
        base = pretrain(shape, tokenizer, corpus, options.epochs, options.rate, options.seed)
        write_model(options.output / "base", base, shape, text, None)
    print(f"{len(vocabulary)} tokens, {sum(values.size for values in base.values())} parameters")
    for number, (task, plan) in enumerate(SCHEDULE.items()):
        train, validation = (
            encode_examples(tokenizer, tasks[task][split], LABELS[task]) for split in ("train", "validation")
        )
        model, loss = fine_tune(base, shape, train, len(LABELS[task]), plan, options.seed + number)
        write_model(options.output / task, model, shape, text, LABELS[task])
        print(
            f"{task:6} {plan.epochs} epochs at {plan.rate:g}  training loss {loss:.3f}  accuracy: train"
            f" {accuracy(model, shape, train):.3f}, validation {accuracy(model, shape, validation):.3f}"
        )


if __name__ == "__main__":
    main()
