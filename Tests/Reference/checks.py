"""What the golden values are held against before they are written. Each check raises AssertionError.

The forward pass is restated in NumPy with loops over heads and tokens and `math.erf`; finite differences of that
restatement, not of the JAX function, are compared with JAX's gradients.
"""

import math

import numpy as np

import bert


def close(actual, wanted, relative, what, absolute=0.0):
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    error = np.max(np.abs(actual - wanted) - relative * np.abs(wanted) - absolute, initial=-1.0)
    assert error <= 0, f"{what}: largest difference {np.max(np.abs(actual - wanted))}"


def plain_logits(p, masks, ids, types, c, inputs=None):
    """`bert.logits` again, one head and one token at a time.

    A dictionary `inputs` receives the rows of inputs of all linear layers, as gram.py names them.
    """
    inputs = {} if inputs is None else inputs
    size = c.hidden // c.heads

    def norm(name, x):
        centred = x - x.sum() / len(x)
        deviation = math.sqrt((centred * centred).sum() / len(x) + c.epsilon)
        return p[name + ".weight"] * centred / deviation + p[name + ".bias"]

    def affine(name, x):
        return p[name + ".weight"].dot(x) + p[name + ".bias"]

    rows = []
    for position, (token, kind) in enumerate(zip(ids, types)):
        e = p["bert.embeddings.word_embeddings.weight"][token].copy()
        e += p["bert.embeddings.position_embeddings.weight"][position]
        e += p["bert.embeddings.token_type_embeddings.weight"][kind]
        rows.append(norm("bert.embeddings.LayerNorm", e))
    for l in range(c.layers):
        prefix = f"bert.encoder.layer.{l}."
        q, k, v = ([affine(prefix + "attention.self." + n, x) for x in rows] for n in ("query", "key", "value"))
        inputs[f"{l}.attention"] = rows
        contexts, normed, activations, after = [], [], [], []
        for t, x in enumerate(rows):
            context = np.zeros(c.hidden)
            for h in range(c.heads):
                span = slice(h * size, (h + 1) * size)
                scores = [q[t][span].dot(other[span]) / math.sqrt(size) for other in k]
                powers = [math.exp(s - max(scores)) for s in scores]
                for power, other in zip(powers, v):
                    context[span] += masks[0][l][h] * power / sum(powers) * other[span]
            x = norm(prefix + "attention.output.LayerNorm", affine(prefix + "attention.output.dense", context) + x)
            inner = affine(prefix + "intermediate.dense", x)
            active = np.array([a * 0.5 * (1 + math.erf(a / math.sqrt(2))) for a in inner]) * masks[1][l]
            after.append(norm(prefix + "output.LayerNorm", affine(prefix + "output.dense", active) + x))
            contexts.append(context)
            normed.append(x)
            activations.append(active)
        inputs |= {f"{l}.attention_output": contexts, f"{l}.intermediate": normed, f"{l}.output": activations}
        rows = after
    pooled = np.array([math.tanh(a) for a in affine("bert.pooler.dense", rows[0])])
    inputs |= {"pooler": rows[:1], "classifier": [pooled]}
    return affine("classifier", pooled)


def plain_log_likelihood(z, label, kind):
    if kind == "single":
        return z[label] - max(z) - math.log(sum(math.exp(a - max(z)) for a in z))
    if kind == "multi":
        return sum(-math.log1p(math.exp(-a if y else a)) for a, y in zip(z, label))
    return -0.5 * (label - z[0]) ** 2 - 0.5 * math.log(2 * math.pi)


def finite_differences(parameters, c, examples, labels, statistics, random, step=1e-4):
    """Four-point central differences at two entries of every tensor and of both masks; the number of entries."""
    masks = bert.ones(c)
    checked = 0
    for index, (example, label) in enumerate(zip(examples, labels)):
        ids, types = example["token_ids"], example["type_ids"]
        z = plain_logits(parameters, masks, ids, types, c)
        close(z, statistics.logits[index], 1e-10, f"logits of example {index}", absolute=1e-11)
        close(plain_log_likelihood(z, label, c.kind), statistics.log_likelihood[index], 1e-10, "log p", 1e-11)
        if index not in (3, 5):
            continue
        by_parameter, by_mask = statistics.label_gradients[index]
        variables = {name: (values, by_parameter[name]) for name, values in parameters.items()}
        variables["head_mask"], variables["neuron_mask"] = zip(masks, by_mask)
        for name, (values, gradient) in variables.items():
            # The entry with the largest gradient, and any other.
            for flat in (int(np.argmax(np.abs(gradient))), int(random.integers(values.size))):
                entry = tuple(int(i) for i in np.unravel_index(flat, values.shape))
                kept, difference = values[entry], 0.0
                for offset, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                    values[entry] = kept + offset * step
                    moved = plain_logits(parameters, masks, ids, types, c)
                    difference += weight * plain_log_likelihood(moved, label, c.kind) / (12 * step)
                values[entry] = kept
                close(difference, gradient[entry], 1e-6, f"∂{name}{entry}", absolute=1e-8)
                checked += 1
    return checked


def identities(parameters, c, statistics):
    """The identities of docs/mathematics.md, for every example and every outcome."""
    size = c.hidden // c.heads
    for g, (head_mask, neuron_mask) in statistics.outcome_gradients:
        scale = max(float(np.max(np.abs(v))) for v in g.values())
        for l in range(c.layers):
            prefix = f"bert.encoder.layer.{l}."

            def inner(name, axes):
                return np.sum(parameters[prefix + name] * g[prefix + name], axis=axes)

            key_bias = np.abs(g[prefix + "attention.self.key.bias"])
            assert key_bias.max() <= 1e-13 * scale, f"layer {l}: key.bias has a gradient of {key_bias.max()}"
            output = inner("attention.output.dense.weight", 1).reshape(-1, c.heads, size).sum(axis=2)
            value = inner("attention.self.value.weight", 2) + parameters[prefix + "attention.self.value.bias"] * g[
                prefix + "attention.self.value.bias"
            ]
            close(output, head_mask[:, l], 1e-10, "head mask from W_O", absolute=1e-12 * scale)
            value = value.reshape(-1, c.heads, size).sum(axis=2)
            close(value, head_mask[:, l], 1e-10, "head mask from W_V", absolute=1e-12 * scale)
            columns = inner("output.dense.weight", 1)
            close(columns, neuron_mask[:, l], 1e-10, "neuron mask from the second matrix", absolute=1e-12 * scale)


def householder_factor(p):
    """S [C, C-1] with S Sᵀ = diag(p) - p pᵀ."""
    k = int(np.argmax(p))
    v = np.sqrt(p)
    v[k] += 1
    v /= np.linalg.norm(v)
    reflection = np.eye(len(p)) - 2 * np.outer(v, v)
    return np.delete(np.sqrt(p)[:, None] * reflection, k, axis=1)


def factorisation(statistics, c):
    """`expected` by its definition against the closed forms that a program would use, which need ∂z alone."""
    total = {name: np.zeros(v.shape) for name, v in statistics.full["expected"].items()}
    for z, gradients in zip(statistics.logits, statistics.output_gradients):
        if c.kind == "single":
            p = np.exp(z - z.max())
            p /= p.sum()
            s = householder_factor(p)
            close(s @ s.T, np.diag(p) - np.outer(p, p), 0, "S Sᵀ", absolute=1e-15)
        elif c.kind == "multi":
            p = 1 / (1 + np.exp(-z))
            s = np.diag(np.sqrt(p * (1 - p)))
        else:
            s = np.eye(1)
        for name, g in gradients.items():
            total[name] += np.sum(np.tensordot(s.T, g, axes=1) ** 2, axis=0)
    for name, wanted in statistics.full["expected"].items():
        close(total[name], wanted, 1e-9, f"{name}: closed form", absolute=1e-16 * float(wanted.max()) + 1e-24)
