"""Fashion-MNIST: 70,000 pictures of clothes in MNIST's format (Xiao, Rasul, Vollgraf 2017; Zalando SE; MIT)."""

from pathlib import Path

from striate.datasets import _mnist_family
from striate.datasets._mnist_family import Split

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CHECKSUMS = {  # MD5 of the unpacked files
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def load_data(path: str | Path | None = None) -> tuple[Split, Split]:
    """Loads Fashion-MNIST: 60,000 training and 10,000 test pictures of clothes, 28x28, in ten `CLASSES`.

    Looked for in `path` if given, else in `$STRIATE_DATA/fashion_mnist`, `~/.cache/striate/fashion_mnist` and
    `/usr/share/datasets/fashion-mnist` (Debian's package `dataset-fashion-mnist`); else downloaded into the cache and
    checked against its MD5.

    Args:
        path: the folder with the four IDX files, packed (.gz) or not.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8, images (n, 28, 28) with 0 as background, labels (n,) 0-9.

    Raises:
        FileNotFoundError: it is nowhere and cannot be downloaded; the message names the places.
        ValueError: a file is damaged.
    """
    return _mnist_family.load("fashion_mnist", path, CHECKSUMS, MIRRORS)
