"""X's and O's, learned: two stacks of conv, ReLU, conv, ReLU, pool, then two dense layers."""

import numpy as np
import pytest

import striate
from striate import layers


def drawn():
    """A 9x9 X and O of -1 and 1."""
    x, o = np.full((2, 9, 9), -1, np.float32)
    for i in range(1, 8):
        x[i, i] = x[i, 8 - i] = 1
    o[[1, 7], 3:6] = o[3:6, [1, 7]] = 1
    o[[2, 2, 6, 6], [2, 6, 2, 6]] = 1
    return x, o


def sample(count, rng):
    """X's and O's rolled by up to a pixel each way, with one to four pixels flipped; classes 0 and 1."""
    shapes, classes = drawn(), rng.integers(0, 2, count)
    images = np.empty((count, 9, 9, 1), np.float32)
    for image, k in zip(images, classes, strict=True):
        image[..., 0] = np.roll(shapes[k], rng.integers(-1, 2, 2), axis=(0, 1))
        flipped = rng.choice(81, rng.integers(1, 5), replace=False)
        image.reshape(-1)[flipped] *= -1
    return images, classes


def deep_net():
    def stack():
        conv = [layers.Conv2D(3, 3, padding="same", activation="relu") for _ in range(2)]
        return [*conv, layers.MaxPooling2D(2, ceil_mode=True)]

    head = [layers.Flatten(), layers.Dense(2, activation="softmax")]
    return striate.Sequential([layers.Input((9, 9, 1)), *stack(), *stack(), *head])


def test_structure():
    net = deep_net()
    assert [layer.count_params() for layer in net.layers] == [30, 84, 0, 84, 84, 0, 0, 56]
    assert net.count_params() == 338
    assert [
        tuple(layer.output.shape)[1:] for layer in net.layers if not layer.name.startswith(("conv", "flatten"))
    ] == [(5, 5, 3), (3, 3, 3), (2,)]


@pytest.mark.parametrize("seed", range(3))
def test_learns(seed):
    """At least 0.97; an independent framework reached 1.00 with three seeds."""
    rng = np.random.default_rng(seed)
    striate.utils.set_random_seed(seed)
    x, y = sample(400, rng)
    net = deep_net()
    net.compile(striate.optimizers.Adam(5e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(x, y, batch_size=20, epochs=20, verbose=0)
    assert net.evaluate(*sample(200, rng), verbose=0)[1] >= 0.97
    trickier = drawn()[0]
    trickier[7, 1:3] = -1, 1  # a stroke that ends one pixel aside
    trickier[2, 3] = 1  # and one that is a pixel thicker
    assert net.predict(trickier[None, ..., None], verbose=0).argmax() == 0
