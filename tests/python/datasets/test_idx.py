import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.datasets._idx import read_idx, write_idx

IMAGES = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)


@pytest.mark.parametrize("name", ["images", "images.gz"])
@pytest.mark.parametrize("shape", [(2, 3, 5), (0, 28, 28), (1, 1, 1)])
def test_round_trip(tmp_path, name, shape):
    array = np.resize(IMAGES, shape)
    write_idx(tmp_path / name, array)
    loaded = read_idx(tmp_path / name, ndim=3)
    assert loaded.dtype == np.uint8
    np.testing.assert_array_equal(loaded, array)
    assert loaded.flags.writeable


def header(*shape, magic=0x08, axes=None):
    return struct.pack(f">HBB{len(shape)}I", 0, magic, len(shape) if axes is None else axes, *shape)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends inside its header: 0 of 16 bytes"),
        (header(2, 3, 5)[:11], "ends inside its header: 11 of 16"),
        (header(2, 3, 5, magic=0x0D) + bytes(30), "starts with 0x00000d03, expected 0x00000803"),
        (header(2, 3, 5, axes=1) + bytes(30), "starts with 0x00000801, expected 0x00000803"),
        (header(2, 3, 5) + bytes(29), "holds 29 of the 30 elements"),
        (header(2, 3, 5) + bytes(31), "has more than the 30 elements"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1), "announces .* The limit is"),
        (header(2**16, 2**7, 2**7) + bytes(5), "holds 5 of the 1073741824 elements"),
    ],
)
def test_damage_is_an_error_naming_file_and_reason(tmp_path, content, words):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as info:
        read_idx(path, ndim=3)
    assert str(path) in str(info.value)


def test_truncated_and_bogus_gzip(tmp_path):
    packed = gzip.compress(header(2, 3, 5) + IMAGES.tobytes())
    for name, content in {"cut.gz": packed[:-9], "plain.gz": header(2, 3, 5) + IMAGES.tobytes()}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is damaged or not gzip"):
            read_idx(tmp_path / name, ndim=3)


@given(position=st.integers(0, 15), value=st.integers(0, 255))
def test_any_changed_header_byte_is_noticed(tmp_path_factory, position, value):
    content = bytearray(header(2, 3, 5) + IMAGES.tobytes())
    changed = content[position] != value
    content[position] = value
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(content)
    if changed:
        with pytest.raises(ValueError, match="images"):
            read_idx(path, ndim=3)
    else:
        np.testing.assert_array_equal(read_idx(path, ndim=3), IMAGES)
