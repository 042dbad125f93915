"""Batches like the last one are not looked at again in full; whatever differs from it still is."""

import numpy as np
import pytest

import striate
from striate import layers


def compiled(loss="sparse_categorical_crossentropy"):
    model = striate.Sequential([striate.Input((3, 2)), layers.Flatten(), layers.Dense(4, name="top")])
    model.compile(striate.optimizers.SGD(0.1), loss)
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 3, 2), dtype=np.float32), np.array([0, 3, 1, 2, 0])


def test_second_batch_takes_the_short_way(data):
    x, y = data
    model = compiled()
    for call, kind in ((lambda: model.train_on_batch(x, y), "train"), (lambda: model.test_on_batch(x, y), "test")):
        call()
        assert model._ready[kind].takes(x, y)
    first = model.predict_on_batch(x)
    assert model._ready["predict"].takes(x[:2])
    np.testing.assert_array_equal(model.predict_on_batch(x[:2]), first[:2])


def test_steps_are_those_of_the_long_way(data):
    x, y = data
    short, long = compiled(), compiled()
    long.set_weights(short.get_weights())
    for _ in range(3):
        loss = short.train_on_batch(x, y)
        long._ready.clear()
        assert loss == long.train_on_batch(x, y)
    for a, b in zip(short.get_weights(), long.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("wrong", [4, -1])
def test_labels_are_always_checked(data, dtype, wrong):
    x, y = data
    model = compiled()
    model.train_on_batch(x, y.astype(dtype))
    bad = y.copy()
    bad[2] = wrong
    if dtype == "uint8":
        wrong %= 256
    with pytest.raises(ValueError, match=f"label value of {wrong}"):
        model.train_on_batch(x, bad.astype(dtype))


def test_other_arrays_take_the_long_way(data):
    x, y = data
    model = compiled()
    model.train_on_batch(x, y)
    model.predict_on_batch(x)
    with pytest.raises(ValueError, match="incompatible"):
        model.predict_on_batch(x[:, :2])
    with pytest.raises(ValueError, match="empty"):
        model.predict_on_batch(x[:0])
    with pytest.raises(ValueError, match="same number of samples"):
        model.train_on_batch(x, y[:3])
    with pytest.raises(ValueError, match="needs labels"):
        model.train_on_batch(x)
    want = model.predict_on_batch(x)
    for other in (x.astype(np.float64), np.asfortranarray(x), x.repeat(2, 0)[::2]):
        np.testing.assert_allclose(model.predict_on_batch(other), want, rtol=1e-6)


def test_freezing_is_seen(data):
    x, y = data
    model = compiled()
    model.train_on_batch(x, y)
    model.get_layer("top").trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        model.train_on_batch(x, y)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_compiling_again_is_seen(data):
    x, y = data
    model = compiled()
    model.train_on_batch(x, y)
    model.compile(striate.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.train_on_batch(x, y)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
