"""Golden values of the metrics: metrics.json.

    python3 Tests/Reference/metrics.py            # writes the file; needs NumPy only
    python3 Tests/Reference/metrics.py --check    # compares with scikit-learn and SciPy, where they are installed

Every value is computed from its definition and not the way that the program does: Matthews' correlation as the correlation of
indicator matrices, F1 from precision and recall, ranks by counting, the best assignment by trying all subsets.
What is undefined is null.
"""

import json
import math
import pathlib
import sys
from fractions import Fraction

import numpy as np

FILE = pathlib.Path(__file__).parent / "metrics.json"


def correlation(x, y):
    """Pearson's, in exact fractions up to the last root."""
    x, y = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    if len(set(x)) < 2 or len(set(y)) < 2:
        return None
    x, y = [v - sum(x) / len(x) for v in x], [v - sum(y) / len(y) for v in y]
    covariance = sum(a * b for a, b in zip(x, y))
    squared = covariance * covariance / (sum(a * a for a in x) * sum(b * b for b in y))
    return math.copysign(math.sqrt(squared), covariance)


def ranks(values):
    v = np.asarray(values, float)
    return [float(np.sum(v < a) + (np.sum(v == a) + 1) / 2) for a in v]


def matthews(labels, predictions, classes):
    """Gorodkin 2004, equation 1: the correlation of the matrices of indicators, summed over classes."""
    if len(set(labels)) < 2 or len(set(predictions)) < 2:
        return None
    x, y = np.eye(classes)[labels], np.eye(classes)[predictions]
    x, y = x - x.mean(0), y - y.mean(0)
    return float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))


def share(part, whole):
    return float(part / whole) if whole else None


def best_assignment(weights):
    """The largest sum of one entry per row and column, by dynamic programming over sets of columns."""
    n = len(weights)
    best = {0: 0}
    for row in weights:
        following = {}
        for chosen, total in best.items():
            for column in range(n):
                if not chosen >> column & 1:
                    key = chosen | 1 << column
                    following[key] = max(following.get(key, -math.inf), total + int(row[column]))
        best = following
    return best[(1 << n) - 1]


def classification(classes, labels, predictions):
    labels, predictions = np.asarray(labels, int), np.asarray(predictions, int)
    precision, recall, f1 = [], [], []
    for c in range(classes):
        both = np.sum((labels == c) & (predictions == c))
        p, r = share(both, np.sum(predictions == c)), share(both, np.sum(labels == c))
        precision.append(p)
        recall.append(r)
        if p is None and r is None:
            f1.append(None)
        elif not p or not r:
            f1.append(0.0)
        else:
            f1.append(2 * p * r / (p + r))
    known = [f for f in f1 if f is not None]
    accuracy = share(np.sum(labels == predictions), len(labels))
    confusion = [[int(np.sum((labels == i) & (predictions == j))) for j in range(classes)] for i in range(classes)]
    return {
        "classes": classes, "labels": labels.tolist(), "predictions": predictions.tolist(),
        "accuracy": accuracy,
        "standard_error": None if accuracy is None else math.sqrt(accuracy * (1 - accuracy) / len(labels)),
        "precision": precision, "recall": recall, "class_f1": f1,
        "f1": f1[1] if classes == 2 else (sum(known) / len(known) if known else None),
        "matthews": matthews(labels.tolist(), predictions.tolist(), classes),
        "confusion": confusion,
        "majority": int(np.argmax([np.sum(labels == c) for c in range(classes)])),
        "best_correct": best_assignment(confusion),
    }


def label_sets(labels, predictions):
    """The mean over all labels of 2 TP / (2 TP + FP + FN), 0 where that is 0 / 0; null where it is so for all labels."""
    labels, predictions = np.array(labels), np.array(predictions)
    right = (labels & predictions).sum(axis=0)
    either = labels.sum(axis=0) + predictions.sum(axis=0)
    values = [2 * r / e if e else 0.0 for r, e in zip(right, either)]
    return {"labels": labels.tolist(), "predictions": predictions.tolist(),
            "f1": sum(values) / len(values) if either.any() else None,
            "exact_match": float((labels == predictions).all(axis=1).mean())}


def pairs(x, y):
    return {"x": list(map(float, x)), "y": list(map(float, y)), "ranks": ranks(x), "pearson": correlation(x, y),
            "spearman": correlation(ranks(x), ranks(y))}


def cases():
    random = np.random.default_rng(20240311)
    single = [classification(2, [1, 1, 0, 0], [1, 1, 0, 0]), classification(2, [1, 1, 0, 0], [0, 0, 1, 1]),
              classification(2, [0, 0, 0], [0, 0, 0]), classification(2, [0, 1, 1], [0, 0, 0]),
              classification(2, [0, 0], [1, 1]), classification(3, [2, 2, 1], [2, 1, 1]), classification(3, [], [])]
    for classes, n, skill in [(2, 40, 0.8), (2, 500, 0.1), (3, 60, 0.5), (6, 200, 0.9), (9, 30, 0.3), (11, 400, 0.0)]:
        prior = random.dirichlet(np.ones(classes))
        labels = random.choice(classes, n, p=prior)
        order = random.permutation(classes)
        predictions = np.where(random.random(n) < skill, order[labels], random.integers(0, classes, n))
        single.append(classification(classes, labels, predictions))
    numbers = [pairs([1, 2, 3], [2, 4, 6]), pairs([1, 2, 3], [3, 2, 1]), pairs([1, 1, 1], [1, 2, 3]), pairs([], []),
               pairs([5], [5]), pairs([1e200, -1e200, 3e200], [1e-200, 2e-200, 3e-200])]
    for n in (10, 200):
        x = random.normal(size=n)
        numbers.append(pairs(np.round(x, 1), np.round(0.5 * x + random.normal(size=n), 1)))
    x = 1e6 + random.normal(size=50)
    numbers.append(pairs(x, x + random.normal(size=50)))
    weights = [random.integers(-20, 20, (n, n)).tolist() for n in (1, 2, 3, 5, 8, 12)]
    weights.append([[7] * 4] * 4)
    sets = [label_sets([[True, False]], [[True, False]]), label_sets([[False, False]], [[False, False]]),
            label_sets([[True, False, False], [True, True, False]], [[True, False, False], [False, True, False]])]
    for n, count, share in [(20, 3, 0.4), (100, 8, 0.1), (50, 12, 0.02)]:
        labels = random.random((n, count)) < share
        sets.append(label_sets(labels, np.where(random.random((n, count)) < 0.7, labels, random.random((n, count)) < share)))
    return {"classification": single, "label_sets": sets, "numbers": numbers,
            "assignment": [{"weights": w, "best": best_assignment(w)} for w in weights]}


def check(golden):
    import scipy.optimize
    import scipy.stats
    import sklearn.metrics as metrics

    for case in golden["classification"]:
        labels, predictions = case["labels"], case["predictions"]
        if not labels:
            continue
        assert math.isclose(case["accuracy"], metrics.accuracy_score(labels, predictions))
        average = {"average": "binary"} if case["classes"] == 2 else {"average": "macro"}
        if case["f1"] is not None:
            assert math.isclose(case["f1"], metrics.f1_score(labels, predictions, zero_division=0, **average))
        assert math.isclose(case["matthews"] or 0, metrics.matthews_corrcoef(labels, predictions), abs_tol=1e-12)
        rows, columns = scipy.optimize.linear_sum_assignment(np.array(case["confusion"]), maximize=True)
        assert case["best_correct"] == np.array(case["confusion"])[rows, columns].sum()
        found = metrics.precision_recall_fscore_support(labels, predictions, labels=range(case["classes"]), zero_division=0)
        for ours, theirs in zip(("precision", "recall", "class_f1"), found):
            assert np.allclose([v or 0 for v in case[ours]], theirs, rtol=1e-12)
    for case in golden["label_sets"]:
        labels, predictions = np.array(case["labels"]), np.array(case["predictions"])
        assert math.isclose(case["f1"] or 0, metrics.f1_score(labels, predictions, average="macro", zero_division=0))
        assert math.isclose(case["exact_match"], metrics.accuracy_score(labels, predictions))
    for case in golden["numbers"]:
        assert case["ranks"] == scipy.stats.rankdata(case["x"]).tolist() if case["x"] else True
        if case["pearson"] is not None and max(map(abs, case["x"])) < 1e100:
            assert math.isclose(case["pearson"], scipy.stats.pearsonr(case["x"], case["y"]).statistic, rel_tol=1e-9)
            assert math.isclose(case["spearman"], scipy.stats.spearmanr(case["x"], case["y"]).statistic, rel_tol=1e-12)
    for case in golden["assignment"]:
        rows, columns = scipy.optimize.linear_sum_assignment(np.array(case["weights"]), maximize=True)
        assert case["best"] == np.array(case["weights"])[rows, columns].sum()


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(json.loads(FILE.read_text()))
        print("equal to scikit-learn's and SciPy's values")
    else:
        FILE.write_text(json.dumps(cases(), separators=(",", ":")).replace("},{", "},\n{") + "\n")
