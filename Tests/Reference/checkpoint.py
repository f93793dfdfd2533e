"""Files: safetensors, model directories in Hugging Face layout, JSON."""

import json
import struct

import ml_dtypes
import numpy as np

DTYPES = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I64": np.dtype("<i8"),
}


def write_safetensors(path, tensors, dtype, metadata):
    """An eight-byte header length, a JSON header padded with blanks, then the tensors without gaps, by name.

    Integer tensors stay I64 whatever `dtype` says.
    """
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in sorted(tensors):
        values = np.asarray(tensors[name])
        kind = "I64" if values.dtype.kind == "i" else dtype
        block = np.ascontiguousarray(values.astype(DTYPES[kind])).tobytes()
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def read_safetensors(path):
    """All tensors as float64 (integers as int64)."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + o for o in entry["data_offsets"])
        values = np.frombuffer(data[start:end], dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = values.astype(np.int64 if entry["dtype"] == "I64" else np.float64)
    return tensors


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def configuration(c, architecture, problem_type, dtype):
    """config.json with all the keys that a BERT checkpoint has."""
    result = {
        "architectures": [architecture],
        "model_type": "bert",
        "hidden_size": c.hidden,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "intermediate_size": c.intermediate,
        "hidden_act": "gelu",
        "layer_norm_eps": c.epsilon,
        "vocab_size": c.vocabulary,
        "max_position_embeddings": c.positions,
        "type_vocab_size": c.types,
        "pad_token_id": 0,
        "initializer_range": 0.02,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "position_embedding_type": "absolute",
        "classifier_dropout": None,
        "torch_dtype": dtype,
    }
    if architecture == "BertForSequenceClassification":
        labels = [f"LABEL_{i}" for i in range(c.outputs)]
        result["num_labels"] = c.outputs
        result["id2label"] = {str(i): name for i, name in enumerate(labels)}
        result["label2id"] = {name: i for i, name in enumerate(labels)}
        result["problem_type"] = problem_type
    return result
