"""Training within a limit of memory: the same bits, fewer bytes, and words that help where it cannot be."""

import re

import numpy as np
import pytest

import striate
from striate import layers, models

X = np.random.default_rng(0).random((12, 16, 16, 3), dtype=np.float32)
Y = np.arange(12) % 5


def net(max_memory=None, **compiled):
    """A residual network with batch normalization and dropout."""
    striate.utils.set_random_seed(5)
    inputs = layers.Input((16, 16, 3))
    x = layers.Conv2D(16, 3, padding="same")(inputs)
    for _ in range(4):
        y = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(y))
        x = layers.Dropout(0.1)(layers.ReLU()(layers.Add()([x, y])))
    x = layers.GlobalAveragePooling2D()(x)
    model = models.Model(inputs, layers.Dense(5, activation="softmax")(x))
    arguments = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(**arguments, max_memory=max_memory)
    return model


def limit(share, batch_size=4):
    """Bytes, where activations and gradients may take this share of what they would."""
    free = net().memory(batch_size, training=True)
    return free.total - free.arena + int(share * free.arena)


def state(model):
    """The bits of all that training changes."""
    variables = [*model.weights, *model.optimizer.variables]
    return [np.asarray(variable.read()).tobytes() for variable in variables]


@pytest.mark.parametrize("share", [0.8, 0.6, 0.4])
def test_the_same_bits_in_fewer_bytes(share):
    most = limit(share)
    free, held = net(), net(most)
    assert held.memory(4, training=True).total <= most < free.memory(4, training=True).total
    histories = [model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history for model in (free, held)]
    assert histories[0] == histories[1]
    assert state(free) == state(held)
    assert free.predict(X, verbose=0).tobytes() == held.predict(X, verbose=0).tobytes()


def test_every_optimizer_and_weights_of_samples():
    most = limit(0.5)
    weights = np.linspace(0.5, 1, len(X))
    for optimizer in ("sgd", "rmsprop", striate.optimizers.SGD(0.01, 0.9)):
        free, held = net(optimizer=optimizer), net(most, optimizer=optimizer)
        losses = [model.train_on_batch(X[:4], Y[:4], weights[:4]) for model in (free, held) for _ in range(2)]
        assert losses[:2] == losses[2:]
        assert state(free) == state(held)


def test_too_little_names_the_least_that_does():
    model = net("100 KB")
    with pytest.raises(MemoryError, match=r"max_memory=100000 bytes is not enough[\s\S]*Use a smaller batch") as error:
        model.fit(X, Y, batch_size=4, verbose=0)
    with pytest.raises(MemoryError):
        model.memory(4, training=True)
    least = int(re.search(r"at least (\d+)", str(error.value))[1])
    model = net(least)
    assert model.memory(4, training=True).total <= least
    model.fit(X, Y, batch_size=4, verbose=0)
    with pytest.raises(MemoryError, match=r"\(12, 16, 16, 3\)"):
        model.fit(X, Y, batch_size=12, verbose=0)


def test_compiling_again_lifts_the_limit():
    model = net("100 KB")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, batch_size=4, verbose=0)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (10**9, 10**9),
        (np.int64(12345), 12345),
        ("512 MB", 512 * 10**6),
        ("2 GB", 2 * 10**9),
        ("1.5gb", 1_500_000_000),
        (" 3 KiB ", 3072),
        ("2 GiB", 2 * 1024**3),
        ("1000 B", 1000),
        (None, None),
    ],
)
def test_sizes(given, size):
    assert net(given)._compile_arguments["max_memory"] == size


@pytest.mark.parametrize("given", [0, -5, True, 1.5e9, "2", "2 G", "GB", "-1 GB", "0 MB", "much", [1], "1e999 TB"])
def test_what_is_no_size(given):
    words = (
        rf"`max_memory` must be a number of bytes.*'512 MB'.*GiB.*None.*Received: max_memory={re.escape(repr(given))}"
    )
    with pytest.raises(ValueError, match=words):
        net(given)


def test_files_keep_it(tmp_path):
    most = limit(0.5)
    model = net(most)
    model.fit(X, Y, batch_size=4, verbose=0)
    model.save(tmp_path / "net.striate")
    loaded = models.load_model(tmp_path / "net.striate")
    assert loaded.memory(4, training=True).total <= most
    stored = striate._core.StoredModel.load(str(tmp_path / "net.striate"))  # what C++ loads
    assert stored.function("train_step").max_memory == most
    assert stored.function("predict").max_memory == 0
    for each in (model, loaded):
        each.fit(X, Y, batch_size=4, verbose=0)
    assert state(model) == state(loaded)
    again = net()
    again.save(tmp_path / "free.striate")
    assert models.load_model(tmp_path / "free.striate")._compile_arguments["max_memory"] is None
