"""Training interrupted by a file, in Python and in C++, reaches the same bits as training in one go."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import striate
from striate import layers

EXAMPLES = Path(__file__).parents[2] / "cpp" / "examples"
SAMPLES, BATCH = 75, 16  # four whole batches and one of 11


def data(one_hot):
    rng = np.random.default_rng(3)
    classes = np.arange(SAMPLES) % 3
    x = rng.random((SAMPLES, 9, 8, 2), dtype=np.float32) + 0.3 * classes[:, None, None, None].astype("float32")
    return x, np.eye(3, dtype="float32")[classes] if one_hot else classes


def net(optimizer, one_hot):
    striate.utils.set_random_seed(11)
    model = striate.Sequential(
        [
            layers.Input((9, 8, 2)),
            layers.Conv2D(5, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(7, activation="tanh"),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax"),
        ]
    )
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer(), loss=loss, metrics=["accuracy"])
    return model


OPTIMIZERS = {
    "sgd": lambda: striate.optimizers.SGD(0.05),
    "nesterov": lambda: striate.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: striate.optimizers.Adam(0.01),
}
cases = pytest.mark.parametrize(
    ("optimizer", "one_hot"), [("sgd", False), ("nesterov", True), ("adam", False)], ids=["sgd", "nesterov", "adam"]
)


def fit(model, x, y, epochs):
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history["loss"]


def state(model):
    return [np.asarray(v) for v in model.get_weights()] + [np.asarray(v.read()) for v in model.optimizer.variables]


def assert_same_bits(a, b):
    for left, right in zip(state(a), state(b), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left.view(np.uint8), right.view(np.uint8))


@cases
def test_python_goes_on_from_a_file(tmp_path, optimizer, one_hot):
    x, y = data(one_hot)
    straight, first = net(OPTIMIZERS[optimizer], one_hot), net(OPTIMIZERS[optimizer], one_hot)
    losses = fit(straight, x, y, 5)
    assert losses[4] < losses[0]
    half = fit(first, x, y, 3)
    first.save(tmp_path / "half.striate")
    second = striate.models.load_model(tmp_path / "half.striate")
    assert half + fit(second, x, y, 2) == losses
    assert_same_bits(straight, second)


@pytest.fixture(scope="session")
def go_on_training(tmp_path_factory):
    """The example, built against the package that Python uses."""
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake")
    folder = tmp_path_factory.mktemp("examples")
    cmake_dir = subprocess.run(
        [sys.executable, "-m", "striate", "--cmake-dir"], check=True, capture_output=True, text=True
    ).stdout.strip()
    for command in (
        ["cmake", "-S", EXAMPLES, "-B", folder, f"-Dstriate_DIR={cmake_dir}"],
        ["cmake", "--build", folder, "--target", "go_on_training"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "go_on_training"


@pytest.mark.slow
@cases
@pytest.mark.parametrize("threads", [1, 2])
def test_cpp_goes_on_from_a_file(tmp_path, go_on_training, optimizer, one_hot, threads):
    x, y = data(one_hot)
    straight, first = net(OPTIMIZERS[optimizer], one_hot), net(OPTIMIZERS[optimizer], one_hot)
    fit(straight, x, y, 5)
    fit(first, x, y, 3)
    path = tmp_path / "half.striate"
    first.save(path)
    x.tofile(tmp_path / "x.raw")
    y.astype("float32").tofile(tmp_path / "y.raw")
    done = subprocess.run(
        [go_on_training, path, "x.raw", "y.raw", "--epochs", "2", "--threads", str(threads), "--save", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "epoch 5, 5 steps: loss" in done.stdout
    second = striate.models.load_model(path)
    assert_same_bits(straight, second)
    np.testing.assert_array_equal(second.predict(x, verbose=0), straight.predict(x, verbose=0))
    assert fit(second, x, y, 1) == fit(straight, x, y, 1)  # and Python goes on from C++
