"""A BERT classifier in JAX and its files: the part that training and the reference merge share.

Parameters are a flat dictionary from Hugging Face's tensor names to arrays, so that what is trained, merged and written
carries the same names throughout.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

Parameters = dict[str, Any]
Masks = dict[str, jax.Array]


@dataclass(frozen=True)
class Shape:
    """The sizes in `config.json`, by its names."""

    vocab_size: int
    hidden_size: int = 96
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 256
    max_position_embeddings: int = 64
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12


@dataclass(frozen=True)
class Batch:
    """Token ids, token types and 1 for real tokens, each [examples, tokens]; label indices [examples]."""

    ids: np.ndarray
    types: np.ndarray
    real: np.ndarray
    labels: np.ndarray


def initial_parameters(shape: Shape, rng: np.random.Generator) -> Parameters:
    """A bare encoder with its pooler: normal weights of deviation 0.02 as BERT has them, LayerNorm at identity."""
    hidden, wide = shape.hidden_size, shape.intermediate_size
    embeddings = {
        "word": shape.vocab_size,
        "position": shape.max_position_embeddings,
        "token_type": shape.type_vocab_size,
    }
    tables = {f"embeddings.{kind}_embeddings": (rows, hidden) for kind, rows in embeddings.items()}
    linear = {"pooler.dense": (hidden, hidden)}
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{index}" for index in range(shape.num_hidden_layers)):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear[f"{layer}.attention.{part}"] = (hidden, hidden)
        linear |= {f"{layer}.intermediate.dense": (wide, hidden), f"{layer}.output.dense": (hidden, wide)}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    parameters: Parameters = {}
    for name, size in (tables | linear).items():
        parameters[f"bert.{name}.weight"] = rng.normal(0, 0.02, size).astype(np.float32)
    for name, (outputs, _) in linear.items():
        parameters[f"bert.{name}.bias"] = np.zeros(outputs, np.float32)
    for name in norms:
        parameters[f"bert.{name}.weight"] = np.ones(hidden, np.float32)
        parameters[f"bert.{name}.bias"] = np.zeros(hidden, np.float32)
    return parameters


def linear(parameters: Parameters, name: str, inputs: jax.Array) -> jax.Array:
    """x Wᵀ + b with W [outputs, inputs], as PyTorch stores it."""
    return inputs @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]


def layer_norm(parameters: Parameters, name: str, inputs: jax.Array, epsilon: float) -> jax.Array:
    """LayerNorm over the last axis."""
    centred = inputs - inputs.mean(-1, keepdims=True)
    variance = (centred**2).mean(-1, keepdims=True)
    normalised = centred * jax.lax.rsqrt(variance + epsilon)
    return normalised * parameters[f"{name}.weight"] + parameters[f"{name}.bias"]


def gelu(inputs: jax.Array) -> jax.Array:
    """The exact form, by the error function."""
    return jax.nn.gelu(inputs, approximate=False)


def ones_masks(shape: Shape) -> Masks:
    """Head masks [layers, heads] and neuron masks [layers, intermediate] that change nothing."""
    layers = shape.num_hidden_layers
    return {
        "head": jnp.ones((layers, shape.num_attention_heads)),
        "neuron": jnp.ones((layers, shape.intermediate_size)),
    }


def encode(
    parameters: Parameters,
    shape: Shape,
    ids: jax.Array,
    types: jax.Array,
    real: jax.Array,
    masks: Masks | None = None,
) -> jax.Array:
    """Hidden states [tokens, hidden] of one example; positions where `real` is 0 are never attended to.

    A head mask scales a head's context before the output projection, a neuron mask the activations before the second
    feed-forward product.
    """
    heads, size = shape.num_attention_heads, shape.hidden_size // shape.num_attention_heads
    tokens = ids.shape[0]
    states = parameters["bert.embeddings.word_embeddings.weight"][ids]
    states += parameters["bert.embeddings.position_embeddings.weight"][:tokens]
    states += parameters["bert.embeddings.token_type_embeddings.weight"][types]
    states = layer_norm(parameters, "bert.embeddings.LayerNorm", states, shape.layer_norm_eps)
    for index in range(shape.num_hidden_layers):
        layer = f"bert.encoder.layer.{index}"
        query, key, value = (
            linear(parameters, f"{layer}.attention.self.{role}", states).reshape(tokens, heads, size)
            for role in ("query", "key", "value")
        )
        scores = jnp.einsum("qhd,khd->hqk", query, key) / np.sqrt(size)
        attention = jax.nn.softmax(jnp.where(real[None, None, :] > 0, scores, -1e9))
        context = jnp.einsum("hqk,khd->qhd", attention, value)
        if masks is not None:
            context *= masks["head"][index][None, :, None]
        attended = linear(parameters, f"{layer}.attention.output.dense", context.reshape(tokens, -1))
        states = layer_norm(parameters, f"{layer}.attention.output.LayerNorm", states + attended, shape.layer_norm_eps)
        active = gelu(linear(parameters, f"{layer}.intermediate.dense", states))
        if masks is not None:
            active *= masks["neuron"][index]
        output = linear(parameters, f"{layer}.output.dense", active)
        states = layer_norm(parameters, f"{layer}.output.LayerNorm", states + output, shape.layer_norm_eps)
    return states


def pool(parameters: Parameters, states: jax.Array) -> jax.Array:
    """tanh of the pooler on the first token, [hidden]."""
    return jnp.tanh(linear(parameters, "bert.pooler.dense", states[0]))


def logits(
    parameters: Parameters,
    shape: Shape,
    ids: jax.Array,
    types: jax.Array,
    real: jax.Array,
    masks: Masks | None = None,
) -> jax.Array:
    """Class scores [classes] of one example."""
    return linear(parameters, "classifier", pool(parameters, encode(parameters, shape, ids, types, real, masks)))


def batches(
    encoded: list[tuple[list[int], list[int], int]], order: np.ndarray, size: int, whole: bool = False
) -> Iterator[Batch]:
    """Groups of `size` examples in the given order, padded to a multiple of 8; `whole` drops a short last one."""
    for start in range(0, len(order), size):
        chosen = [encoded[index] for index in order[start : start + size]]
        if whole and len(chosen) < size:
            return
        width = -(-max(len(ids) for ids, _, _ in chosen) // 8) * 8
        ids, types, real = (np.zeros((len(chosen), width), np.int32) for _ in range(3))
        for row, (row_ids, row_types, _) in enumerate(chosen):
            ids[row, : len(row_ids)], types[row, : len(row_ids)], real[row, : len(row_ids)] = row_ids, row_types, 1
        yield Batch(ids, types, real, np.array([label for _, _, label in chosen], np.int32))


def encode_text(tokenizer: Tokenizer, columns: list[str]) -> tuple[list[int], list[int]]:
    """Token ids and types of a sentence or a pair, with [CLS] and [SEP]."""
    encoding = tokenizer.encode(*columns)
    return encoding.ids, encoding.type_ids


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a file of float32 or float16, as float32."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(content[start:end], {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"]).astype(np.float32)
    return tensors


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Writes float32 tensors sorted by name, with the metadata that transformers asks for."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, values in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(np.ascontiguousarray(values, "<f4").tobytes() for _, values in sorted(tensors.items()))
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_model(directory: Path) -> tuple[Parameters, Shape, Tokenizer, dict[str, int]]:
    """The parameters, sizes, tokenizer and label map of a model directory."""
    config = json.loads((directory / "config.json").read_text())
    shape = Shape(**{key: config[key] for key in Shape.__dataclass_fields__})
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tensors = read_safetensors(directory / "model.safetensors")
    bare = config["architectures"] == ["BertModel"]
    parameters = {f"bert.{name}" if bare else name: jnp.asarray(values) for name, values in tensors.items()}
    return parameters, shape, tokenizer, config.get("label2id", {})


def write_model(
    directory: Path, parameters: Parameters, shape: Shape, tokenizer: str, labels: tuple[str, ...] | None
) -> None:
    """Writes a directory in Hugging Face's layout: a classifier, or without labels a bare encoder without prefix."""
    directory.mkdir(parents=True, exist_ok=True)
    kind = "BertForSequenceClassification" if labels else "BertModel"
    config: dict[str, Any] = {"architectures": [kind], "model_type": "bert"} | asdict(shape)
    config |= {
        "hidden_act": "gelu",
        "pad_token_id": 0,
        "initializer_range": 0.02,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "position_embedding_type": "absolute",
        "classifier_dropout": None,
        "torch_dtype": "float32",
    }
    tensors = {name: np.asarray(values) for name, values in parameters.items()}
    if labels:
        config |= {
            "id2label": {str(index): name for index, name in enumerate(labels)},
            "label2id": {name: index for index, name in enumerate(labels)},
            "problem_type": "single_label_classification",
            "finetuning_task": directory.name,
        }
    else:
        tensors = {name.removeprefix("bert."): values for name, values in tensors.items()}
    special = {f"{role}_token": f"[{role.upper()}]" for role in ("unk", "sep", "pad", "cls", "mask")}
    tokenizer_config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "do_basic_tokenize": True,
        "tokenize_chinese_chars": True,
        "strip_accents": None,
        "never_split": None,
        "model_max_length": shape.max_position_embeddings,
    }
    vocabulary = json.loads(tokenizer)["model"]["vocab"]
    write_safetensors(directory / "model.safetensors", tensors)
    for name, content in {
        "config.json": json.dumps(config, indent=2),
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": json.dumps(tokenizer_config | special, indent=2),
        "special_tokens_map.json": json.dumps(special, indent=2),
        "vocab.txt": "\n".join(sorted(vocabulary, key=vocabulary.__getitem__)),
    }.items():
        (directory / name).write_text(content + "\n", encoding="utf-8", newline="\n")
