#!/usr/bin/env python3
"""A float reference for the quickstart's table: single models, plain average, full Fisher and mask Fisher.

Written without regard to speed: every example's gradients are formed on their own, for each class, from automatic
differentiation. The expectation is exact: F = mean over examples of sum over classes p (gradient of log p)², which for
J = the Jacobian of the class scores is sum p (J - sum p J)². All training rows are used. Each task keeps its own head.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np

from make_tasks import LABELS, read
from tiny_bert import Masks, Parameters, Shape, batches, logits, ones_masks, read_model
from train import Encoded, accuracy, encode_examples

Statistic = dict[str, np.ndarray]
FLOOR = 1e-6


def expected_squares(scores: jax.Array, jacobian: dict[str, jax.Array]) -> dict[str, jax.Array]:
    """sum_c p_c (J_c - sum_k p_k J_k)² for each entry; the Jacobian's first axis is the class."""
    chances = jax.nn.softmax(scores)

    def square(entry: jax.Array) -> jax.Array:
        centred = entry - jnp.tensordot(chances, entry, 1)
        return jnp.tensordot(chances, centred**2, 1)

    return {name: square(entry) for name, entry in jacobian.items()}


def average(step: Callable[..., dict[str, jax.Array]], rows: Encoded, size: int) -> Statistic:
    """The mean over the rows of a per-example statistic, summed in double precision."""
    total: Statistic = {}
    sums = jax.jit(lambda *batch: {name: entry.sum(0) for name, entry in jax.vmap(step)(*batch).items()})
    for batch in batches(rows, np.argsort([len(ids) for ids, _, _ in rows], kind="stable"), size):
        for name, entry in sums(batch.ids, batch.types, batch.real).items():
            total[name] = total.get(name, 0.0) + np.asarray(entry, np.float64)
    return {name: entry / len(rows) for name, entry in total.items()}


def full_fisher(parameters: Parameters, shape: Shape, rows: Encoded) -> Statistic:
    """The expected diagonal Fisher of every encoder parameter."""
    head = {name: values for name, values in parameters.items() if name.startswith("classifier")}
    body = {name: values for name, values in parameters.items() if name not in head}

    def step(ids: jax.Array, types: jax.Array, real: jax.Array) -> dict[str, jax.Array]:
        def score(body: Parameters) -> jax.Array:
            return logits(body | head, shape, ids, types, real)

        return expected_squares(score(body), jax.jacrev(score)(body))

    return average(step, rows, 10)


def mask_fisher(parameters: Parameters, shape: Shape, rows: Encoded) -> Statistic:
    """The expected Fisher of the head masks [layers, heads] and neuron masks [layers, intermediate]."""

    def step(ids: jax.Array, types: jax.Array, real: jax.Array) -> dict[str, jax.Array]:
        def score(masks: Masks) -> jax.Array:
            return logits(parameters, shape, ids, types, real, masks)

        masks = ones_masks(shape)
        return expected_squares(score(masks), jax.jacrev(score)(masks))

    return average(step, rows, 50)


def floored(fisher: Statistic) -> Statistic:
    """max(F, 1e-6), which also drowns the rounding noise (1e-16) of `key.bias`, whose true Fisher is zero."""
    return {name: np.maximum(entry, FLOOR) for name, entry in fisher.items()}


def mask_weights(masks: Statistic, shape: Shape, structural: bool, normalize: bool) -> Callable[[str], np.ndarray]:
    """The merging weight of a tensor, in a form that broadcasts against it.

    `structural` adds to the published rule what a mask also multiplies: the value rows and output columns of its head,
    and the second feed-forward matrix's column of its neuron. `normalize` divides by the model's mean u.
    """
    mean = float(np.mean(masks["head"].mean(1) + masks["neuron"].mean(1)))
    scale = 1 / mean if normalize else 1.0
    size = shape.hidden_size // shape.num_attention_heads

    def weight(name: str) -> np.ndarray:
        parts = name.split(".")
        if "encoder" not in parts:
            return np.array(scale * mean)
        layer, role, matrix = int(parts[3]), ".".join(parts[4:-1]), parts[-1] == "weight"
        heads, neurons = (scale * masks[kind][layer] for kind in ("head", "neuron"))
        rows = np.repeat(heads, size)
        if role in ("attention.self.query", "attention.self.key") or (structural and role == "attention.self.value"):
            return rows[:, None] if matrix else rows
        if role == "intermediate.dense":
            return neurons[:, None] if matrix else neurons
        if structural and matrix and role == "attention.output.dense":
            return rows[None, :]
        if structural and matrix and role == "output.dense":
            return neurons[None, :]
        return np.array(heads.mean() if role.startswith("attention") else neurons.mean())

    return weight


def merge(models: list[Parameters], weights: list[Callable[[str], np.ndarray]]) -> Parameters:
    """sum w θ / sum w for every encoder tensor, in double precision; the plain average where all weights are zero."""
    merged: Parameters = {}
    for name in (name for name in models[0] if not name.startswith("classifier")):
        chosen = [np.asarray(weight(name), np.float64) for weight in weights]
        total = np.sum(chosen, axis=0)
        shares = [np.where(total > 0, one / np.where(total > 0, total, 1), 1 / len(models)) for one in chosen]
        value = sum(share * np.asarray(model[name], np.float64) for share, model in zip(shares, models, strict=True))
        merged[name] = jnp.asarray(value, jnp.float32)
    return merged


def main() -> None:
    """Prints the table in Markdown."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=here / "models", help="directory of the model directories")
    parser.add_argument("--data", type=Path, default=here / "data", help="directory of the task directories")
    parser.add_argument("--split", default="test", choices=("validation", "test"), help="rows that are scored")
    parser.add_argument("--pairs", action="store_true", help="also merge the models two by two")
    options = parser.parse_args()

    models: dict[str, Parameters] = {}
    full: dict[str, Statistic] = {}
    masks: dict[str, Statistic] = {}
    scored: dict[str, Encoded] = {}
    for task, labels in LABELS.items():
        models[task], shape, tokenizer, numbers = read_model(options.models / task)
        assert tuple(numbers) == labels
        rows = encode_examples(tokenizer, read(task, options.data, "train"), labels)
        full[task] = full_fisher(models[task], shape, rows)
        masks[task] = mask_fisher(models[task], shape, rows)
        scored[task] = encode_examples(tokenizer, read(task, options.data, options.split), labels)
        u = np.mean(masks[task]["head"].mean(1) + masks[task]["neuron"].mean(1))
        print(
            f"{task}: {len(rows)} training rows, mask Fisher u {u:.3g}, full Fisher sum "
            f"{sum(entry.sum() for entry in full[task].values()):.3g}"
        )

    def line(name: str, accuracies: dict[str, float]) -> None:
        values = [accuracies[task] for task in accuracies] + [float(np.mean(list(accuracies.values())))]
        print(f"| {name} | " + " | ".join(f"{100 * value:.1f}" for value in values) + " |")

    def table(tasks: list[str]) -> None:
        print(f"\n| accuracy in % ({options.split}) | {' | '.join(tasks)} | mean |")
        print("|---" * (len(tasks) + 2) + "|")
        line("single models", {task: accuracy(models[task], shape, scored[task]) for task in tasks})
        rules: dict[str, list[Callable[[str], np.ndarray]]] = {
            "`linear`": [lambda name: np.array(1.0) for _ in tasks],
            "`fisher`, floor 1e-6": [floored(full[task]).__getitem__ for task in tasks],
        }
        for rule, normalize in (("paper", False), ("structural", False), ("structural", True)):
            name = f"`mask_fisher`, {rule}" + (", `normalize: model`" if normalize else "")
            rules[name] = [mask_weights(masks[task], shape, rule == "structural", normalize) for task in tasks]
        for name, weights in rules.items():
            backbone = merge([models[task] for task in tasks], weights)
            line(name, {task: accuracy(models[task] | backbone, shape, scored[task]) for task in tasks})

    names = list(LABELS)
    table(names)
    if options.pairs:
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                table([first, second])


if __name__ == "__main__":
    main()
