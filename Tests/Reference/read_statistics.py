import hashlib, json, struct, sys
import numpy as np

def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    assert hashlib.sha256(data).hexdigest() == metadata["sha256"]
    types = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}
    return metadata, {name: np.frombuffer(data[slice(*t["data_offsets"])], types[t["dtype"]]).reshape(t["shape"])
                      for name, t in header.items()}

# For the tests: every tensor's name, shape, first, last and largest value, exactly.
if __name__ == "__main__":
    metadata, tensors = read(sys.argv[1])
    for name, values in tensors.items():
        print(name, "x".join(map(str, values.shape)), *(repr(v.item()) for v in (values.flat[0], values.flat[-1], values.max())))
