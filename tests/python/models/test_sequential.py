"""Sequential models: building, adding, popping, copying."""

import numpy as np
import pytest

import striate
from striate import layers, models


def stack(**kwargs):
    return [layers.Conv2D(3, 3, activation="relu", **kwargs), layers.Flatten(), layers.Dense(2)]


X = np.random.default_rng(0).random((5, 6, 6, 1), dtype="float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: striate.Sequential([layers.Input((6, 6, 1)), *stack()]),
        lambda: striate.Sequential([layers.InputLayer((6, 6, 1)), *stack()]),
        lambda: striate.Sequential(stack(input_shape=(6, 6, 1))),
    ],
    ids=["Input", "InputLayer", "input_shape"],
)
def test_known_input_builds_at_once(make):
    model = make()
    assert model.built
    assert model.count_params() == 3 * 9 + 3 + 48 * 2 + 2
    assert [layer.name.rstrip("_0123456789") for layer in model.layers] == ["conv2d", "flatten", "dense"]
    assert model.input_shape == (None, 6, 6, 1)
    assert model.output_shape == (None, 2)


def test_deferred_building():
    model = striate.Sequential(stack())
    assert not model.built
    assert model.weights == []
    with pytest.raises(AttributeError, match="no symbolic inputs"):
        model.inputs  # noqa: B018
    assert model(X).shape == (5, 2)
    assert model.built
    assert len(model.weights) == 4
    other = striate.Sequential(stack())
    other.build((None, 6, 6, 1))
    assert other.count_params() == model.count_params()
    third = striate.Sequential(stack())
    third.compile("sgd", "mse")
    third.fit(X, np.zeros((5, 2)), verbose=0)
    assert third.count_params() == model.count_params()


def test_add_and_pop():
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    assert model.predict(np.ones((1, 4)), verbose=0).shape == (1, 2)
    last = model.pop()
    assert last.units == 2
    assert model.output_shape == (None, 3)
    assert model.predict(np.ones((1, 4)), verbose=0).shape == (1, 3)
    model.add(layers.Dense(5))
    assert model.output_shape == (None, 5)
    with pytest.raises(TypeError, match="no layers"):
        striate.Sequential().pop()


def test_wrong_layers():
    with pytest.raises(ValueError, match="Only instances of `striate.Layer`"):
        striate.Sequential([3])
    with pytest.raises(ValueError, match="unique names"):
        striate.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")])
    with pytest.raises(ValueError, match="no layers"):
        striate.Sequential().build((None, 3))
    with pytest.raises(ValueError, match="cannot contain character `/`"):
        layers.Dense(1, name="a/b")


def test_nested_and_shared():
    inner = striate.Sequential([layers.Input((4,)), layers.Dense(3, name="inside")], name="inner")
    a, b = layers.Input((4,)), layers.Input((4,))
    model = striate.Model([a, b], layers.Concatenate()([inner(a), inner(b)]))
    assert len(model.weights) == 2
    x = np.random.default_rng(0).random((2, 4), dtype="float32")
    y = model.predict([x, x], verbose=0)
    np.testing.assert_array_equal(y[:, :3], y[:, 3:])
    np.testing.assert_allclose(y[:, :3], inner.predict(x, verbose=0), rtol=1e-6)
    assert model.get_layer("inner") is inner


def test_copies():
    model = striate.Sequential([layers.Input((6, 6, 1)), *stack()], name="first")
    for copy in (models.clone_model(model), models.model_from_json(model.to_json())):
        assert type(copy) is striate.Sequential
        assert copy.name == "first"
        assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
        assert copy.get_weights()[0].tolist() != model.get_weights()[0].tolist()
        copy.set_weights(model.get_weights())
        np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))


def test_names_count_from_the_class(monkeypatch):
    striate.backend.clear_session()
    names = [layers.Dense(1).name, layers.Dense(1).name, layers.MaxPooling2D().name, striate.Sequential().name]
    assert names == ["dense", "dense_1", "max_pooling2d", "sequential"]
    striate.backend.clear_session()
    assert layers.Dense(1).name == "dense"
