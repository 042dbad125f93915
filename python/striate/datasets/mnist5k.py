"""5,000 digits of MNIST that come with the package; origin and licence are in `data/README.md`."""

from pathlib import Path

import numpy as np

from striate.datasets._mnist_family import Split

TRAIN = 4000  # the first 400 of each class; the last 100 of each are the test set


def load_data() -> tuple[Split, Split]:
    """Loads 4,000 training and 1,000 test images of handwritten digits, 28x28; needs no network.

    The order is fixed: row i of both splits is of class i % 10.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8, images (n, 28, 28) with 0 as background, labels (n,) 0-9.
    """
    with np.load(Path(__file__).parent / "data" / "mnist5k.npz", allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"]
    return (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])
