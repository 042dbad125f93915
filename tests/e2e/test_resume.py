"""Python 3 epochs + C++ 2 epochs = Python 5 epochs, to the bit, through the example application."""

import numpy as np
import pytest

import striate
from striate import layers
from striate.datasets import mnist5k
from support.building import run


def build():
    """Every kind of layer whose state or randomness could be lost on the way."""
    return striate.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(4, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def digits():
    """403 digits: with batches of 32 the last has 19."""
    (x, y), _ = mnist5k.load_data()
    return (x[:403] / 255.0).astype(np.float32)[..., None], y[:403].astype(np.int64)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("threads", [1, 3])
def test_cpp_goes_on_to_the_same_bits(wheel_examples, digits, tmp_path, optimizer, threads):
    x, y = digits

    def fresh():
        striate.utils.set_random_seed(5)
        model = build()
        rule = striate.optimizers.SGD(0.05, momentum=0.9, nesterov=True) if optimizer == "sgd" else optimizer
        model.compile(rule, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    whole = fresh()
    whole.fit(x, y, batch_size=32, epochs=5, verbose=0)

    part = fresh()
    part.fit(x, y, batch_size=32, epochs=3, verbose=0)
    part.save(tmp_path / "net.striate")
    x.tofile(tmp_path / "x.raw")
    y.astype(np.float32).tofile(tmp_path / "y.raw")
    out = run(
        wheel_examples / "go_on_training", "net.striate", "x.raw", "y.raw", "--epochs", "2", "--batch-size", "32",
        "--threads", threads, "--save", "on.striate", cwd=tmp_path,
    )  # fmt: skip
    assert "epoch 5, 13 steps" in out

    gone_on = striate.models.load_model(tmp_path / "on.striate")
    for mine, theirs in zip(whole.get_weights(), gone_on.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(whole.predict(x, verbose=0), gone_on.predict(x, verbose=0))

    # And back: Python goes on from C++'s file as if it had trained all along.
    whole.fit(x, y, batch_size=32, epochs=1, verbose=0)
    gone_on.fit(x, y, batch_size=32, epochs=1, verbose=0)
    for mine, theirs in zip(whole.get_weights(), gone_on.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
