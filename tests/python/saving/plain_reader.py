"""A reader of safetensors files that knows the published format and nothing of striate."""

import json
import struct

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1"}


def read(path):
    """(metadata, {name: array})"""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        elements = np.frombuffer(data[8 + length + begin : 8 + length + end], DTYPES[entry["dtype"]])
        arrays[name] = elements.reshape(entry["shape"])
    return metadata, arrays


def write(path, metadata, arrays):
    """A file without checksums, as other libraries write them."""
    header, offset = {"__metadata__": metadata}, 0
    names = {np.dtype(value): key for key, value in DTYPES.items()}
    for name, array in arrays.items():
        header[name] = {
            "dtype": names[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in arrays.values()))
