#!/usr/bin/env python3
"""Distillation in forward order in NumPy and float64, and the statistics of output gradients that it needs.

    python distill.py            writes golden/short.* and golden/merged/{distill.*,kfac}
    python distill.py --check    computes everything anew and compares it with the committed files

`make_golden.py` calls `write` as well. The models are the first two layers of `two`, `three` and `five`. Every layer is
solved for from the rows that go into it: all of its normal equations at once, [d n, d n], each metric as a matrix. No
basis that metrics have in common, no iteration. The solution is then held against the objective itself.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)

import numpy as np

import bert
import cases
import checkpoint
import checks
import gram
import kfac
import merging
import output_gradients

HERE = Path(__file__).resolve().parent
LAYERS = 2
DATA = gram.DATA["own"]
COEFFICIENTS = gram.COEFFICIENTS["weighted"]
KFAC_STEPS = 8
LEAST_GAP = 1.05  # from the last eigenvalue that is kept to the next

# Which inputs of a layer are also the residual stream that its outputs are added to.
RESIDUALS = {"attention_output": "attention", "output": "intermediate"}


@dataclass(frozen=True)
class Settings:
    """With the names of Sources/Merging/Distillation/DistillRule.swift."""

    metric: str
    rank: int = 6
    beta: float = 0.1
    ridge: float = 0.03
    row_ridge: float = 0.1


SWEEPS = {"distill.identity": Settings("identity"), "distill.low-rank": Settings("low_rank")}


def shares(coefficients):
    return [a / sum(coefficients) for a in coefficients]


def output_metric(statistics, site, settings):
    """B̂ = β I + U diag(m) Uᵀ of one model's outputs, [d, d]; from Nyström's approximation of B by its sketch."""
    sketch, trace = statistics.sketch[site], sum(statistics.traces[site])
    d = len(sketch)
    if settings.metric == "identity":
        return np.eye(d)
    core = output_gradients.projection(d).T @ sketch
    core = (core + core.T) / 2
    whole = sketch @ np.linalg.pinv(core, rcond=1e-13, hermitian=True) @ sketch.T
    if d <= output_gradients.MOST_COLUMNS:
        checks.close(whole, statistics.outer[site], 0, f"B of {site}", absolute=1e-10 * np.abs(whole).max())
    values, vectors = np.linalg.eigh((whole + whole.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    assert values[settings.rank - 1] > LEAST_GAP * values[settings.rank], f"{site}: no gap behind the rank"
    u, m = vectors[:, : settings.rank], values[: settings.rank] * (1 - settings.beta) * d / trace
    return settings.beta * np.eye(d) + (u * m) @ u.T


# One layer


class Problem:
    """Σ_j λ_j (1/n_j Σ ‖W x − y‖²_B̂ + d_j ‖W − W_j‖²_B̂) of one layer; the last column of W is its bias."""

    def __init__(self, inputs, targets, own, metrics, coefficients, settings):
        self.inputs = [np.hstack([x, np.ones((len(x), 1))]) for x in inputs]
        self.targets, self.own, self.metrics, self.coefficients = targets, own, metrics, coefficients
        unknowns = self.inputs[0].shape[1]
        self.ridges = [
            (settings.ridge + settings.row_ridge * unknowns / len(x)) * (x**2).sum() / len(x) / unknowns
            for x in self.inputs
        ]

    def terms(self):
        return zip(self.inputs, self.targets, self.own, self.metrics, self.coefficients, self.ridges)

    def value(self, w):
        total = 0.0
        for x, y, own, metric, coefficient, ridge in self.terms():
            error = x @ w.T - y
            total += coefficient * np.einsum("td,de,te->", error, metric, error) / len(x)
            total += coefficient * ridge * np.einsum("di,de,ei->", w - own, metric, w - own)
        return total

    def solve(self):
        d, n = self.own[0].shape
        left, right = np.zeros((d * n, d * n)), np.zeros((d, n))
        for x, y, own, metric, coefficient, ridge in self.terms():
            gram_matrix = coefficient * (x.T @ x / len(x) + ridge * np.eye(n))
            left += np.kron(metric, gram_matrix)
            right += coefficient * metric @ (y.T @ x / len(x) + ridge * own)
        w = np.linalg.solve(left, right.reshape(-1)).reshape(d, n)
        self.check(w, left, right)
        return w

    def check(self, w, left, right):
        """The equations hold; and along a direction the objective, which is a parabola, has its vertex at w."""
        residual = left @ w.reshape(-1) - right.reshape(-1)
        size = np.abs(left).max() * np.abs(w).max()
        checks.close(residual, 0 * residual, 0, "normal equations", absolute=1e-12 * size)
        direction = np.random.Generator(np.random.PCG64(w.size)).standard_normal(w.shape)
        below, at, above = (self.value(w + step * direction) for step in (-1.0, 0.0, 1.0))
        vertex = (below - above) / (2 * (above - 2 * at + below))
        assert abs(vertex) < 1e-11 and at < min(below, above), f"the objective's vertex is at {vertex}"


# The sweep


def word_weights(models, statistics, coefficients):
    """λ_j ((count_j[v] + share_j[v]) / Σ count_j + 1e-6 / V), divided by their sum over the models, [J, V]."""
    tables = np.array([m["bert.embeddings.word_embeddings.weight"] for m in models])
    deviations = np.sum((tables - tables.mean(axis=0)) ** 2, axis=2)
    squares = np.sum(deviations**2, axis=0)
    changed = np.where(squares > 0, deviations**2 / np.where(squares > 0, squares, 1), 1 / len(models))
    counts = np.array([s.tokens for s in statistics])
    weights = (counts + changed) / counts.sum(axis=1, keepdims=True) + 1e-6 / counts.shape[1]
    weights = np.array(coefficients)[:, None] * weights
    return weights / weights.sum(axis=0)


def merge_rows(tables, weights, metrics):
    """Row v solves Σ_j w_j[v] B̂_j (E[v] − E_j[v]) = 0, one row after the other."""
    rows = []
    for v in range(len(tables[0])):
        left = sum(w[v] * b for w, b in zip(weights, metrics))
        rows.append(np.linalg.solve(left, sum(w[v] * b @ t[v] for w, b, t in zip(weights, metrics, tables))))
    return np.array(rows)


def merge(models, data, statistics, settings, c):
    """The merged model, its linear layers solved one after the other on what those below give."""
    coefficients = shares(COEFFICIENTS)
    merged = merging.linear([{n: v for n, v in m.items() if n.startswith(bert.BACKBONE)} for m in models], coefficients)
    metrics = [output_metric(s, output_gradients.EMBEDDINGS, settings) for s in statistics]
    for table in ("word", "position", "token_type"):
        name = f"bert.embeddings.{table}_embeddings.weight"
        tables = [m[name] for m in models]
        plain = np.repeat(np.array(coefficients)[:, None], len(tables[0]), axis=1)
        weights = word_weights(models, statistics, coefficients) if table == "word" else plain
        merged[name] = merge_rows(tables, weights, metrics)

    def solve(module, inputs, targets):
        own = [np.hstack([m[module + ".weight"], m[module + ".bias"][:, None]]) for m in models]
        metrics = [output_metric(s, output_gradients.site(module), settings) for s in statistics]
        inputs, targets = [np.vstack(rows) for rows in inputs], [np.vstack(rows) for rows in targets]
        w = Problem(inputs, targets, own, metrics, coefficients, settings).solve()
        merged[module + ".weight"], merged[module + ".bias"] = w[:, :-1], w[:, -1]

    students = [[gram.embed(merged, e, c) for e in examples] for examples in data]
    teachers = [[gram.embed(m, e, c) for e in examples] for m, examples in zip(models, data)]
    for index in range(c.layers):
        seen = [[gram.layer(m, index, x, c) for x in rows] for m, rows in zip(models, teachers)]
        for place, modules in gram.PLACES.items():
            # Of the last layer the head reads the first token; keys and values are of all.
            rows = slice(1) if index == c.layers - 1 and place != "attention" else slice(None)
            # What stands above this place is not solved yet, and not looked at.
            given = [[gram.layer(merged, index, x, c)[0] for x in rows_of_model] for rows_of_model in students]
            for module in modules:
                name, targets = f"{bert.ENCODER}{index}.{module}", []
                for m, own, student in zip(models, seen, given):
                    y = [gram.linear(m, name, inputs[place]) for inputs, _ in own]
                    if stream := RESIDUALS.get(place):
                        y = [t + inputs[stream] - s[stream] for t, (inputs, _), s in zip(y, own, student)]
                    targets.append([t[rows] for t in y])
                solve(name, [[s[place][rows] for s in student] for student in given], targets)
        students = [[gram.layer(merged, index, x, c)[1] for x in rows] for rows in students]
        teachers = [[output for _, output in own] for own in seen]
    name = "bert.pooler.dense"
    firsts = [[x[:1] for x in rows] for rows in teachers]
    targets = [[gram.linear(m, name, x) for x in rows] for m, rows in zip(models, firsts)]
    solve(name, [[x[:1] for x in rows] for rows in students], targets)
    return merged


def check_copies(models, data, statistics, c):
    """A model is given back from copies of itself, whatever their data and metrics."""
    for settings in SWEEPS.values():
        same = merge([models[1]] * len(models), data, statistics, settings, c)
        for name, values in same.items():
            checks.close(values, models[1][name], 0, f"{name} of copies", absolute=1e-9)


# Files


def short(parameters, c):
    """A model without the layers above the second."""
    c = replace(c, layers=LAYERS)
    return {n: parameters[n] for n in bert.parameter_shapes(c)}, c


def write(golden, models, examples):
    random = np.random.Generator(np.random.PCG64(7))
    sources, statistics, data = [], [], []
    for name, chosen in DATA.items():
        parameters, c = short(models[name], cases.CLASSIFIERS[name][0])
        data.append([examples[i] for i in chosen])
        output_gradients.check(parameters, data[-1], c, random)
        sources.append(parameters)
        statistics.append(output_gradients.Statistics(parameters, data[-1], c))

    def save(file, tensors, metadata):
        checkpoint.write_safetensors(golden / f"{file}.safetensors", tensors, "F64", metadata)

    # The statistics of one model, over all examples.
    model, c = short(models["three"], cases.THREE)
    output_gradients.check(model, examples, c, random)
    whole = output_gradients.Statistics(model, examples, c)
    metadata = {"model": "three", "layers": str(LAYERS), "examples": str(len(examples))}
    save("short.expected.output-metric", whole.output_metric(), metadata | {"expectation": "expected"})
    save("short.expected.kfac", whole.kfac(), metadata | {"expectation": "expected"})
    sketched = output_gradients.Statistics(model, examples, c, seed=cases.SEED, draws=1)
    metadata |= {"expectation": "sketched", "draws": "1", "seed": str(cases.SEED)}
    save("short.sketched.output-metric", sketched.traces_alone(), metadata)

    check_copies(sources, data, statistics, c)
    metadata = {"models": " ".join(DATA), "layers": str(LAYERS)}
    metadata |= {"coefficients": " ".join(map(str, COEFFICIENTS))}
    metadata |= {"examples": " ".join(f"{r.start}..<{r.stop}" for r in DATA.values())}
    for file, settings in SWEEPS.items():
        merged = merge(sources, data, statistics, settings, c)
        save(f"merged/{file}", merged, metadata | {k: str(v) for k, v in vars(settings).items()})
    settings = (sources, data, statistics, shares(COEFFICIENTS), KFAC_STEPS, c)
    merged = kfac.merge(*settings)
    kfac.check(merged, *settings)
    save("merged/kfac", merged, metadata | {"cg_steps": str(KFAC_STEPS)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    seeded = {name: cases.weights(cases.CLASSIFIERS[name][0], cases.CLASSIFIERS[name][1]) for name in DATA}
    if not parser.parse_args().check:
        write(HERE / "golden", seeded, cases.examples())
        return
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), seeded, cases.examples())
        for new in sorted(Path(directory).rglob("*.safetensors")):
            path = new.relative_to(directory)
            new, old = (checkpoint.read_safetensors(p) for p in (new, HERE / "golden" / path))
            assert list(new) == list(old), f"{path}: the tensors differ"
            for name, values in old.items():
                checks.close(new[name], values, 1e-9, f"{path}: {name}", absolute=1e-11 * np.abs(values).max())
    print("the committed files are what this program computes")


if __name__ == "__main__":
    sys.exit(main())
