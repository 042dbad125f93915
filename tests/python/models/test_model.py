"""Functional and subclassed models, and layers of one's own."""

import numpy as np
import pytest

import striate
from striate import layers, ops

X = np.random.default_rng(0).random((5, 8), dtype="float32")


def residual():
    x = layers.Input((8,), name="x")
    a = layers.Dense(8, activation="relu", name="a")(x)
    b = layers.Dense(8, name="b")(a)
    return striate.Model(x, layers.Dense(2, name="c")((b + x) * 0.5), name="residual")


def test_replay_computes_what_the_layers_say():
    model = residual()
    a, b, c = (model.get_layer(name) for name in "abc")
    expected = c((b(a(X)) + X) * 0.5)
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert model(X).numpy().dtype == np.float32


def test_order_of_layers_and_weights():
    names = [layer.name.rstrip("_0123456789") for layer in residual().layers]
    assert names == ["x", "a", "b", "add", "multiply", "c"]
    assert [w.shape for w in residual().weights] == [(8, 8), (8,), (8, 8), (8,), (8, 2), (2,)]
    # The longer branch comes first, as in Keras.
    x = layers.Input((4,))
    long = layers.Dense(3, name="l2")(layers.Dense(2, name="l1")(x))
    model = striate.Model(x, layers.Add()([layers.Dense(3, name="short")(x), long]))
    assert [layer.name for layer in model.layers if layer.weights] == ["l1", "short", "l2"]


def test_part_of_a_model_shares_weights():
    model = residual()
    part = striate.Model(model.inputs, model.get_layer("a").output)
    np.testing.assert_allclose(part(X), model.get_layer("a")(X), rtol=1e-6)
    assert part.weights == model.get_layer("a").weights


def test_inputs_in_the_middle_of_another_model():
    x = layers.Input((8,))
    hidden, twice = layers.Dense(5, name="hidden")(x), layers.Dense(5, name="twice")
    tail = striate.Model([x, hidden], [layers.Dense(1, name="last")(twice(twice(hidden))), hidden, x])
    assert [type(layer).__name__ for layer in tail.layers] == ["InputLayer", "Dense", "InputLayer", "Dense"]
    assert hidden.history[0].layer.inbound_nodes[0].outputs is hidden  # the other model's calls are as they were
    values = np.random.default_rng(1).random((5, 5), dtype="float32")
    scores, same, first = tail.predict([X, values], verbose=0)
    np.testing.assert_array_equal(same, values)
    np.testing.assert_array_equal(first, X)
    copy = striate.models.clone_model(tail)
    copy.set_weights(tail.get_weights())
    np.testing.assert_array_equal(copy.predict([X, values], verbose=0)[0], scores)


def test_several_inputs_and_outputs():
    a, b = layers.Input((3,), name="a"), layers.Input((2,), name="b")
    both = layers.Concatenate()([a, b])
    model = striate.Model({"a": a, "b": b}, {"sum": layers.Dense(1, name="sum")(both), "a2": a * 2})
    x = {"b": np.ones((4, 2)), "a": np.ones((4, 3))}
    found = model.predict(x, verbose=0)
    assert set(found) == {"sum", "a2"}
    np.testing.assert_array_equal(found["a2"], np.full((4, 3), 2))
    listed = striate.Model([a, b], [both, a])
    assert [y.shape for y in listed.predict([x["a"], x["b"]], verbose=0)] == [(4, 5), (4, 3)]


def test_inputs_are_made_to_fit():
    model = striate.Sequential([layers.Input((4, 4, 1)), layers.Flatten()])
    assert model(np.ones((2, 4, 4))).shape == (2, 16)
    assert model.predict(np.ones((2, 4, 4), np.uint8), verbose=0).dtype == np.float32
    with pytest.raises(ValueError, match=r"expected shape=\(None, 4, 4, 1\), found shape=\(2, 5, 4, 1\)"):
        model(np.ones((2, 5, 4, 1)))
    with pytest.raises(ValueError, match="Unrecognized data type"):
        model([[[1.0]]])


def test_drawing_errors():
    x, y = layers.Input((2,)), layers.Input((2,), name="other")
    with pytest.raises(ValueError, match=r"depends on .*other"):
        striate.Model(x, layers.Add()([x, y]))
    with pytest.raises(ValueError, match='"same" is used 2 times'):
        striate.Model(x, layers.Dense(2, name="same")(layers.Dense(2, name="same")(x)))
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        striate.Model(np.ones(3), x)
    with pytest.raises(ValueError, match="No such layer: nope. Existing layers are"):
        residual().get_layer("nope")


class Block(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.parts = [layers.Dense(units), layers.Dense(units)]
        self.drop = layers.Dropout(0.5)

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, x, training=None):
        for part in self.parts:
            x = ops.relu(part(x * self.scale))
        return self.drop(x)


def test_own_layers():
    block = Block(8, name="block")
    y = block(X)
    assert y.shape == (5, 8)
    assert [w.name.split("/")[0] for w in block.weights] == ["block"] * 5
    assert block.weights[0].name == "block/scale"
    np.testing.assert_array_equal(block(X), y)  # dropout does nothing
    dropped = block(X, training=True)
    assert (np.asarray(dropped) == 0).sum() > (np.asarray(y) == 0).sum()
    assert block.get_config() == {"name": "block", "trainable": True, "dtype": "float32", "units": 8}
    assert block.compute_output_shape((None, 8)) == (None, 8)
    assert Block(3)(layers.Input((3,))).shape == (None, 3)
    block.trainable = False
    assert block.trainable_weights == []
    assert len(block.non_trainable_weights) == 5


def test_own_models():
    class Net(striate.Model):
        def __init__(self):
            super().__init__()
            self.block = Block(8)
            self.head = layers.Dense(1)

        def call(self, x):
            return self.head(self.block(x))

    striate.utils.set_random_seed(1)
    net = Net()
    net.compile("adam", "mse")
    first = net.evaluate(X, np.ones((5, 1)), verbose=0)
    history = net.fit(X, np.ones((5, 1)), epochs=30, verbose=0).history["loss"]
    assert history[-1] < first
    assert len(net.weights) == 7
    assert net.predict(X, verbose=0).shape == (5, 1)


class Branches(striate.Model):
    """What it takes and gives is a structure."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.u, self.v = layers.Dense(3, activation="softmax"), layers.Dense(1)

    def call(self, x):
        return {"u": self.u(x["p"]), "v": self.v(x["q"])}


class Pair(Branches):
    def call(self, x):
        return [self.u(x), self.v(x)]


def test_own_models_of_several_outputs():
    model = Pair()
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"], metrics=["accuracy", None])
    history = model.fit(X, [np.arange(5) % 3, X[:, :1]], verbose=0).history
    assert list(history) == ["loss", "output_1_accuracy", "output_1_loss", "output_2_loss"]
    assert [y.shape for y in model.predict(X, verbose=0)] == [(5, 3), (5, 1)]


def test_own_models_of_inputs_and_outputs_by_name():
    model, x, y = Branches(), {"p": X, "q": X[:, :2]}, {"v": X[:, :1], "u": np.arange(5) % 3}
    model.compile("sgd", {"u": "sparse_categorical_crossentropy", "v": "mse"}, metrics={"u": "accuracy"})
    logs = model.fit(x, y, verbose=0, validation_data=({"q": x["q"], "p": x["p"]}, y)).history
    assert {"u_accuracy", "u_loss", "v_loss", "val_u_accuracy"} < set(logs)
    called, found = model(x), model.predict(x, verbose=0)
    assert list(found) == ["u", "v"]
    np.testing.assert_allclose(found["u"], called["u"], rtol=1e-5)
    np.testing.assert_array_equal(model.predict([X, X[:, :2]], verbose=0)["u"], found["u"])
    assert model.memory(5, training=True).total > model.memory(5).total
    with pytest.raises(ValueError, match=r"`x` lacks \['q'\]"):
        model.predict({"p": X}, verbose=0)
    with pytest.raises(ValueError, match=r"`x` holds 1 arrays, the model has 2: \['p', 'q'\]"):
        model.predict(X, verbose=0)


def test_own_models_take_images_of_any_size():
    class Net(striate.Model):
        def __init__(self):
            super().__init__()
            self.conv, self.pool = layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()

        def call(self, x):
            return self.pool(self.conv(x))

    model = Net()
    model.compile("sgd", "mse")
    for size in (8, 9, 8):
        images = np.ones((2, size, size, 1), "float32")
        np.testing.assert_allclose(model.predict(images, verbose=0), model(images), rtol=1e-5, atol=1e-6)
        model.fit(images, np.zeros((2, 2)), verbose=0)


def test_own_build_may_make_layers_alone():
    class Net(striate.Model):
        def build(self, input_shape):
            self.a, self.b = layers.Dense(input_shape[-1]), layers.Dense(2)

        def call(self, x):
            return self.a(x), self.b(x)

    model = Net()
    model.build((None, 8))
    model.compile("sgd", "mse")
    history = model.fit(X, [X, X[:, :2]], verbose=0).history
    assert set(history) == {"loss", "output_1_loss", "output_2_loss"}


def test_errors_name_the_innermost_layer_once():
    class Wrong(layers.Layer):
        def call(self, x):
            return ops.add(x, np.ones((7,), "float32"))

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Wrong(name="inner")

        def call(self, x):
            return self.inner(x)

    with pytest.raises(
        striate.errors.ShapeError, match=r"In layer 'inner' \(Wrong\), called on shape \(5, 8\): "
    ) as error:
        Outer()(X)
    assert str(error.value).count("layer") == 1
    assert "outer" not in str(error.value)

    class Forgetful(layers.Layer):
        def __init__(self):
            pass

    with pytest.raises(RuntimeError, match=r"forgot to call `super\(\).__init__\(\)`"):
        Forgetful()(X)


def test_set_weights_refuses_what_does_not_fit():
    layer = layers.Dense(2, name="d")
    layer(X)
    before = layer.get_weights()
    with pytest.raises(ValueError, match="layer 'd' with a weight list of length 1, but the layer was expecting 2"):
        layer.set_weights([np.ones((8, 2))])
    with pytest.raises(ValueError, match=r"shape \(2,\) is not compatible with provided weight shape \(3,\)"):
        layer.set_weights([np.ones((8, 2)), np.ones(3)])
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_frozen_layers_do_not_learn():
    model = residual()
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((5, 2)), verbose=0)
    model.get_layer("a").trainable = False
    before = model.get_weights()
    model.fit(X, np.zeros((5, 2)), verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True, True, True]


def test_layers_compute_in_their_own_type():
    x = layers.Input((8,))
    wide = layers.Dense(3, dtype="float64")(x)
    model = striate.Model(x, layers.Dense(2)(wide))
    assert (wide.dtype, model.outputs[0].dtype) == ("float64", "float32")
    assert model.predict(X, verbose=0).dtype == np.float32
    model.compile("adam", "mse")
    losses = model.fit(X, np.zeros((5, 2)), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert layers.Dense(3, dtype="float64")(X).dtype == np.float64


def test_inputs_are_made_to_fit_in_one_way():
    model = striate.Sequential([layers.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((3, 4, 1), dtype=np.float32)
    expected = model(x[..., 0])
    np.testing.assert_array_equal(model(x), expected)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    assert model.evaluate(x, np.asarray(expected), verbose=0) == 0
    model.fit(x, np.asarray(expected), verbose=0)
    assert striate.Sequential([layers.Input((4, 1)), model]).predict(x, verbose=0).shape == (3, 2)
