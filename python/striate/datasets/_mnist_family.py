"""What MNIST and its drop-in replacements share: four IDX files of 28x28 images and class numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.datasets._idx import read_idx
from striate.datasets._locate import find_file, locate

Images = NDArray[np.uint8]
Split = tuple[Images, NDArray[np.uint8]]

FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


def load(
    name: str, path: str | Path | None, checksums: Mapping[str, str], mirrors: Sequence[str]
) -> tuple[Split, Split]:
    """Reads the training and the test split of data set `name`; see `_locate.locate` for where it is looked for."""
    folder = locate(name, path, checksums, mirrors)
    train, test = (_read_split(folder, images, labels) for images, labels in FILES)
    return train, test


def _read_split(folder: Path, images: str, labels: str) -> Split:
    x_file, y_file = find_file(folder, images), find_file(folder, labels)
    if x_file is None or y_file is None:
        raise FileNotFoundError(f"{folder} lost {images} or {labels} while it was read.")
    x, y = read_idx(x_file, ndim=3), read_idx(y_file, ndim=1)
    if len(x) != len(y):
        raise ValueError(f"{x_file} has {len(x)} images but {y_file} has {len(y)} labels.")
    return x, y
