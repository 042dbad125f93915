"""MNIST: 70,000 handwritten digits (LeCun, Cortes, Burges; CC BY-SA 3.0)."""

from pathlib import Path

from striate.datasets import _mnist_family
from striate.datasets._mnist_family import Split

CHECKSUMS = {  # MD5 of the unpacked files
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def load_data(path: str | Path | None = None) -> tuple[Split, Split]:
    """Loads MNIST: 60,000 training and 10,000 test images of digits, 28x28.

    Looked for in `path` if given, else in `$STRIATE_DATA/mnist`, `~/.cache/striate/mnist` and
    `/usr/share/datasets/mnist`; else downloaded into the cache and checked against its published MD5.

    Args:
        path: the folder with the four IDX files, packed (.gz) or not. `"mnist.npz"`, Keras's default, means none.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8, images (n, 28, 28) with 0 as background, labels (n,) 0-9.

    Raises:
        FileNotFoundError: it is nowhere and cannot be downloaded; the message names the places.
        ValueError: a file is damaged.
    """
    return _mnist_family.load("mnist", None if path == "mnist.npz" else path, CHECKSUMS, MIRRORS)
