"""The merge rules in plain NumPy, as docs/mathematics.md states them. Statistics come in as MEANS over examples."""

import numpy as np

# A weight below this fraction of its family's largest is rounding noise around an exact zero.
NEGLIGIBLE = 1e-12


def weighted_average(tensors, weights, coefficients):
    """Σ λ_j w_j θ_j / Σ λ_j w_j for every entry; where all weights are zero, Σ λ_j θ_j / Σ λ_j."""
    total = np.zeros(tensors[0].shape)
    numerator = np.zeros(tensors[0].shape)
    for tensor, weight, coefficient in zip(tensors, weights, coefficients):
        weight = np.broadcast_to(coefficient * np.asarray(weight), tensor.shape)
        total += weight
        numerator += weight * tensor
    plain = sum(c * t for c, t in zip(coefficients, tensors)) / sum(coefficients)
    return np.where(total > 0, numerator / np.where(total > 0, total, 1), plain)


def linear(models, coefficients):
    return {
        name: weighted_average([m[name] for m in models], [1.0] * len(models), coefficients) for name in models[0]
    }


def family(name):
    """The module to which a tensor belongs: the weight and the bias of one layer are judged together."""
    return name.rpartition(".")[0]


def without_noise(fisher):
    """Entries below NEGLIGIBLE of the largest of their family as exact zeros.

    The family matters: `key.bias` has a Fisher of exactly 0, so its own largest entry is noise too, and only the
    comparison with `key.weight` shows that.
    """
    largest = {}
    for name, values in fisher.items():
        largest[family(name)] = max(largest.get(family(name), 0.0), float(values.max()))
    return {name: np.where(v < NEGLIGIBLE * largest[family(name)], 0.0, v) for name, v in fisher.items()}


def fisher(models, fishers, coefficients, floor, normalize):
    """θ* = Σ λ F̃ θ / Σ λ F̃, F̃ = max(F / norm, floor), with the norm of the unfloored F."""
    clean = [without_noise(f) for f in fishers]
    merged = {}
    for name in models[0]:
        weights = []
        for f in clean:
            norm = 1.0
            if normalize == "global":
                norm = np.sqrt(sum(np.sum(v**2) for v in f.values()))
            elif normalize == "tensor":
                norm = np.sqrt(np.sum(f[name] ** 2))
            weights.append(np.maximum(f[name] / norm if norm > 0 else 0 * f[name], floor))
        merged[name] = weighted_average([m[name] for m in models], weights, coefficients)
    return merged


def mask_weight(name, heads, neurons, head_size, rule):
    """The weight of one tensor of one model, in a shape that broadcasts to the tensor's."""
    attention = heads.mean(axis=1)  # h̄_l
    feed_forward = neurons.mean(axis=1)  # n̄_l
    if not name.startswith("bert.encoder.layer."):
        return np.mean(attention + feed_forward)  # u
    number, _, rest = name.removeprefix("bert.encoder.layer.").partition(".")
    layer = int(number)
    per_row = np.repeat(heads[layer], head_size)
    row_shape = (-1, 1) if name.endswith("weight") else (-1,)
    module, _, part = rest.rpartition(".")
    structural = rule == "structural"
    if module in ("attention.self.query", "attention.self.key"):
        return per_row.reshape(row_shape)
    if module == "attention.self.value":
        return per_row.reshape(row_shape) if structural else attention[layer]
    if module == "attention.output.dense":
        return per_row[None, :] if structural and part == "weight" else attention[layer]
    if module == "attention.output.LayerNorm":
        return attention[layer]
    if module == "intermediate.dense":
        return neurons[layer].reshape(row_shape)
    if module == "output.dense":
        return neurons[layer][None, :] if structural and part == "weight" else feed_forward[layer]
    assert module == "output.LayerNorm", name
    return feed_forward[layer]


def mask_fisher(models, masks, coefficients, head_count, rule, normalize):
    """`masks`: for each model (heads [L, H], neurons [L, I])."""
    clean = []
    for pair in masks:
        heads, neurons = (np.where(m < NEGLIGIBLE * m.max(), 0.0, m) for m in pair)
        scale = np.mean(heads.mean(axis=1) + neurons.mean(axis=1)) if normalize == "model" else 1.0
        clean.append((heads / scale, neurons / scale))
    hidden = models[0]["bert.pooler.dense.bias"].shape[0]
    merged = {}
    for name in models[0]:
        weights = [mask_weight(name, h, n, hidden // head_count, rule) for h, n in clean]
        merged[name] = weighted_average([m[name] for m in models], weights, coefficients)
    return merged
