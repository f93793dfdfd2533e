"""Task arithmetic and TIES in plain NumPy, in the words of their papers; writes golden/merged/{task-arithmetic,ties}.*.

Runs alone, with NumPy only: `python3 Tests/Reference/task_vectors.py`, and `--check` compares with the committed files.
Sources: Ilharco et al. 2023 (arXiv 2212.04089); Yadav et al. 2023 (arXiv 2306.01708). Weights, `normalize`, `lambda` and
`density` mean what they mean in mergekit.
"""

import json
import pathlib
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
BASE, MODELS = "multilabel", ["two", "three", "five"]

CASES = {
    "task-arithmetic.plain": dict(weights=[0.2, 0.5, 1.0]),
    "task-arithmetic.normalized": dict(weights=[1.0, -0.5, 2.0], scale=0.7, normalize=True),
    "ties.plain": dict(weights=[1.0, 1.0, 1.0], density=[1.0] * 3, normalize=True),
    "ties.dense": dict(weights=[0.2, 0.5, 1.0], density=[0.3] * 3, normalize=True),
    "ties.sum": dict(weights=[1.0, -0.5, 2.0], density=[0.2, 0.5, 1.0], scale=1.3, normalize=False),
}


def read(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": "<f4", "F64": "<f8"}
    return {
        name: np.frombuffer(data, kinds[e["dtype"]], int(np.prod(e["shape"])), 8 + length + e["data_offsets"][0]).reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__" and e["dtype"] in kinds
    }


def write(path, tensors, metadata):
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in sorted(tensors):
        block = tensors[name].astype("<f8").tobytes()
        header[name] = {"dtype": "F64", "shape": list(tensors[name].shape), "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def trimmed(difference, density):
    """The differences of largest magnitude, in single precision as they are stored; of equal ones the first; else 0."""
    kept = max(1, int(density * difference.size))
    order = np.argsort(-np.abs(difference.reshape(-1)), kind="stable")
    mask = np.zeros(difference.size, bool)
    mask[order[:kept]] = True
    return mask.reshape(difference.shape)


def merge(base, models, weights, density=None, scale=1.0, normalize=False):
    """One tensor of the merged model, in float64."""
    exact = [m.astype(np.float64) - base.astype(np.float64) for m in models]
    if density is None:
        mixed = sum(w * d for w, d in zip(weights, exact))
        total = np.full(base.shape, sum(weights))
    else:
        kept = [trimmed(m - base, d) for m, d in zip(models, density)]
        terms = np.stack([w * np.where(k, d, 0.0) for w, k, d in zip(weights, kept, exact)])
        sign = np.where(terms.sum(0) >= 0, 1.0, -1.0)
        agrees = np.sign(terms) == sign
        mixed = (terms * agrees).sum(0)
        total = (np.array(weights).reshape(-1, *[1] * base.ndim) * agrees).sum(0)
    if normalize:
        mixed = mixed / np.where(np.abs(total) < 1e-8, 1.0, total)
    return base.astype(np.float64) + scale * mixed


def main():
    def model(name):
        return read(HERE / "models" / name / "model.safetensors")

    base, models = model(BASE), [model(name) for name in MODELS]
    shared = [name for name in models[0] if not name.startswith("classifier.")]
    for file, case in CASES.items():
        merged = {name: merge(base[name], [m[name] for m in models], **case) for name in shared}
        path = HERE / "golden" / "merged" / f"{file}.safetensors"
        if "--check" in sys.argv:
            known = read(path)
            assert set(known) == set(merged) and all(np.allclose(known[n], merged[n], 1e-12, 1e-15) for n in merged), file
        else:
            write(path, merged, {"base": BASE, "models": " ".join(MODELS)} | {k: str(v) for k, v in case.items()})


if __name__ == "__main__":
    main()
