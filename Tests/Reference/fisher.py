"""Fisher information of one example by its literal definition, with automatic differentiation.

Every expectation is a weighted list of OUTCOMES y: F = Σ_y w(y) (∂ log p(y|x) / ∂θ)². For `expected` the list holds all
outcomes with w = p, so that nothing of the C - 1 pass factorisation is used. The list for a head
- with C exclusive classes: the C classes;
- with C independent labels: the 2^C label vectors;
- of regression with unit variance: z + 1 and z - 1 with w = 1/2 each, which is the two-point Gauss-Hermite rule and
  therefore exact for the second moment of the normal distribution, then the data set's target, then the draws.
"""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import bert

EXPECTATIONS = ("expected", "empirical", "sampled", "argmax")
MASK64 = (1 << 64) - 1


def mix(x):
    """SplitMix64's output function of the state x."""
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def draw_key(seed, example, draw):
    return mix(mix(mix(seed) ^ example) ^ draw)


def uniform(h):
    """A number in [0, 1) from the upper 53 bits."""
    return (h >> 11) * 2.0**-53


def draw_class(probabilities, seed, example, draw):
    """The smallest class whose cumulative probability exceeds u, and the distance of u from the nearest boundary."""
    u = uniform(draw_key(seed, example, draw))
    cumulative = np.cumsum(probabilities)
    above = np.nonzero(cumulative > u)[0]
    chosen = int(above[0]) if len(above) else len(probabilities) - 1
    return chosen, float(np.min(np.abs(cumulative[:-1] - u)))


def draw_labels(probabilities, seed, example, draw):
    """Independent labels: output c is 1 when uniform(mix(h ^ c)) < p_c, h being the key of (seed, example, draw)."""
    h = draw_key(seed, example, draw)
    u = np.array([uniform(mix(h ^ c)) for c in range(len(probabilities))])
    return (u < probabilities).astype(int), float(np.min(np.abs(u - probabilities)))


def draw_residual(seed, example, draw):
    """y - z of regression: standard normal by Box and Muller."""
    u1 = 1.0 - uniform(draw_key(seed, example, 2 * draw))
    u2 = uniform(draw_key(seed, example, 2 * draw + 1))
    return float(np.sqrt(-2.0 * np.log(u1)) * np.cos(2.0 * np.pi * u2))


def label_vectors(outputs):
    return np.array(list(itertools.product((0, 1), repeat=outputs)))


def log_likelihoods(z, targets, kind):
    """log p of every outcome of the list. `targets` matters to regression alone."""
    if kind == "single":
        return jax.nn.log_softmax(z)
    if kind == "multi":
        y = label_vectors(z.shape[0])
        return jnp.sum(y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z), axis=1)
    return -0.5 * (targets - z[0]) ** 2 - 0.5 * jnp.log(2 * jnp.pi)


@partial(jax.jit, static_argnums=5)
def gradients(parameters, masks, token_ids, type_ids, targets, c):
    """∂ log p(y) for every outcome y, then ∂z of every output: (by parameter name, (head mask, neuron mask)).

    The first axis counts the outcomes and then the outputs; the outputs' own gradients serve the checks alone.
    """

    def f(parameters, masks):
        z = bert.logits(parameters, masks, token_ids, type_ids, c)
        return jnp.concatenate([log_likelihoods(z, targets, c.kind), z])

    return jax.jacrev(f, argnums=(0, 1))(parameters, masks)


forward = partial(jax.jit, static_argnums=4)(bert.logits)


def outcome_weights(z, label, c, seed, draws, example):
    """For each expectation its weights over the list of outcomes; the targets of regression; the decision margin."""
    z = np.asarray(z)
    margin = np.inf
    if c.kind == "regression":
        residuals = [draw_residual(seed, example, draw) for draw in range(draws)]
        targets = np.array([z[0] + 1, z[0] - 1, label] + [z[0] + r for r in residuals])
        weights = np.zeros((3, len(targets)))
        weights[0, :2] = 0.5
        weights[1, 2] = 1
        weights[2, 3:] = 1 / draws
        return dict(zip(("expected", "empirical", "sampled"), weights)), targets, margin

    if c.kind == "single":
        probabilities = np.exp(log_likelihoods(z, None, "single"))
        of_outcome = probabilities
        number = int
        best = int(np.argmax(z))
        margin = min(margin, float(np.diff(np.sort(z)[-2:])[0]))
        draw_one = draw_class
    else:
        probabilities = 1 / (1 + np.exp(-z))
        of_outcome = np.exp(log_likelihoods(z, None, "multi"))
        vectors = [tuple(v) for v in label_vectors(c.outputs)]
        number = lambda y: vectors.index(tuple(int(v) for v in y))
        best = number(probabilities >= 0.5)
        margin = min(margin, float(np.min(np.abs(probabilities - 0.5))))
        draw_one = draw_labels
    weights = {name: np.zeros(len(of_outcome)) for name in EXPECTATIONS}
    weights["expected"][:] = of_outcome
    weights["empirical"][number(label)] = 1
    weights["argmax"][best] = 1
    for draw in range(draws):
        y, distance = draw_one(probabilities, seed, example, draw)
        weights["sampled"][number(y)] += 1 / draws
        margin = min(margin, distance)
    return weights, np.zeros(0), margin


class Statistics:
    """Sums over examples, by expectation: parameters (full diagonal Fisher) and masks; and what led to them."""

    def __init__(self, parameters, c, examples, labels, seed, draws):
        masks = bert.ones(c)
        names = [e for e in EXPECTATIONS if not (c.kind == "regression" and e == "argmax")]
        self.count = len(examples)
        self.logits, self.log_likelihood, self.margin = [], [], np.inf
        self.full = {e: {n: np.zeros(np.shape(v)) for n, v in parameters.items()} for e in names}
        self.masks = {e: [np.zeros_like(m) for m in masks] for e in names}
        self.expected_masks_by_example = []
        self.label_gradients = []  # of log p(label): (by parameter, masks), one per example
        self.outcome_gradients = []  # (by parameter, masks), one per example, outcomes first
        self.output_gradients = []  # of z: by parameter, one per example, outputs first
        for index, (example, label) in enumerate(zip(examples, labels)):
            ids = np.array(example["token_ids"], dtype=np.int32)
            types = np.array(example["type_ids"], dtype=np.int32)
            z = np.asarray(forward(parameters, masks, ids, types, c))
            weights, targets, margin = outcome_weights(z, label, c, seed, draws, index)
            self.margin = min(self.margin, margin)
            by_parameter, by_mask = jax.tree.map(
                np.asarray, gradients(parameters, masks, ids, types, targets, c)
            )
            self.output_gradients.append({n: g[-c.outputs :] for n, g in by_parameter.items()})
            by_parameter = {n: g[: -c.outputs] for n, g in by_parameter.items()}
            by_mask = [g[: -c.outputs] for g in by_mask]
            self.outcome_gradients.append((by_parameter, by_mask))
            self.logits.append(z)
            outcome = int(np.argmax(weights["empirical"]))
            self.log_likelihood.append(float(log_likelihoods(z, targets, c.kind)[outcome]))
            self.label_gradients.append(
                ({n: g[outcome] for n, g in by_parameter.items()}, [g[outcome] for g in by_mask])
            )
            for e in names:
                for name, g in by_parameter.items():
                    self.full[e][name] += np.tensordot(weights[e], g**2, axes=1)
                for total, g in zip(self.masks[e], by_mask):
                    total += np.tensordot(weights[e], g**2, axes=1)
            self.expected_masks_by_example.append(
                [np.tensordot(weights["expected"], g**2, axes=1) for g in by_mask]
            )
