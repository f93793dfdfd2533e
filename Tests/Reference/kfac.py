"""The merge by Kronecker factors in NumPy and float64: linear layers by A = Σ x xᵀ and B = Σ g gᵀ, the rest by Fisher.

A step of conjugate gradients leads to the best point of a Krylov space that is larger by one dimension. Here vectors
that are made orthogonal to one another span that space, and its best point is solved for; no recurrence is written.
Past ten steps or so the two part, for what rounding leaves of a recurrence is no longer orthogonal.
"""

import copy
import re

import numpy as np

import bert
import checks
import gram
import merging
import output_gradients
import regmean


def best_of_krylov_space(apply, right, start, steps):
    """The minimum of ½⟨W, F(W)⟩ − ⟨W, R⟩ over start + span{r, F(r), F²(r), …}, with r = R − F(start)."""
    first = right - apply(start)
    basis, images = [], []
    vector = first
    for _ in range(steps):
        for _ in range(2):
            for known in basis:
                vector = vector - np.sum(known * vector) * known
        basis.append(vector / np.linalg.norm(vector))
        images.append(apply(basis[-1]))
        vector = images[-1]
    small = np.array([[np.sum(a * b) for b in images] for a in basis])
    found = np.linalg.solve(small, np.array([np.sum(a * first) for a in basis]))
    best = start + sum(f * v for f, v in zip(found, basis))
    residual = right - apply(best)
    for known in basis:
        # What is left is orthogonal to all that was tried.
        assert abs(np.sum(known * residual)) < 1e-12 * np.linalg.norm(right)
    return best


def fisher_mean(models, statistics, coefficients):
    """Σ λ F θ / Σ λ F, each Fisher divided by the sum of its merged entries.

    What is below 1e-12 of the largest of its kind is 0: a tensor is a kind, query, key and value of a layer are one.
    """
    weights = []
    for s in statistics:
        own = {n: v for n, v in s.fisher.items() if n.startswith(bert.BACKBONE)}
        kinds, largest = {n: re.sub(r"\.self\.\w+\.", ".self.", n) for n in own}, {}
        for name, values in own.items():
            largest[kinds[name]] = max(largest.get(kinds[name], 0.0), values.max())
        total = sum(v.sum() for v in own.values())
        clean = {n: np.where(v < merging.NEGLIGIBLE * largest[kinds[n]], 0, v) for n, v in own.items()}
        weights.append({n: v / total for n, v in clean.items()})
    return {
        n: merging.weighted_average([m[n] for m in models], [w[n] for w in weights], coefficients) for n in weights[0]
    }


def merge(models, data, statistics, coefficients, steps, c):
    """The merged model: every linear layer after so many steps from RegMean's solution."""
    merged = fisher_mean(models, statistics, coefficients)
    captured = [[gram.forward(m, e, c)[0] for e in examples] for m, examples in zip(models, data)]
    for module in output_gradients.linear_layers(c):
        place = output_gradients.place(module)
        rows = [np.vstack([inputs[place] for inputs in of_model]) for of_model in captured]
        own = [m[module + ".weight"] for m in models]
        biases = [m[module + ".bias"] for m in models]
        parameters = np.array([np.hstack([w, b[:, None]]) for w, b in zip(own, biases)])
        start, ridge = regmean.merge(parameters, rows, 1.0, True, False, np.array(coefficients))
        assert ridge == 0, f"{module} is singular"
        a = [x.T @ x for x in rows]
        b = [s.outer[module + ".weight"] for s in statistics]
        shares = [l / (np.trace(g) * np.trace(h)) for l, g, h in zip(coefficients, a, b)]

        def apply(w):
            return sum(s * h @ w @ g for s, g, h in zip(shares, a, b))

        right = sum(s * h @ w @ g for s, g, h, w in zip(shares, a, b, own))
        merged[module + ".weight"] = best_of_krylov_space(apply, right, start[:, :-1], steps)
    return merged


def check(merged, models, data, statistics, coefficients, steps, c):
    """It is of no matter what a model's statistics were divided by."""
    scaled = [copy.copy(s) for s in statistics]
    scaled[1].outer = {n: 7 * b for n, b in scaled[1].outer.items()}
    scaled[1].fisher = {n: 3 * v for n, v in scaled[1].fisher.items()}
    again = merge(models, data, scaled, coefficients, steps, c)
    for name, values in merged.items():
        checks.close(again[name], values, 0, f"{name} of scaled statistics", absolute=1e-9 * np.abs(values).max())
