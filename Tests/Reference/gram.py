#!/usr/bin/env python3
"""Gram matrices of the inputs of linear layers, and RegMean and RegMean++ of whole models, in NumPy and float64.

    python gram.py            writes golden/MODEL.gram.safetensors and golden/merged/regmean*.safetensors

`make_golden.py` calls `write` as well, so that its `--check` knows these files.

A layer is run on ALL tokens of an example, the last layer too: what hooks on a Hugging Face model see of an example
that has no padding. Every merge is solved from the inputs themselves, by `regmean.merge`, and from no Gram matrix.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import bert
import cases
import checkpoint
import checks
import merging
import regmean

HERE = Path(__file__).resolve().parent
GRAMS = ("two", "three", "five", "shallow")
MERGED = ("two", "three", "five")
COEFFICIENTS = {"uniform": (1.0, 1.0, 1.0), "weighted": (0.2, 0.5, 1.0)}

# The linear layers that read each place, after `bert.encoder.layer.L.`.
PLACES = {
    "attention": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention_output": ("attention.output.dense",),
    "intermediate": ("intermediate.dense",),
    "output": ("output.dense",),
}

# Which of the nine examples are a model's data. Under `own` the models have 9, 5 and 7 of them, so that a mean over
# rows and a sum are different things; under `all` the inputs are those of golden/MODEL.gram.
DATA = {
    "all": {"two": range(9), "three": range(9), "five": range(9)},
    "own": {"two": range(9), "three": range(1, 6), "five": range(2, 9)},
}


@dataclass(frozen=True)
class Settings:
    """How whole models are merged; with the names of Sources/Merging/RegMeanRule.swift."""

    alpha: float
    coefficients: str
    weighting: str = "per_row"
    bias: str = "mean"
    pooler: str = "regmean"
    data: str = "own"


REGMEAN = {
    "regmean.uniform": Settings(0.9, "uniform", data="all"),
    "regmean.weighted": Settings(0.9, "weighted"),
    "regmean.sum.weighted": Settings(1.0, "weighted", weighting="sum"),
    "regmean.joint.weighted": Settings(0.9, "weighted", bias="joint"),
    "regmean.sum.joint.pooler-mean.weighted": Settings(1.0, "weighted", "sum", "joint", "mean"),
}
PLUS_PLUS = {
    "regmean-plus-plus.uniform": Settings(0.9, "uniform", data="all"),
    "regmean-plus-plus.weighted": Settings(0.5, "weighted"),
    "regmean-plus-plus.sum.joint.pooler-mean.weighted": Settings(0.9, "weighted", "sum", "joint", "mean"),
}

erf = np.vectorize(math.erf, otypes=[float])


# The forward pass, one layer at a time


def linear(p, name, x):
    return np.einsum("oi,ti->to", p[name + ".weight"], x) + p[name + ".bias"]


def layer_norm(p, name, x, c):
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.einsum("ti,ti->t", centred, centred)[:, None] / x.shape[1]
    return centred / np.sqrt(variance + c.epsilon) * p[name + ".weight"] + p[name + ".bias"]


def embed(p, example, c):
    """The input [T, D] of layer 0."""
    ids, types = np.array(example["token_ids"]), np.array(example["type_ids"])
    tables = {"word": ids, "position": np.arange(len(ids)), "token_type": types}
    total = sum(p[f"bert.embeddings.{name}_embeddings.weight"][rows] for name, rows in tables.items())
    return layer_norm(p, "bert.embeddings.LayerNorm", total, c)


def layer(p, index, x, c):
    """Layer `index` on one example: its inputs of linear layers, [T, inputs] by place, and its output [T, D]."""
    prefix = f"{bert.ENCODER}{index}."
    query, key, value = (
        linear(p, prefix + name, x).reshape(len(x), c.heads, -1) for name in PLACES["attention"]
    )
    scores = np.einsum("ihd,jhd->hij", query, key) / math.sqrt(c.hidden // c.heads)
    powers = np.exp(scores - scores.max(axis=2, keepdims=True))
    context = np.einsum("hij,jhd->ihd", powers / powers.sum(axis=2, keepdims=True), value).reshape(len(x), -1)
    attended = linear(p, prefix + "attention.output.dense", context) + x
    attended = layer_norm(p, prefix + "attention.output.LayerNorm", attended, c)
    inner = linear(p, prefix + "intermediate.dense", attended)
    active = inner / 2 * (1 + erf(inner / math.sqrt(2)))
    output = layer_norm(p, prefix + "output.LayerNorm", linear(p, prefix + "output.dense", active) + attended, c)
    return {"attention": x, "attention_output": context, "intermediate": attended, "output": active}, output


def forward(p, example, c):
    """The inputs [T or 1, n] of one example at "LAYER.PLACE", "pooler" and "classifier", and its logits."""
    x, inputs = embed(p, example, c), {}
    for index in range(c.layers):
        own, x = layer(p, index, x, c)
        inputs |= {f"{index}.{place}": rows for place, rows in own.items()}
    inputs["pooler"] = x[:1]
    inputs["classifier"] = np.tanh(linear(p, "bert.pooler.dense", x[:1]))
    return inputs, linear(p, "classifier", inputs["classifier"])[0]


def plain_forward(p, example, c):
    """The same from the loops of `checks.plain_logits`."""
    inputs = {}
    ids, types = example["token_ids"], example["type_ids"]
    z = checks.plain_logits(p, bert.ones(c), ids, types, c, inputs)
    return {name: np.array(rows) for name, rows in inputs.items()}, z


# Gram matrices


def packed(matrix):
    """The upper triangle, row after row, with the diagonal."""
    return np.concatenate([matrix[i, i:] for i in range(len(matrix))])


def grams(p, examples, c):
    """Σ x xᵀ and Σ x over the tokens of all examples; Σ over EXAMPLES of the squared trace of the example's Σ x xᵀ."""
    sums = {}

    def add(name, value):
        sums[name] = sums.get(name, 0.0) + value

    for example in examples:
        inputs, z = forward(p, example, c)
        plain, plain_z = plain_forward(p, example, c)
        checks.close(z, plain_z, 1e-10, "logits", absolute=1e-11)
        assert inputs.keys() == plain.keys()
        for place, x in inputs.items():
            checks.close(x, plain[place], 1e-10, f"input of {place}", absolute=1e-12)
            name = f"gram.{place}"
            add(name, packed(np.einsum("ti,tj->ij", x, x)))
            add(name + ".sum", np.einsum("ti->i", x))
            add(name + ".second_moment", np.array([sum(float(a) ** 2 for a in x.flat) ** 2]))
    return sums


# Merging


def average(models, coefficients):
    return merging.linear([{n: v for n, v in m.items() if n.startswith(bert.BACKBONE)} for m in models], coefficients)


def solve(merged, models, module, inputs, settings):
    """One linear layer by RegMean, from each model's rows of inputs, written into `merged`."""
    parameters = np.array([np.hstack([m[module + ".weight"], m[module + ".bias"][:, None]]) for m in models])
    solution, ridge = regmean.merge(
        parameters,
        inputs,
        settings.alpha,
        settings.weighting == "per_row",
        settings.bias == "joint",
        np.array(COEFFICIENTS[settings.coefficients]),
    )
    assert ridge == 0, f"{module} is singular"
    merged[module + ".weight"], merged[module + ".bias"] = solution[:, :-1], solution[:, -1]


def merge_regmean(models, data, settings, c):
    """RegMean: each model's inputs come from the model itself."""
    merged = average(models, COEFFICIENTS[settings.coefficients])
    captured = [[forward(m, e, c)[0] for e in examples] for m, examples in zip(models, data)]

    def rows(name):
        return [np.vstack([inputs[name] for inputs in of_model]) for of_model in captured]

    for index in range(c.layers):
        for place, modules in PLACES.items():
            for module in modules:
                solve(merged, models, f"{bert.ENCODER}{index}.{module}", rows(f"{index}.{place}"), settings)
    if settings.pooler == "regmean":
        solve(merged, models, "bert.pooler.dense", rows("pooler"), settings)
    return merged


def merge_plus_plus(models, data, settings, c):
    """RegMean++: embeddings are averaged; then for each layer, from below,

    1. every candidate's OWN layer runs on the output of the MERGED layers below, on that candidate's data, and the
       inputs of its linear layers are what RegMean solves with (only the first place is the merged model's alone);
    2. biases and LayerNorms of the layer are averaged;
    3. every candidate's data pass the MERGED layer.

    The pooler reads the [CLS] rows of the merged last layer.
    """
    merged = average(models, COEFFICIENTS[settings.coefficients])
    states = [[embed(merged, e, c) for e in examples] for examples in data]
    for index in range(c.layers):
        captured = [[layer(m, index, x, c)[0] for x in own] for m, own in zip(models, states)]
        for place, modules in PLACES.items():
            rows = [np.vstack([inputs[place] for inputs in of_model]) for of_model in captured]
            for module in modules:
                solve(merged, models, f"{bert.ENCODER}{index}.{module}", rows, settings)
        states = [[layer(merged, index, x, c)[1] for x in own] for own in states]
    if settings.pooler == "regmean":
        solve(merged, models, "bert.pooler.dense", [np.vstack([x[:1] for x in own]) for own in states], settings)
    return merged


# What is asserted before anything is kept


def check_plus_plus(merged, models, data, settings, c):
    """The normal equations of every layer, on the inputs that hybrid models have in the plain forward pass.

    The hybrid of candidate j and layer l has the candidate's layer l, and is the merged model everywhere else.
    """
    rule = [float(a) for a in COEFFICIENTS[settings.coefficients]]

    def gram(x):
        if settings.bias == "joint":
            x = np.hstack([x, np.ones((len(x), 1))])
        g = x.T @ x
        g = settings.alpha * g + (1 - settings.alpha) * np.diag(np.diag(g))
        return g / len(x) if settings.weighting == "per_row" else g

    def weights(p, module):
        w, b = p[module + ".weight"], p[module + ".bias"]
        return np.hstack([w, b[:, None]]) if settings.bias == "joint" else w

    def holds(module, place, hybrids):
        residual, size = 0.0, 0.0
        for model, hybrid, examples, coefficient in zip(models, hybrids, data, rule):
            x = np.vstack([plain_forward(hybrid, e, c)[0][place] for e in examples])
            term = (weights(merged, module) - weights(model, module)) @ gram(x) * coefficient
            residual, size = residual + term, max(size, float(np.abs(term).max()))
        checks.close(residual, 0 * residual, 0, f"normal equations of {module}", absolute=1e-10 * size)

    head = {n: models[0][n] for n in ("classifier.weight", "classifier.bias")}
    for index in range(c.layers):
        prefix = f"{bert.ENCODER}{index}."
        hybrids = [merged | head | {n: v for n, v in m.items() if n.startswith(prefix)} for m in models]
        for place, modules in PLACES.items():
            for module in modules:
                holds(prefix + module, f"{index}.{place}", hybrids)
    if settings.pooler == "regmean":
        holds("bert.pooler.dense", "pooler", [merged | head] * len(models))


def check_properties(models, data, c):
    """Equal models give themselves; with shared embeddings both methods agree in layer 0, and only there."""
    settings = REGMEAN["regmean.weighted"]
    for method in (merge_regmean, merge_plus_plus):
        same = method([models[1]] * 3, data, settings, c)
        for name, values in same.items():
            checks.close(values, models[1][name], 0, f"{name} of equal models", absolute=1e-11)
    shared = {n: v for n, v in models[1].items() if n.startswith("bert.embeddings.")}
    related = [m | shared for m in models]
    a, b = (method(related, data, settings, c) for method in (merge_regmean, merge_plus_plus))
    for name in a:
        if name.startswith(bert.ENCODER + "0."):
            checks.close(a[name], b[name], 0, f"{name} with shared embeddings", absolute=1e-11)
    differs = [n for n in a if np.abs(a[n] - b[n]).max() > 1e-3]
    assert len(differs) == 6 * (c.layers - 1) + 1, f"RegMean++ differs from RegMean in {differs}"


def write(golden, models, examples):
    for name in GRAMS:
        c = cases.CLASSIFIERS[name][0]
        metadata = {
            "kind": "gram",
            "examples": str(len(examples)),
            "tokens": str(sum(len(e["token_ids"]) for e in examples)),
        }
        sums = grams(models[name], examples, c)
        checkpoint.write_safetensors(golden / f"{name}.gram.safetensors", sums, "F64", metadata)
    sources = [models[name] for name in MERGED]
    own = [[examples[i] for i in DATA["own"][name]] for name in MERGED]
    check_properties(sources, own, cases.THREE)
    for file, settings in (REGMEAN | PLUS_PLUS).items():
        data = [[examples[i] for i in DATA[settings.data][name]] for name in MERGED]
        if file in PLUS_PLUS:
            merged = merge_plus_plus(sources, data, settings, cases.THREE)
            check_plus_plus(merged, sources, data, settings, cases.THREE)
        else:
            merged = merge_regmean(sources, data, settings, cases.THREE)
        metadata = {"models": " ".join(MERGED), "off_diagonal": str(settings.alpha)}
        metadata |= {"weighting": settings.weighting, "bias": settings.bias, "pooler": settings.pooler}
        metadata["coefficients"] = " ".join(str(a) for a in COEFFICIENTS[settings.coefficients])
        metadata["examples"] = " ".join(f"{r.start}..<{r.stop}" for r in DATA[settings.data].values())
        checkpoint.write_safetensors(golden / "merged" / f"{file}.safetensors", merged, "F64", metadata)


if __name__ == "__main__":
    seeded = {name: cases.weights(cases.CLASSIFIERS[name][0], cases.CLASSIFIERS[name][1]) for name in GRAMS}
    write(HERE / "golden", seeded, cases.examples())
