"""What a model's head sees of the outputs of its linear layers: the statistics `output_metric` and `kfac`, in float64.

With the columns s of a factor S Sᵀ = Cov(∂ log p / ∂z), g_t = ∂(sᵀz)/∂y_t for every row y_t that a layer puts out.
Zeros are added to each of these rows, and automatic differentiation of the logits tells what other numbers would do.
`check` holds that against finite differences and against the gradients of the weights.
"""

import jax
import jax.numpy as jnp
import numpy as np

import bert
import checks
import fisher
import gram

EMBEDDINGS = "embeddings"  # the sum of the three tables, before its LayerNorm
MOST_COLUMNS = 24
SEED_OF_PROJECTIONS = 0x5EED0F0514


def linear_layers(c):
    """The names of all linear layers that are merged, in the order in which the data flow."""
    modules = [module for group in gram.PLACES.values() for module in group]
    return [f"{bert.ENCODER}{i}.{module}" for i in range(c.layers) for module in modules] + ["bert.pooler.dense"]


def place(module):
    """How `gram.forward` calls the input of a layer."""
    index, _, rest = module.removeprefix(bert.ENCODER).partition(".")
    return next((f"{index}.{place}" for place, modules in gram.PLACES.items() if rest in modules), "pooler")


def site(module):
    """How a statistics file calls the outputs of a layer."""
    return module if module == EMBEDDINGS else module + ".weight"


def no_shifts(c, length):
    """The zeros that are added: [T, d] at every layer, one row at the pooler."""
    width = {module: c.intermediate if "intermediate" in module else c.hidden for module in linear_layers(c)}
    shifts = {module: np.zeros((1 if "pooler" in module else length, d)) for module, d in width.items()}
    return {EMBEDDINGS: np.zeros((length, c.hidden))} | shifts


def shifted_logits(p, shifts, ids, types, c):
    """`bert.logits` once more, layer after layer, with something added to what each linear layer puts out."""

    def linear(name, x):
        return x @ p[name + ".weight"].T + p[name + ".bias"] + shifts[name]

    def layer_norm(name, x):
        x = x - jnp.mean(x, axis=1, keepdims=True)
        x = x / jnp.sqrt(jnp.mean(x * x, axis=1, keepdims=True) + c.epsilon)
        return x * p[name + ".weight"] + p[name + ".bias"]

    tables = (("word", ids), ("position", np.arange(len(ids))), ("token_type", types))
    x = sum(p[f"bert.embeddings.{name}_embeddings.weight"][rows] for name, rows in tables) + shifts[EMBEDDINGS]
    x = layer_norm("bert.embeddings.LayerNorm", x)
    for index in range(c.layers):
        prefix = f"{bert.ENCODER}{index}."
        q, k, v = (linear(prefix + name, x).reshape(len(ids), c.heads, -1) for name in gram.PLACES["attention"])
        shares = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k) / np.sqrt(c.hidden // c.heads).astype(q.dtype), axis=2)
        context = jnp.einsum("hij,jhd->ihd", shares, v).reshape(len(ids), -1)
        x = layer_norm(prefix + "attention.output.LayerNorm", linear(prefix + "attention.output.dense", context) + x)
        active = jax.nn.gelu(linear(prefix + "intermediate.dense", x), approximate=False)
        x = layer_norm(prefix + "output.LayerNorm", linear(prefix + "output.dense", active) + x)
    pooled = jnp.tanh(linear("bert.pooler.dense", x[:1]))
    return (pooled @ p["classifier.weight"].T + p["classifier.bias"])[0]


def _twice(*arguments):
    return (z := shifted_logits(*arguments)), z


value = jax.jit(shifted_logits, static_argnums=4)
derivatives = jax.jit(jax.jacrev(_twice, argnums=(0, 1), has_aux=True), static_argnums=4)


def arrays(example):
    return np.array(example["token_ids"], dtype=np.int32), np.array(example["type_ids"], dtype=np.int32)


def columns(z, seed=None, row=None, draws=None):
    """S [C, columns] of exclusive classes; with `draws` the columns S ω / √draws of the expectation `sketched`.

    Bit 63 of mix(h ^ s) is the sign of column s of S, with the h of a drawn label.
    """
    p = np.exp(z - z.max())
    factor = checks.householder_factor(p / p.sum())
    if draws is None or factor.shape[1] <= draws:
        return factor
    keys = [fisher.draw_key(seed, row, draw) for draw in range(draws)]
    signs = [[-1.0 if fisher.mix(key ^ s) >> 63 else 1.0 for key in keys] for s in range(factor.shape[1])]
    return factor @ np.array(signs) / np.sqrt(draws)


def gradients(p, example, c):
    """The logits; their gradients [C, ...] by parameter, and by the rows that linear layers put out."""
    ids, types = arrays(example)
    (by_parameter, by_output), z = jax.tree.map(np.asarray, derivatives(p, no_shifts(c, len(ids)), ids, types, c))
    return z, by_parameter, by_output


def projection(outputs):
    """Ω: random signs, column after column, made orthonormal one after the other; no more columns than outputs.

    Gram and Schmidt's process is the QR decomposition whose R has a positive diagonal.
    """
    count = min(outputs, MOST_COLUMNS)
    if outputs == count:
        return np.eye(outputs)
    start, increment = SEED_OF_PROJECTIONS ^ outputs, 0x9E3779B97F4A7C15
    bits = [fisher.mix((start + i * increment) & fisher.MASK64) >> 63 for i in range(outputs * count)]
    q, r = np.linalg.qr(np.where(np.array(bits) == 0, 1.0, -1.0).reshape(count, outputs).T)
    assert np.abs(np.diag(r)).min() > 0.1, "the program would leave out signs that others nearly have"
    return q * np.sign(np.diag(r))


class Statistics:
    """Sums over the examples: Y = Σ g (gᵀΩ) and B = Σ g gᵀ by site; the diagonal Fisher; the counts of tokens.

    Of the traces Σ ‖g‖² each example's is kept.
    """

    def __init__(self, p, examples, c, seed=None, draws=None):
        self.count = len(examples)
        self.tokens = np.bincount(np.concatenate([e["token_ids"] for e in examples]), minlength=c.vocabulary)
        self.outer, self.sketch, self.traces, self.fisher = {}, {}, {}, {}
        for row, example in enumerate(examples):
            z, by_parameter, by_output = gradients(p, example, c)
            s = columns(z, seed, row, draws)
            for name, jacobian in by_parameter.items():
                passes = np.tensordot(s.T, jacobian, axes=1)
                self.fisher[name] = self.fisher.get(name, 0.0) + np.sum(passes**2, axis=0)
            for module, jacobian in by_output.items():
                g = np.einsum("ck,ctd->ktd", s, jacobian).reshape(-1, jacobian.shape[2])
                omega = projection(g.shape[1])
                name = site(module)
                self.outer[name] = self.outer.get(name, 0.0) + g.T @ g
                self.sketch[name] = self.sketch.get(name, 0.0) + sum(np.outer(a, a @ omega) for a in g)
                self.traces.setdefault(name, []).append(float(np.sum(g**2)))
        for name, outer in self.outer.items():
            whole = outer @ projection(len(outer))
            checks.close(self.sketch[name], whole, 0, f"Y of {name}", absolute=1e-13 * np.abs(outer).max())
            checks.close(np.trace(outer), sum(self.traces[name]), 1e-12, f"trace of {name}")

    def _with_traces(self, kind, tensors):
        result = {}
        for name, values in tensors.items():
            traces = np.array(self.traces[name])
            if values is not None:
                result[f"{kind}.{name}"] = values
            result[f"{kind}.{name}.trace"] = np.array([traces.sum()])
            result[f"{kind}.{name}.second_moment"] = np.array([np.sum(traces**2)])
        return result

    def output_metric(self):
        return self._with_traces("output_metric", self.sketch) | {"token_counts": self.tokens.astype(float)}

    def traces_alone(self):
        return self._with_traces("output_metric", dict.fromkeys(self.traces))

    def kfac(self):
        return self._with_traces("kfac", {n: gram.packed(b) for n, b in self.outer.items() if n != EMBEDDINGS})


def check(p, examples, c, random):
    """The forward pass, the gradients at rows and those of the weights, each against something else."""
    for row, example in enumerate(examples):
        ids, types = arrays(example)
        z, by_parameter, by_output = gradients(p, example, c)
        inputs, plain = gram.forward(p, example, c)
        checks.close(z, plain, 1e-10, "logits", absolute=1e-11)
        # ∂z/∂W is the sum of g xᵀ over the rows, ∂z/∂b that of g, and a row of a table gets what stands at its words.
        for module in linear_layers(c):
            x, g = inputs[place(module)], by_output[module]
            for name, wanted in (("weight", np.einsum("ctd,ti->cdi", g, x)), ("bias", g.sum(axis=1))):
                size = np.abs(by_parameter[f"{module}.weight"]).max()
                checks.close(by_parameter[f"{module}.{name}"], wanted, 0, f"{module}.{name}", absolute=1e-12 * size)
        words = np.zeros((c.outputs, c.vocabulary, c.hidden))
        np.add.at(words, (slice(None), ids), by_output[EMBEDDINGS])
        name = "bert.embeddings.word_embeddings.weight"
        checks.close(by_parameter[name], words, 0, name, absolute=1e-13 * np.abs(words).max())
        if row != 3:
            continue
        # Four-point differences at the largest entry of every site and at another one.
        for module, shift in (shifts := no_shifts(c, len(ids))).items():
            g = by_output[module]
            for flat in (int(np.argmax(np.abs(g[0]))), int(random.integers(shift.size))):
                entry, difference = np.unravel_index(flat, shift.shape), 0.0
                for offset, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                    shift[entry] = offset * 1e-4
                    difference += weight * np.asarray(value(p, shifts, ids, types, c)) / 12e-4
                shift[entry] = 0
                checks.close(difference, g[(slice(None), *entry)], 1e-6, f"∂{module}{entry}", absolute=1e-8)
