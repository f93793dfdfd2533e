"""BERT for sequence classification in JAX: shapes of the parameters and the forward pass of ONE example.

Written for clarity, from the description of the model (arXiv 1810.04805). No gradient is written here: every
derivative that the golden files hold comes from automatic differentiation of `logits`.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

BACKBONE = "bert."
ENCODER = "bert.encoder.layer."


@dataclass(frozen=True)
class Configuration:
    """The sizes of a model and the kind of its head: "single", "multi" or "regression"."""

    hidden: int = 18
    heads: int = 3
    intermediate: int = 40
    layers: int = 3
    vocabulary: int = 50
    positions: int = 24
    types: int = 2
    outputs: int = 3
    kind: str = "single"
    epsilon: float = 1e-12


def parameter_shapes(c):
    """Every parameter's name, as Hugging Face spells it, and its shape."""
    shapes = {}

    def linear(name, rows, columns):
        shapes[name + ".weight"] = (rows, columns)
        shapes[name + ".bias"] = (rows,)

    def layer_norm(name):
        shapes[name + ".weight"] = (c.hidden,)
        shapes[name + ".bias"] = (c.hidden,)

    shapes["bert.embeddings.word_embeddings.weight"] = (c.vocabulary, c.hidden)
    shapes["bert.embeddings.position_embeddings.weight"] = (c.positions, c.hidden)
    shapes["bert.embeddings.token_type_embeddings.weight"] = (c.types, c.hidden)
    layer_norm("bert.embeddings.LayerNorm")
    for index in range(c.layers):
        layer = f"{ENCODER}{index}."
        for name in ("query", "key", "value"):
            linear(layer + "attention.self." + name, c.hidden, c.hidden)
        linear(layer + "attention.output.dense", c.hidden, c.hidden)
        layer_norm(layer + "attention.output.LayerNorm")
        linear(layer + "intermediate.dense", c.intermediate, c.hidden)
        linear(layer + "output.dense", c.hidden, c.intermediate)
        layer_norm(layer + "output.LayerNorm")
    linear("bert.pooler.dense", c.hidden, c.hidden)
    linear("classifier", c.outputs, c.hidden)
    return shapes


def ones(c):
    """The masks at which all statistics are taken: (heads [L, H], neurons [L, I])."""
    return np.ones((c.layers, c.heads)), np.ones((c.layers, c.intermediate))


def logits(parameters, masks, token_ids, type_ids, c):
    """The outputs [C] of one example of T real tokens; no padding exists."""

    def linear(p, name, x):
        return x @ p[name + ".weight"].T + p[name + ".bias"]

    def layer_norm(p, name, x):
        mean = jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean((x - mean) ** 2, axis=-1, keepdims=True)
        standard = (x - mean) / jnp.sqrt(variance + c.epsilon)
        return standard * p[name + ".weight"] + p[name + ".bias"]

    length = token_ids.shape[0]
    size = c.hidden // c.heads

    def layer(x, variables):
        p, head_mask, neuron_mask = variables
        query, key, value = (
            linear(p, "attention.self." + name, x).reshape(length, c.heads, size) for name in ("query", "key", "value")
        )
        scores = jnp.einsum("ihd,jhd->hij", query, key) / jnp.sqrt(float(size))
        context = jnp.einsum("hij,jhd->ihd", jax.nn.softmax(scores, axis=-1), value)
        context = context * head_mask[None, :, None]
        attended = linear(p, "attention.output.dense", context.reshape(length, c.hidden))
        x = layer_norm(p, "attention.output.LayerNorm", attended + x)
        inner = linear(p, "intermediate.dense", x)
        activations = inner * 0.5 * (1.0 + jax.lax.erf(inner / jnp.sqrt(2.0)))
        activations = activations * neuron_mask
        return layer_norm(p, "output.LayerNorm", linear(p, "output.dense", activations) + x), None

    x = parameters["bert.embeddings.word_embeddings.weight"][token_ids]
    x = x + parameters["bert.embeddings.position_embeddings.weight"][:length]
    x = x + parameters["bert.embeddings.token_type_embeddings.weight"][type_ids]
    x = layer_norm(parameters, "bert.embeddings.LayerNorm", x)
    # The layers are stacked and scanned only because one layer compiles faster than all of them.
    first = ENCODER + "0."
    stacked = {
        name.removeprefix(first): jnp.stack(
            [parameters[f"{ENCODER}{i}.{name.removeprefix(first)}"] for i in range(c.layers)]
        )
        for name in parameters
        if name.startswith(first)
    }
    x, _ = jax.lax.scan(layer, x, (stacked, *masks))
    pooled = jnp.tanh(linear(parameters, "bert.pooler.dense", x[0]))
    return linear(parameters, "classifier", pooled)
