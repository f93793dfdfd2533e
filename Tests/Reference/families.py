#!/usr/bin/env python3
"""Golden values of the families beside BERT, by transformers and PyTorch's automatic differentiation in float64.

    python -m venv .venv && .venv/bin/pip install torch transformers ml_dtypes
    python families.py            writes families/models/ and families/golden/
    python families.py --check    computes everything anew and compares it with the committed files

The models are tiny and random; each has a setting of its family that is not the default: positions behind an id that
occurs in the texts, tables narrower than the layers, another activation. Every expectation is its definition, a sum
over all classes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers

import cases
import checkpoint
import checks

HERE = Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)

COMMON = {"vocab_size": len(cases.VOCABULARY), "num_labels": 3, "problem_type": "single_label_classification"}
SIZES = {
    "hidden_size": 18,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "type_vocab_size": 2,
}
# name: (configuration, the class of the model)
FAMILIES = {
    "roberta": (
        # [SEP] is the padding: its position is the padding's, and others are counted from behind it.
        transformers.RobertaConfig(
            **COMMON, **SIZES, max_position_embeddings=28, pad_token_id=3, hidden_act="gelu_new", layer_norm_eps=1e-5
        ),
        transformers.RobertaForSequenceClassification,
    ),
    "distilbert": (
        transformers.DistilBertConfig(
            **COMMON, dim=18, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=24, activation="gelu"
        ),
        transformers.DistilBertForSequenceClassification,
    ),
    "electra": (
        transformers.ElectraConfig(
            **COMMON, **SIZES, embedding_size=10, max_position_embeddings=24, hidden_act="relu", pad_token_id=0
        ),
        transformers.ElectraForSequenceClassification,
    ),
}
HEADS = 3


def places(name):
    """module: the place where it takes its input, as gram.py names it."""
    found = {}
    for layer in range(2):
        if name == "distilbert":
            stem = f"distilbert.transformer.layer.{layer}."
            parts = ("attention.q_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2")
        else:
            stem = f"{name}.encoder.layer.{layer}."
            parts = ("attention.self.query", "attention.output.dense", "intermediate.dense", "output.dense")
        for part, place in zip(parts, ("attention", "attention_output", "intermediate", "output")):
            found[stem + part] = f"{layer}.{place}"
    if name == "electra":
        found["electra.embeddings_project"] = "embedding_projection"
    dense, classifier = ("pre_classifier", "classifier") if name == "distilbert" else ("classifier.dense", "classifier.out_proj")
    return found | {dense: "head_dense", classifier: "classifier"}


def make(name, seed):
    """A model with weights that are exact in float32, large enough for sharp attention and unequal classes."""
    configuration, cls = FAMILIES[name]
    configuration._attn_implementation = "eager"
    model = cls(configuration).eval()
    random = np.random.Generator(np.random.PCG64(seed))
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            values = random.standard_normal(tuple(parameter.shape))
            if "norm" in parameter_name.lower():
                values = 0.25 * values + (1.0 if parameter_name.endswith("weight") else 0.0)
            elif parameter_name.endswith("bias"):
                values = 0.3 * values
            elif "position" in parameter_name or "token_type" in parameter_name:
                values = 0.5 * values
            elif "word_embeddings" not in parameter_name:
                scale = 1.4 if any(p in parameter_name for p in ("query", "key", "q_lin", "k_lin")) else 2.0
                values = scale / np.sqrt(values.shape[1]) * values
            parameter.copy_(torch.tensor(values.astype(np.float32).astype(np.float64)))
    # The gradient of the padding's rows is a gradient like any other.
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None
    return model


class Reference:
    """One model with masks of ones before the layers that read heads and neurons, and an eye on all inputs."""

    def __init__(self, name, model):
        self.name, self.model = name, model
        self.head_mask = torch.ones(2, HEADS, requires_grad=True)
        self.neuron_mask = torch.ones(2, 40, requires_grad=True)
        self.inputs = {}
        modules = dict(model.named_modules())
        for module, place in places(name).items():
            modules[module].register_forward_pre_hook(self.hook(place))

    def hook(self, place):
        def before(_, inputs):
            (x,) = inputs
            if place.endswith(".attention_output"):
                mask = self.head_mask[int(place[0])].repeat_interleave(x.shape[-1] // HEADS)
                x = x * mask
            elif place.endswith(".output"):
                x = x * self.neuron_mask[int(place[0])]
            self.inputs[place] = x.detach().reshape(-1, x.shape[-1]).numpy()
            return (x,)

        return before

    def logits(self, example):
        inputs = {"input_ids": torch.tensor([example["token_ids"]])}
        if self.name != "distilbert":
            inputs["token_type_ids"] = torch.tensor([example["type_ids"]])
        return self.model(**inputs).logits[0]


def golden(name, model, examples, labels):
    """All golden tensors by file."""
    reference = Reference(name, model)
    parameters = dict(model.named_parameters())
    variables = [*parameters.values(), reference.head_mask, reference.neuron_mask]
    full = {n: np.zeros(tuple(p.shape)) for n, p in parameters.items()}
    outputs = {"logits": [], "log_probabilities": [], "log_likelihood": [], "head_mask": [], "neuron_mask": []}
    gram, moments = {}, {}
    for example, label in zip(examples, labels):
        log_p = torch.log_softmax(reference.logits(example), 0)
        outputs["logits"].append(reference.logits(example).detach().numpy())
        outputs["log_probabilities"].append(log_p.detach().numpy())
        outputs["log_likelihood"].append(float(log_p[label]))
        masks = [np.zeros((2, HEADS)), np.zeros((2, 40))]
        for y in range(3):
            gradients = torch.autograd.grad(log_p[y], variables, retain_graph=True)
            weight = float(log_p[y].exp())
            for n, g in zip(full, gradients):
                full[n] += weight * g.numpy() ** 2
            for mask, g in zip(masks, gradients[-2:]):
                mask += weight * g.numpy() ** 2
        outputs["head_mask"].append(masks[0])
        outputs["neuron_mask"].append(masks[1])
        for place, x in reference.inputs.items():
            rows, columns = np.triu_indices(x.shape[1])
            triangle = (x.T @ x)[rows, columns]
            gram[f"gram.{place}"] = gram.get(f"gram.{place}", 0) + triangle
            gram[f"gram.{place}.sum"] = gram.get(f"gram.{place}.sum", 0) + x.sum(axis=0)
            moment = np.array([(x * x).sum() ** 2])
            gram[f"gram.{place}.second_moment"] = gram.get(f"gram.{place}.second_moment", 0) + moment
    outputs = {n: np.array(v) for n, v in outputs.items()}
    masks = {n: outputs[n].sum(axis=0) for n in ("head_mask", "neuron_mask")}
    return {"outputs": outputs, "expected.mask-fisher": masks, "expected.fisher": full, "gram": gram}


def differences(name, model, examples, random):
    """Central differences of log p of the first class, at three entries of every tensor."""
    reference = Reference(name, model)
    example = examples[1]
    log_p = lambda: torch.log_softmax(reference.logits(example), 0)[0]
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(log_p(), list(parameters.values()))
    for (n, parameter), gradient in zip(parameters.items(), gradients):
        for place in random.integers(0, parameter.numel(), 3):
            values = parameter.data.view(-1)
            before = float(values[place])
            around = []
            for step in (1e-5, -1e-5):
                values[place] = before + step
                around.append(float(log_p().detach()))
            values[place] = before
            difference = (around[0] - around[1]) / 2e-5
            found = float(gradient.view(-1)[place])
            checks.close(np.array([found]), np.array([difference]), 1e-5, f"{name}: {n}", absolute=1e-8)


def generate(root):
    examples = cases.examples()
    labels = cases.CLASSIFIERS["three"][3]
    random = np.random.Generator(np.random.PCG64(7))
    for seed, name in enumerate(FAMILIES, start=1601):
        model = make(name, seed)
        differences(name, model, examples, random)
        directory = root / "models" / name
        weights = {n: p.detach().numpy() for n, p in model.named_parameters()}
        checkpoint.write_safetensors(directory / "model.safetensors", weights, "F32", {"format": "pt"})
        settings = {
            k: v for k, v in model.config.to_diff_dict().items() if k not in ("transformers_version", "dtype")
        }
        checkpoint.write_json(directory / "config.json", settings | {"architectures": [type(model).__name__]})
        (directory / "vocab.txt").write_text("\n".join(cases.VOCABULARY) + "\n")
        checkpoint.write_json(
            directory / "tokenizer_config.json",
            {
                "tokenizer_class": "BertTokenizer",
                "do_lower_case": True,
                "model_input_names": ["input_ids", "attention_mask"]
                + ([] if name == "distilbert" else ["token_type_ids"]),
            },
        )
        for file, tensors in golden(name, model, examples, labels).items():
            metadata = {"examples": str(len(examples))}
            checkpoint.write_safetensors(root / "golden" / f"{name}.{file}.safetensors", tensors, "F64", metadata)
        print(f"{name}: done", flush=True)


def compare(root):
    committed = HERE / "families"
    files = sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(committed) for p in committed.rglob("*") if p.is_file()), "the files differ"
    for path in files:
        new, old = root / path, committed / path
        if new.read_bytes() == old.read_bytes():
            continue
        assert path.parts[0] == "golden", f"{path} differs"
        new, old = checkpoint.read_safetensors(new), checkpoint.read_safetensors(old)
        assert list(new) == list(old), f"{path}: the tensors differ"
        for name in old:
            largest = float(np.max(np.abs(old[name])))
            noise = 1e-20 if "key.bias" in name or "k_lin.bias" in name else 0.0
            checks.close(new[name], old[name], 1e-9, f"{path}: {name}", absolute=1e-13 * largest + noise)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    if parser.parse_args().check:
        with tempfile.TemporaryDirectory() as directory:
            generate(Path(directory))
            compare(Path(directory))
        print("the committed files are what this program computes")
        return
    generate(HERE / "families")


if __name__ == "__main__":
    sys.exit(main())
