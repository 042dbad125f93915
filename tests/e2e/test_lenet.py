"""LeNet-5 on the digits that come with the package."""

import math

import numpy as np
import pytest

import striate
from striate.cli import main
from striate.datasets import mnist5k


@pytest.fixture(scope="module")
def digits():
    """mnist5k as float32 in [0, 1] with a channel axis."""
    splits = mnist5k.load_data()
    return [((x / 255.0).astype(np.float32)[..., None], y) for x, y in splits]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_readme_command_reaches_95(seed, tmp_path, capsys):
    assert main(["train", "lenet5", "--seed", str(seed), "--output", str(tmp_path / "lenet5.striate")]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Test on 1000 images"))
    assert float(line.split("accuracy ")[1].split(",")[0]) >= 0.95


def fit(model, digits, optimizer, batch_size, epochs):
    (x_train, y_train), (x_test, y_test) = digits
    striate.utils.set_random_seed(0)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0)
    assert all(math.isfinite(loss) for loss in history.history["loss"])
    return model.evaluate(x_test, y_test, verbose=0)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "optimizer", "epochs", "accuracy"),
    [  # thresholds: measured with an independent framework on the same split, less a margin
        ({}, "adam", 10, 0.92),
        ({"activation": "relu", "pool": "max"}, "adam", 6, 0.91),
        ({}, ("sgd", 0.05, 0.9), 10, 0.93),
    ],
)
def test_calibrated_accuracy(digits, options, optimizer, epochs, accuracy):
    striate.utils.set_random_seed(1)
    model = striate.applications.LeNet5(**options)
    if isinstance(optimizer, tuple):
        optimizer = striate.optimizers.SGD(optimizer[1], momentum=optimizer[2])
    assert fit(model, digits, optimizer, batch_size=64, epochs=epochs) >= accuracy


@pytest.mark.slow
def test_modern_variant_on_padded_digits(digits):
    padded = [(np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))), y) for x, y in digits]
    striate.utils.set_random_seed(1)
    assert fit(striate.applications.LeNet5(variant="modern"), padded, "adam", batch_size=64, epochs=10) >= 0.92


@pytest.mark.slow
def test_lab_net_five_epochs(digits):
    striate.utils.set_random_seed(1)
    assert fit(striate.applications.LabNet(), digits, "adam", batch_size=32, epochs=5) >= 0.95
