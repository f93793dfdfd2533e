"""The same statistics by PyTorch or JAX, for launch/benchmark --peer.

    peer.py --model DIRECTORY --examples FILE

The directory has config.json and model.safetensors (F32) of a BERT with two classes, or, for PyTorch, of a DeBERTa or
ModernBERT; the file {"examples": [[id, ...],
...]}, special tokens included. The first line of output says what there is: {"framework": ..., "variants": [...],
"batches": [...]}. Then every line of input is a command in JSON, and answered by one line:

    {"do": "check", "variant": V, "count": N}     {"head_mask": [...], "neuron_mask": [...], "traces": {...}}
    {"do": "mask", "variant": V, "batch": B}      {"seconds": S}
    {"do": "loop", "variant": V, "count": N}      {"seconds": S}

"mask" is the mask Fisher of all examples, expected over two classes by its closed form, sqrt(p0 p1) (z0 - z1): masks of
ones are expanded to one set for each example, so that one backward pass gives the gradients of all examples of a batch;
no parameter has a gradient. Examples are sorted by length and padded within a batch. "loop" is the full diagonal Fisher
as it is usually published: example by example, one backward pass for each class. Seconds are the processor's.
"""

import argparse
import importlib.util
import json
import math
import os
import struct
import sys
import time

# Read when the libraries start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def batches(examples, size):
    """Some examples at a time, longest first."""
    order = sorted(examples, key=len, reverse=True)
    return [order[start : start + size] for start in range(0, len(order), size)]


class Torch:
    batches = [1, 4, 8, 16]

    def __init__(self, directory):
        import torch
        from transformers import AutoModelForSequenceClassification
        from transformers import __version__ as version

        torch.set_num_threads(1)
        self.torch = torch
        self.framework = f"PyTorch {torch.__version__.split('+')[0]}"
        self.note = f"transformers {version}"
        load = AutoModelForSequenceClassification.from_pretrained
        # What a user gets.
        self.models = {"default": load(directory, dtype=torch.float32).eval()}
        # Products by oneDNN instead of MKL. Exact in float32 where there is no AMX, which rounds to bfloat16.
        with open("/proc/cpuinfo") as file:
            has_amx = "amx_bf16" in file.read()
        if hasattr(torch.backends.mkldnn, "matmul") and not has_amx:
            self.models["tuned"] = load(directory, dtype=torch.float32, attn_implementation="eager").eval()
        self.variants = list(self.models)
        config = self.models["default"].config
        self.sizes = (config.num_hidden_layers, config.num_attention_heads, config.intermediate_size)
        self.masks = None
        for model in self.models.values():
            encoder = model.base_model
            for index, layer in enumerate(encoder.layers if hasattr(encoder, "layers") else encoder.encoder.layer):
                # ModernBERT's names, and BERT's.
                heads = layer.attn.Wo if hasattr(layer, "attn") else layer.attention.output.dense
                neurons = layer.mlp.Wo if hasattr(layer, "mlp") else layer.output.dense
                heads.register_forward_pre_hook(self.head_hook(index))
                neurons.register_forward_pre_hook(self.neuron_hook(index))

    def head_hook(self, index):
        def hook(_, inputs):
            if self.masks is None:
                return None
            (context,) = inputs
            heads = context.unflatten(2, (self.sizes[1], -1)) * self.masks[0][index][:, None, :, None]
            return (heads.flatten(2),)

        return hook

    def neuron_hook(self, index):
        def hook(_, inputs):
            return None if self.masks is None else (inputs[0] * self.masks[1][index][:, None, :],)

        return hook

    def use(self, variant, with_parameters):
        if variant == "tuned":
            self.torch.backends.mkldnn.matmul.fp32_precision = "bf16"
        elif hasattr(self.torch.backends.mkldnn, "matmul"):
            self.torch.backends.mkldnn.matmul.fp32_precision = "none"
        self.masks = None
        return self.models[variant].requires_grad_(with_parameters)

    def mask_fisher(self, variant, examples, size):
        torch = self.torch
        model = self.use(variant, False)
        layers, heads, neurons = self.sizes
        sums = [torch.zeros(layers, heads, dtype=torch.float64), torch.zeros(layers, neurons, dtype=torch.float64)]
        for batch in batches(examples, size):
            longest = len(batch[0])
            ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids in batch])
            attended = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch])
            if len(batch[-1]) == longest:
                attended = None
            self.masks = [
                [torch.ones(len(batch), width, requires_grad=True) for _ in range(layers)] for width in (heads, neurons)
            ]
            logits = model(input_ids=ids, attention_mask=attended).logits
            p = logits.detach().double().softmax(1)
            loss = ((p[:, 0] * p[:, 1]).sqrt().float() * (logits[:, 0] - logits[:, 1])).sum()
            gradients = torch.autograd.grad(loss, self.masks[0] + self.masks[1])
            for layer in range(layers):
                sums[0][layer] += (gradients[layer] ** 2).sum(0)
                sums[1][layer] += (gradients[layers + layer] ** 2).sum(0)
        self.masks = None
        return [values.flatten().tolist() for values in sums]

    def full_fisher(self, variant, examples):
        torch = self.torch
        model = self.use(variant, True)
        named = list(model.named_parameters())
        parameters = [parameter for _, parameter in named]
        sums = [torch.zeros_like(parameter) for parameter in parameters]
        for ids in examples:
            log_p = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(0)
            for label in range(len(log_p)):
                gradients = torch.autograd.grad(log_p[label], parameters, retain_graph=label + 1 < len(log_p))
                probability = log_p[label].exp().item()
                for total, gradient in zip(sums, gradients):
                    total += probability * gradient**2
        return {name: total.double().sum().item() for (name, _), total in zip(named, sums)}


class Jax:
    batches = [1, 8, 32]
    variants = ["default"]

    def __init__(self, directory):
        import jax
        import jax.numpy as jnp

        self.jax, self.jnp = jax, jnp
        self.framework, self.note = f"JAX {jax.__version__}", ""
        with open(os.path.join(directory, "config.json")) as file:
            self.config = json.load(file)
        self.weights = {name: jnp.asarray(value) for name, value in read_safetensors(directory)}
        keys = ("num_hidden_layers", "num_attention_heads", "intermediate_size")
        self.sizes = tuple(self.config[key] for key in keys)
        self.mask_gradient = jax.jit(jax.grad(self.mask_loss))
        self.class_gradients = jax.jit(jax.jacrev(self.log_probabilities))

    def logits(self, weights, ids, attended, masks):
        jax, jnp = self.jax, self.jnp
        layers, heads, _ = self.sizes
        epsilon = self.config["layer_norm_eps"]

        def linear(x, name):
            return x @ weights[name + ".weight"].T + weights[name + ".bias"]

        def norm(x, name):
            mean = x.mean(-1, keepdims=True)
            variance = ((x - mean) ** 2).mean(-1, keepdims=True)
            return (x - mean) / jnp.sqrt(variance + epsilon) * weights[name + ".weight"] + weights[name + ".bias"]

        table = "bert.embeddings.{}_embeddings.weight".format
        x = weights[table("word")][ids] + weights[table("position")][: ids.shape[1]] + weights[table("token_type")][0]
        x = norm(x, "bert.embeddings.LayerNorm")
        hidden = jnp.where(attended[:, None, None, :] > 0, 0.0, -1e9)
        for index in range(layers):
            name = f"bert.encoder.layer.{index}."
            q, k, v = (
                linear(x, name + "attention.self." + part).reshape(*x.shape[:2], heads, -1)
                for part in ("query", "key", "value")
            )
            scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(q.shape[-1]) + hidden
            context = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v)
            context = (context * masks[0][index][:, None, :, None]).reshape(x.shape)
            x = norm(x + linear(context, name + "attention.output.dense"), name + "attention.output.LayerNorm")
            inner = jax.nn.gelu(linear(x, name + "intermediate.dense"), approximate=False)
            inner = inner * masks[1][index][:, None, :]
            x = norm(x + linear(inner, name + "output.dense"), name + "output.LayerNorm")
        return linear(jnp.tanh(linear(x[:, 0], "bert.pooler.dense")), "classifier")

    def mask_loss(self, masks, weights, ids, attended):
        jax, jnp = self.jax, self.jnp
        z = self.logits(weights, ids, attended, masks)
        p = jax.nn.softmax(jax.lax.stop_gradient(z))
        return (jnp.sqrt(p[:, 0] * p[:, 1]) * (z[:, 0] - z[:, 1])).sum()

    def log_probabilities(self, weights, ids, attended):
        return self.jax.nn.log_softmax(self.logits(weights, ids, attended, self.ones(1))[0])

    def ones(self, count):
        layers, heads, neurons = self.sizes
        return [[self.jnp.ones((count, width)) for _ in range(layers)] for width in (heads, neurons)]

    def padded(self, batch):
        """To a multiple of 16 tokens, since every shape is compiled once."""
        longest = -(-len(batch[0]) // 16) * 16
        ids = [ids + [0] * (longest - len(ids)) for ids in batch]
        attended = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch]
        return self.jnp.array(ids), self.jnp.array(attended)

    def mask_fisher(self, variant, examples, size):
        jnp = self.jnp
        sums = None
        for batch in batches(examples, size):
            gradients = self.mask_gradient(self.ones(len(batch)), self.weights, *self.padded(batch))
            squares = [jnp.stack([(g**2).sum(0) for g in kind]) for kind in gradients]
            sums = squares if sums is None else [a + b for a, b in zip(sums, squares)]
        return [values.flatten().tolist() for values in sums]

    def full_fisher(self, variant, examples):
        sums = {name: 0.0 for name in self.weights}
        for ids in examples:
            padded = self.padded([ids])
            gradients = self.class_gradients(self.weights, *padded)
            p = self.jnp.exp(self.log_probabilities(self.weights, *padded))
            for name, gradient in gradients.items():
                sums[name] = sums[name] + self.jnp.einsum("c,c...->...", p, gradient**2)
        return {name: float(values.sum()) for name, values in sums.items()}


def read_safetensors(directory):
    import numpy

    path = os.path.join(directory, "model.safetensors")
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r", offset=8 + length)
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield name, data[begin:end].view(numpy.float32).reshape(entry["shape"])


def answer(peer, examples, command):
    variant = command["variant"]
    if command["do"] == "check":
        some = examples[: command["count"]]
        heads, neurons = peer.mask_fisher(variant, some, len(some))
        return {"head_mask": heads, "neuron_mask": neurons, "traces": peer.full_fisher(variant, some)}
    start = time.process_time()
    if command["do"] == "mask":
        peer.mask_fisher(variant, examples, command["batch"])
    else:
        peer.full_fisher(variant, examples[: command["count"]])
    return {"seconds": time.process_time() - start}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--examples")
    parser.add_argument("--probe", action="store_true", help="only find out whether there is a framework")
    arguments = parser.parse_args()
    if arguments.probe:
        found = importlib.util.find_spec
        has_torch = found("torch") and found("transformers")
        sys.exit(0 if has_torch or found("jax") else 1)
    # Libraries may print; the answers have standard output for themselves.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with open(arguments.examples) as file:
        examples = json.load(file)["examples"]
    try:
        peer = Torch(arguments.model)
    except ImportError as missing:
        print(f"peer: {missing}; using JAX instead", file=sys.stderr)
        peer = Jax(arguments.model)
    print(
        json.dumps(
            {"framework": peer.framework, "note": peer.note, "variants": peer.variants, "batches": peer.batches}
        ),
        file=out,
        flush=True,
    )
    for line in sys.stdin:
        print(json.dumps(answer(peer, examples, json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main()
