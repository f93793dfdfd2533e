"""Writes the pickles that the reader is tested with: python Tests/Reference/pickles/make.py

A program by itself, with torch, safetensors and numpy. Beside NAME.bin, NAME.safetensors holds the same tensors, written
by the safetensors library. Files that have no such twin are to be refused. Torch gives its archives a serialization id
of their contents; two runs with one version of torch give the same files, but for times and addresses in some of those
to be refused.
"""

import collections
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import warnings
import zipfile

import numpy as np
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "models"


def save(name, value, **options):
    # By a buffer: the folder inside the archive is "archive" then, whatever the file's name.
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    (HERE / name).parent.mkdir(exist_ok=True)
    (HERE / name).write_bytes(buffer.getvalue())


def twin(name, tensors):
    plain = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    safetensors.torch.save_file(plain, HERE / f"{name}.safetensors")


def both(name, tensors, **options):
    save(f"{name}.bin", tensors, **options)
    twin(name, tensors)


def random(*shape, dtype=torch.float32):
    return torch.from_numpy(np.random.default_rng(sum(shape) + len(shape)).standard_normal(shape)).to(dtype)


def archive(name, data, extra=(), **options):
    """An archive like torch's around the pickle `data`, by Python's zipfile."""
    with zipfile.ZipFile(HERE / name, "w", **options) as file:
        entries = [("data.pkl", data), ("byteorder", b"little"), ("data/0", struct.pack("<6f", 1, 2, 3, 4, 5, 6))]
        for entry, contents in [*entries, *extra, ("version", b"3\n")]:
            file.writestr(zipfile.ZipInfo(f"archive/{entry}"), contents, compress_type=file.compression)


class Call:
    """Pickled as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def valid():
    types = [
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
        torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2,
        torch.complex64,
    ]  # fmt: skip
    values = torch.tensor([0.0, 1.0, 2.5, 100.0])
    both("types", {str(t).removeprefix("torch."): values.to(t) for t in types})

    matrix = random(3, 4)
    long = random(30)
    shared = random(4, dtype=torch.float16)
    both(
        "views",
        {
            "whole": matrix,
            "transposed": matrix.t(),
            "tied": matrix,
            "tied_transposed": matrix.t(),
            "row": matrix[1],
            "column": matrix[:, 2],
            "rows": matrix[1:],
            "middle": matrix[1:3, 1:3],
            "expanded": random(1, 3).expand(2, 3),
            "expanded_scalar": torch.tensor(7.0).expand(2, 2),
            "every_third": long[1::3],
            "permuted": random(2, 3, 4, 5).permute(3, 1, 0, 2),
            "single": long.as_strided((1, 5, 1), (77, 2, 99)),
            "scalar": torch.tensor(1.5, dtype=torch.float64),
            "empty": torch.empty(0, 3),
            "empty_view": matrix[3:],
            "half_a": shared[:2],
            "half_b": shared[2:],
            "integers": torch.arange(6).reshape(2, 3).t(),
            "parameter": torch.nn.Parameter(random(2, 2)),
            "frozen": torch.nn.Parameter(random(2, 2), requires_grad=False),
        },
    )
    marked = torch.nn.Parameter(random(2))
    marked.note = "a state of its own"
    both("state", collections.OrderedDict(marked=marked))

    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 3))
    module[2].weight = module[0].weight
    for protocol in [2, 3, 4, 5]:
        save(f"protocol{protocol}.bin", module.state_dict(), pickle_protocol=protocol)
    twin("protocol", module.state_dict())

    # The same archive without the extension for 64 bits, and without what older versions of torch did not write.
    source = zipfile.ZipFile(HERE / "protocol2.bin")
    for name, left_out in [("zip32", []), ("old", ["byteorder", ".format_version", ".storage_alignment", ".data"])]:
        with zipfile.ZipFile(HERE / f"{name}.bin", "w") as file:
            for entry in source.namelist():
                if not any(f"/{part}" in entry for part in left_out):
                    file.writestr(zipfile.ZipInfo(entry), source.read(entry))
    with zipfile.ZipFile(HERE / "compressed.bin", "w", zipfile.ZIP_DEFLATED) as file:
        for entry in source.namelist():
            file.writestr(entry, source.read(entry))


def models():
    """The model `two` as a pickle, some weights of it stored column by column, and as shards."""
    tensors = safetensors.torch.load_file(MODELS / "two" / "model.safetensors")
    turned = {k: v.t().contiguous().t() if "query.weight" in k else v for k, v in tensors.items()}
    save("bert/pytorch_model.bin", collections.OrderedDict(turned))
    names = sorted(tensors)
    shards = [names[: len(names) // 2], names[len(names) // 2 :]]
    places = {}
    for number, part in enumerate(shards, 1):
        file = f"pytorch_model-{number:05}-of-{len(shards):05}.bin"
        save(f"sharded/{file}", {name: tensors[name] for name in part})
        places |= dict.fromkeys(part, file)
    size = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (HERE / "sharded" / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=1) + "\n")


def refused():
    for protocol in [2, 4]:
        save(f"system{protocol}.bin", {"w": Call(os.system, "true")}, pickle_protocol=protocol)
        save(f"eval{protocol}.bin", {"w": Call(eval, "1")}, pickle_protocol=protocol)
    # Classes as the older instructions name them.
    archive("inst.bin", b"\x80\x02(X\x04\x00\x00\x00trueiposix\nsystem\n.")
    archive("obj.bin", b"\x80\x02(cposix\nsystem\nX\x04\x00\x00\x00trueo.")
    archive("newobj.bin", b"\x80\x02ccollections\nOrderedDict\n)\x81.")
    archive("attributes.bin", b"\x80\x04\x8c\x0bcollections\x8c\x19OrderedDict.fromkeys.call\x93.")
    archive("array.bin", pickle.dumps({"w": np.ones(2)}, protocol=2))

    save("wrapped.bin", {"epoch": 3, "state_dict": {"w": random(2)}})
    save("list.bin", [random(2)])
    save("number.bin", {"w": random(2), "epoch": 3})
    save("object.bin", torch.nn.Linear(1, 1))
    save("before-zip.bin", {"w": random(2)}, _use_new_zipfile_serialization=False)
    save("before-zip4.bin", {"w": random(2)}, _use_new_zipfile_serialization=False, pickle_protocol=4)
    (HERE / "plain.bin").write_bytes(pickle.dumps({"w": 1}))
    with tarfile.open(HERE / "tar.bin", "w", format=tarfile.USTAR_FORMAT) as file:
        file.addfile(tarfile.TarInfo("sys_info"))
    save("sparse.bin", {"w": random(2, 2).to_sparse()})
    save("quantised.bin", {"w": torch.quantize_per_tensor(random(2), 0.1, 0, torch.qint8)})
    save("complex128.bin", {"w": random(2, dtype=torch.complex128)})
    save("conjugate.bin", {"w": random(2, dtype=torch.complex64).conj()})
    save("negative.bin", {"w": torch._neg_view(random(2))})
    save("meta.bin", {"w": torch.empty(2, device="meta")})
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), buffer)
    (HERE / "torchscript.bin").write_bytes(buffer.getvalue())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for old in [*HERE.rglob("*.bin"), *HERE.rglob("*.safetensors")]:
        old.unlink()
    valid()
    models()
    refused()
