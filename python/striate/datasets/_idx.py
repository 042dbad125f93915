"""The IDX format of the MNIST family: a big-endian header, then the elements."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

UBYTE = 0x08  # the only element type the MNIST family uses
MAX_BYTES = 1 << 31  # a header asking for more than this is lying


def read_idx(path: str | Path, ndim: int) -> NDArray[np.uint8]:
    """Reads an IDX file of unsigned bytes, gzip-compressed if its name ends in `.gz`.

    Args:
        path: the file.
        ndim: how many axes it must have: 3 for images (n, height, width), 1 for labels (n,).

    Returns:
        A uint8 array of its own.

    Raises:
        ValueError: the file is truncated, has bytes left over, or is not what its header says. The message names the
            file and the reason.
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        with opener(path, "rb") as stream:
            return _read(cast(BinaryIO, stream), path, ndim)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"[read_idx] {path} is damaged or not gzip: {error}. Fetch it again.") from error


def _read(stream: BinaryIO, path: str | Path, ndim: int) -> NDArray[np.uint8]:
    header = stream.read(4 + 4 * ndim)
    if len(header) < 4 + 4 * ndim:
        raise ValueError(f"[read_idx] {path} ends inside its header: {len(header)} of {4 + 4 * ndim} bytes.")
    zero, kind, axes = struct.unpack(">HBB", header[:4])
    if zero != 0 or kind != UBYTE or axes != ndim:
        raise ValueError(
            f"[read_idx] {path} starts with 0x{header[:4].hex()}, expected 0x0000{UBYTE:02x}{ndim:02x}: "
            f"an IDX file of unsigned bytes with {ndim} axes."
        )
    shape: tuple[int, ...] = struct.unpack(f">{ndim}I", header[4:])
    size = math.prod(shape)
    if size > MAX_BYTES:
        raise ValueError(f"[read_idx] {path} announces {size} elements, shape {shape}. The limit is {MAX_BYTES}.")
    # Asking for one byte more shows leftovers without reading an endless stream; a lying header costs no memory,
    # because read() grows with what is there.
    data = stream.read(size + 1)
    if len(data) != size:
        state = "has more than" if len(data) > size else f"holds {len(data)} of"
        raise ValueError(f"[read_idx] {path} {state} the {size} elements that its shape {shape} needs.")
    array: NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(shape).copy()
    return array


def write_idx(path: str | Path, array: NDArray[np.uint8]) -> None:
    """Writes a uint8 array as an IDX file, gzip-compressed if the name ends in `.gz`."""
    array = np.ascontiguousarray(array, dtype=np.uint8)
    header = struct.pack(f">HBB{array.ndim}I", 0, UBYTE, array.ndim, *array.shape)
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "wb") as stream:
        cast(BinaryIO, stream).write(header + array.tobytes())
