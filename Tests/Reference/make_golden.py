#!/usr/bin/env python3
"""Writes the tiny models and their golden values in float64. See README.md.

    python make_golden.py            writes models/, golden/ and examples.json beside this file
    python make_golden.py --check    computes everything anew and compares it with the committed files
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)  # compiling takes longer than everything else

import ml_dtypes
import numpy as np

import bert
import cases
import checkpoint
import checks
import compatibility
import distill
import fisher
import gram
import merging
import regmean

HERE = Path(__file__).resolve().parent
COEFFICIENTS = {"uniform": (1.0, 1.0, 1.0), "weighted": (0.2, 0.5, 1.0)}
FLOOR = 1e-6
MERGED = ("two", "three", "five")
NAMES_OF_TORCH = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def write_model(directory, parameters, c, problem_type, dtype="F32", layout="single"):
    """A model directory; `layout` is single, sharded, legacy (gamma and beta, position ids) or bare (no prefix)."""
    architecture = "BertModel" if layout == "bare" else "BertForSequenceClassification"
    checkpoint.write_json(
        directory / "config.json", checkpoint.configuration(c, architecture, problem_type, NAMES_OF_TORCH[dtype])
    )
    (directory / "vocab.txt").write_text("\n".join(cases.VOCABULARY) + "\n")
    checkpoint.write_json(
        directory / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    )
    tensors, metadata = dict(parameters), {"format": "pt"}
    if layout == "legacy":
        tensors = {
            n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
            for n, v in tensors.items()
        }
        tensors["bert.embeddings.position_ids"] = np.arange(c.positions)[None, :]
    if layout == "bare":
        tensors = {n.removeprefix("bert."): v for n, v in tensors.items() if n.startswith("bert.")}
    if layout != "sharded":
        checkpoint.write_safetensors(directory / "model.safetensors", tensors, dtype, metadata)
        return
    weight_map = {}
    for index in (0, 1):
        file = f"model-{index + 1:05}-of-00002.safetensors"
        part = {n: v for i, (n, v) in enumerate(sorted(tensors.items())) if (i >= len(tensors) // 2) == (index == 1)}
        checkpoint.write_safetensors(directory / file, part, dtype, metadata)
        weight_map |= {n: file for n in part}
    size = checkpoint.DTYPES[dtype].itemsize * sum(v.size for v in tensors.values())
    checkpoint.write_json(
        directory / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map}
    )


def write_outputs(path, statistics, c):
    """Per example: logits, log p, and the mask Fisher with `expected`, so that any subset's sums can be formed."""
    z = np.array(statistics.logits)
    heads, neurons = (np.array(m) for m in zip(*statistics.expected_masks_by_example))
    tensors = {
        "logits": z,
        "log_likelihood": np.array(statistics.log_likelihood),
        "head_mask": heads,
        "neuron_mask": neurons,
    }
    if c.kind == "single":
        tensors["log_probabilities"] = np.array(jax.nn.log_softmax(z, axis=1))
    elif c.kind == "multi":
        tensors["log_probabilities"] = np.array(jax.nn.log_sigmoid(z))
    checkpoint.write_safetensors(path, tensors, "F64", {})


def write_statistics(directory, name, statistics, full):
    """Sums over the examples: masks for every expectation, the full Fisher for the expectations in `full`."""
    for expectation, (heads, neurons) in statistics.masks.items():
        metadata = {"kind": "mask-fisher", "expectation": expectation, "examples": str(statistics.count)}
        path = directory / f"{name}.{expectation}.mask-fisher.safetensors"
        checkpoint.write_safetensors(path, {"head_mask": heads, "neuron_mask": neurons}, "F64", metadata)
        if expectation in full:
            metadata["kind"] = "fisher"
            path = directory / f"{name}.{expectation}.fisher.safetensors"
            checkpoint.write_safetensors(path, statistics.full[expectation], "F64", metadata)


def largest_probability(statistics):
    """How far the classes are from equal, for the report: the mean of the largest probability."""
    p = np.exp(jax.nn.log_softmax(np.array(statistics.logits), axis=1))
    return float(p.max(axis=1).mean())


def with_zeros(masks):
    """Mask means with places where no model says anything, and one where a model's value is rounding noise."""
    result = []
    for index, (heads, neurons) in enumerate(masks):
        heads, neurons = heads.copy(), neurons.copy()
        heads[1, 2] = 0  # one head, in all models
        heads[2, :] = 0  # a whole layer, in all models
        neurons[0, 7] = 0
        if index == 0:
            heads[0, 0] = 1e-15 * heads.max()
            neurons[1, 3] = 1e-15 * neurons.max()
        result.append((heads, neurons))
    return result


def write_merges(directory, statistics, models):
    backbones = [{n: v for n, v in models[m].items() if n.startswith(bert.BACKBONE)} for m in MERGED]
    means = [
        {n: v / statistics[m].count for n, v in statistics[m].full["expected"].items() if n.startswith(bert.BACKBONE)}
        for m in MERGED
    ]
    masks = [tuple(v / statistics[m].count for v in statistics[m].masks["expected"]) for m in MERGED]

    def write(name, tensors):
        checkpoint.write_safetensors(directory / f"{name}.safetensors", tensors, "F64", {"models": " ".join(MERGED)})

    for which, coefficients in COEFFICIENTS.items():
        write(f"linear.{which}", merging.linear(backbones, coefficients))
        for normalize in ("none", "global", "tensor"):
            merged = merging.fisher(backbones, means, coefficients, FLOOR, normalize)
            plain = merging.linear(backbones, coefficients)
            for name in merged:
                if name.endswith("key.bias"):
                    checks.close(merged[name], plain[name], 1e-12, f"{name} is a plain average")
            write(f"fisher.{normalize}.{which}", merged)
    coefficients = COEFFICIENTS["weighted"]
    for rule in ("paper", "structural"):
        for normalize in ("none", "model"):
            merged = merging.mask_fisher(backbones, masks, coefficients, cases.THREE.heads, rule, normalize)
            write(f"mask-fisher.{rule}.{normalize}.weighted", merged)
    zeros = with_zeros(masks)
    for name, (heads, neurons) in zip(MERGED, zeros):
        path = directory / f"zeros.{name}.safetensors"
        checkpoint.write_safetensors(path, {"head_mask": heads, "neuron_mask": neurons}, "F64", {"unit": "mean"})
    merged = merging.mask_fisher(backbones, zeros, coefficients, cases.THREE.heads, "structural", "none")
    write("mask-fisher.structural.none.weighted.zeros", merged)


def generate(root):
    examples = cases.examples()
    assert sorted({len(e["token_ids"]) for e in examples})[0] == 2
    assert max(len(e["token_ids"]) for e in examples) == 20
    checkpoint_examples = {"seed": cases.SEED, "draws": cases.DRAWS, "examples": examples, "labels": {}}
    random = np.random.Generator(np.random.PCG64(1))
    models, statistics, sums = {}, {}, {}
    for name, (c, seed, problem_type, labels) in cases.CLASSIFIERS.items():
        models[name] = cases.weights(c, seed)
        write_model(root / "models" / name, models[name], c, problem_type)
        checkpoint_examples["labels"][name] = labels
    three, problem_type = models["three"], cases.CLASSIFIERS["three"][2]
    for layout in ("legacy", "sharded", "bare"):
        write_model(root / "models" / layout, three, cases.THREE, problem_type, layout=layout)
    for name, dtype, kind in (("float16", "F16", np.float16), ("bfloat16", "BF16", ml_dtypes.bfloat16)):
        models[name] = {n: v.astype(kind).astype(np.float64) for n, v in three.items()}
        write_model(root / "models" / name, models[name], cases.THREE, problem_type, dtype=dtype)
        checkpoint_examples["labels"][name] = cases.CLASSIFIERS["three"][3]
    (root / "examples.json").write_text(compact(checkpoint_examples))

    for name, parameters in models.items():
        c = cases.CLASSIFIERS[name if name in cases.CLASSIFIERS else "three"][0]
        labels = checkpoint_examples["labels"][name]
        s = fisher.Statistics(parameters, c, examples, labels, cases.SEED, cases.DRAWS)
        statistics[name] = s
        checks.identities(parameters, c, s)
        checks.factorisation(s, c)
        entries = checks.finite_differences(parameters, c, examples, labels, s, random)
        assert s.margin > 4e-3, f"{name}: a draw or a decision is too near its boundary: {s.margin}"
        full = {"three": fisher.EXPECTATIONS}.get(name, ("expected",) if name in cases.CLASSIFIERS else ())
        write_outputs(root / "golden" / f"{name}.outputs.safetensors", s, c)
        write_statistics(root / "golden", name, s, full)
        sums[name] = {e: {n: float(v.sum()) for n, v in by_name.items()} for e, by_name in s.full.items()}
        report = f"{name}: {entries} finite differences, margin {s.margin:.4f}"
        print(f"{report}, mean of the largest probability {largest_probability(s):.2f}", flush=True)

    checkpoint.write_json(root / "golden" / "fisher-sums.json", sums)
    gradients = {}
    for index in (3, 5):
        by_parameter, (heads, neurons) = statistics["three"].label_gradients[index]
        gradients |= {f"example.{index}/{n}": v for n, v in by_parameter.items()}
        gradients |= {f"example.{index}/head_mask": heads, f"example.{index}/neuron_mask": neurons}
    checkpoint.write_safetensors(root / "golden" / "three.gradients.safetensors", gradients, "F64", {})
    write_merges(root / "golden" / "merged", statistics, models)
    labels = checkpoint_examples["labels"]
    compatibility.write(root / "golden" / "compatibility", models, examples, labels, statistics)
    regmean.write(root / "golden" / "regmean.json")
    gram.write(root / "golden", models, examples)
    distill.write(root / "golden", models, examples)


def compact(value):
    """JSON with one example a line."""
    lines = ",\n    ".join(json.dumps(e) for e in value["examples"])
    labels = ",\n    ".join(f"{json.dumps(n)}: {json.dumps(v)}" for n, v in value["labels"].items())
    return (
        f'{{\n  "seed": {value["seed"]},\n  "draws": {value["draws"]},\n'
        f'  "examples": [\n    {lines}\n  ],\n  "labels": {{\n    {labels}\n  }}\n}}\n'
    )


# Made by `task_vectors.py`, or by an earlier version of the program.
ELSEWHERE = ("task-arithmetic.", "ties.", "statistics-version-2.")


def compare(root):
    """The committed files against new ones: the models byte for byte, values to rounding."""
    files = sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file())
    committed = [p.relative_to(HERE) for d in ("models", "golden") for p in (HERE / d).rglob("*") if p.is_file()]
    committed = [p for p in committed if not p.name.startswith(ELSEWHERE)]
    assert sorted(committed + [Path("examples.json")]) == files, "the lists of files differ"
    for path in files:
        new, old = root / path, HERE / path
        if new.read_bytes() == old.read_bytes():
            continue
        assert path.parts[0] == "golden", f"{path} differs"
        if path.suffix == ".json":
            new, old = (flatten(json.loads(p.read_text())) for p in (new, old))
        else:
            new, old = (checkpoint.read_safetensors(p) for p in (new, old))
        assert list(new) == list(old), f"{path}: the tensors differ"
        for name in old:
            largest = float(np.max(np.abs(old[name])))
            noise = 1e-20 if name.endswith("key.bias") and "merged" not in path.parts else 0.0
            # What layers hand on to the next ones, and small eigenvalues, make more of the last bits.
            share = 1e-11 if path.name.startswith(("distill.", "kfac.")) else 1e-13
            checks.close(new[name], old[name], 1e-9, f"{path}: {name}", absolute=share * largest + noise)


def flatten(value, prefix=""):
    if not isinstance(value, dict):
        return {prefix: np.array(value)}
    return {k: v for name, inner in value.items() for k, v in flatten(inner, f"{prefix}/{name}").items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    if parser.parse_args().check:
        with tempfile.TemporaryDirectory() as directory:
            generate(Path(directory))
            compare(Path(directory))
        print("the committed files are what this program computes")
        return
    generate(HERE)
    sizes = [p.stat().st_size for p in HERE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    print(f"{len(sizes)} files, {sum(sizes) / 1e6:.2f} MB in this folder")


if __name__ == "__main__":
    sys.exit(main())
