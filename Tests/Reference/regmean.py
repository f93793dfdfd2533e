"""RegMean in NumPy and float64, one literal least-squares problem for each case: no Gram matrix, no normal equations.

For model j with inputs X (rows × n), weight matrix W_j and factor w = λ_j c_j, the rows

    √(w α) X,   √(w (1 − α) Σ_t x_ti²) e_i for each input i,   √(λ_j ρ) e_i where a ridge ρ is needed

are stacked, their targets being what W_j gives on them; an SVD solves. The normal equations of that are the rule's
formula, and `check` asserts so. Inputs that are zero in all data get the λ-weighted average.

    python Tests/Reference/regmean.py     # writes golden/regmean.json; make_golden.py does so too
"""

import json
from pathlib import Path

import numpy as np

import checks

INPUTS, OUTPUTS, RIDGE = 6, 7, 1e-6
COEFFICIENTS = np.array([0.2, 0.5, 1.0])
ROWS = {"full": (40, 25, 12), "deficient": (2, 1, 1), "dead": (30, 20, 9)}
DEAD = 2


def data():
    """Inputs with a mean, correlated and of different sizes, exact in four decimals; parameters exact in Float."""
    random = np.random.default_rng(2212_09849)
    parameters = random.normal(size=(3, OUTPUTS, INPUTS + 1)).astype(np.float32).astype(np.float64)
    inputs = {}
    for name, rows in ROWS.items():
        inputs[name] = []
        for count in rows:
            mixing = random.normal(size=(INPUTS, INPUTS)) * random.uniform(0.2, 3, size=INPUTS)
            x = np.round(random.normal(size=(count, INPUTS)) @ mixing + random.normal(size=INPUTS), 4)
            if name == "dead":
                x[:, DEAD] = 0
            inputs[name].append(x)
    return parameters, inputs


def factors(inputs, per_row):
    """λ_j c_j, with the λ divided by their sum."""
    return [c / (len(x) if per_row else 1) for c, x in zip(COEFFICIENTS / COEFFICIENTS.sum(), inputs)]


def merge(parameters, inputs, alpha, per_row, joint):
    """W* with b* as its last column, and the relative ridge."""
    average = np.einsum("j,joi->oi", COEFFICIENTS / COEFFICIENTS.sum(), parameters)
    if joint:
        inputs = [np.hstack([x, np.ones((len(x), 1))]) for x in inputs]
    unknowns = inputs[0].shape[1]
    squares = sum(w * (x**2).sum(axis=0) for w, x in zip(factors(inputs, per_row), inputs))
    alive = np.flatnonzero(squares > 0)
    ridge = 0.0
    if alpha == 1 and np.linalg.matrix_rank(np.vstack(inputs)) < len(alive):
        ridge = RIDGE
    rows, targets = [], []
    for x, own, w, c in zip(inputs, parameters, factors(inputs, per_row), COEFFICIENTS / COEFFICIENTS.sum()):
        blocks = [
            np.sqrt(w * alpha) * x,
            np.diag(np.sqrt(w * (1 - alpha) * (x**2).sum(axis=0))),
            np.sqrt(c * ridge * squares[alive].mean()) * np.eye(unknowns),
        ]
        for block in blocks:
            rows.append(block[:, alive])
            # Dead inputs of the data are zero; in a ridge's rows they are unknowns of their own.
            targets.append(block[:, alive] @ own[:, :unknowns].T[alive])
    solution = np.linalg.lstsq(np.vstack(rows), np.vstack(targets), rcond=1e-15)[0]
    merged = average.copy()
    merged[:, alive] = solution.T
    check(merged, parameters, inputs, alpha, per_row, ridge * squares[alive].mean(), average)
    return merged, ridge


def check(merged, parameters, inputs, alpha, per_row, ridge, average):
    """The rule's formula: (Σ λ c G̃ + ρ I) W*ᵀ = Σ λ c G̃ W_jᵀ + ρ W̄ᵀ."""
    unknowns = inputs[0].shape[1]
    left, right = ridge * np.eye(unknowns), ridge * average[:, :unknowns].T
    for x, own, w in zip(inputs, parameters, factors(inputs, per_row)):
        gram = x.T @ x
        scaled = w * (alpha * gram + (1 - alpha) * np.diag(np.diag(gram)))
        left = left + scaled
        right = right + scaled @ own[:, :unknowns].T
    size = np.abs(left).max() * np.abs(merged).max()
    checks.close(left @ merged[:, :unknowns].T, right, 0, "the normal equations", absolute=1e-11 * size)


def golden():
    parameters, inputs = data()
    value = {
        "coefficients": COEFFICIENTS.tolist(),
        "weights": parameters[:, :, :INPUTS].tolist(),
        "biases": parameters[:, :, INPUTS].tolist(),
        "inputs": {name: {str(j): x.tolist() for j, x in enumerate(sets)} for name, sets in inputs.items()},
        "cases": {},
    }
    for name, sets in inputs.items():
        for alpha in (0.0, 0.1, 0.9, 1.0) if name == "full" else (0.9, 1.0):
            for per_row in (1, 0):
                for joint in (0, 1):
                    merged, ridge = merge(parameters, sets, alpha, per_row, joint)
                    case = {"alpha": alpha, "perRow": per_row, "joint": joint, "ridge": ridge}
                    case |= {"weight": merged[:, :INPUTS].tolist(), "bias": merged[:, INPUTS].tolist()}
                    key = f"{name} {alpha} {'per-row' if per_row else 'sum'} {'joint' if joint else 'mean'}"
                    value["cases"][key] = case
    return value


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(golden(), indent=None, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    write(Path(__file__).parent / "golden" / "regmean.json")
