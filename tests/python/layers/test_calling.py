"""How layers take arguments, and what they do while a function is traced."""

import numpy as np
import pytest

import striate
from striate import initializers, layers, ops

X = np.random.default_rng(0).normal(3, 2, (64, 2)).astype("float32")


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.normalization = layers.BatchNormalization()

    def call(self, inputs, training=None, factor=1.0):
        return self.normalization(inputs, training) * factor


@pytest.mark.parametrize("training", [True, False])
def test_training_by_position(training):
    block = Block()
    model = striate.Sequential([striate.Input((2,)), block])
    for layer in (block, model):
        mean = layer(X, training).mean()
        assert (abs(mean) < 0.1) == training
        np.testing.assert_array_equal(layer(X, training=training), layer(X, training))
    np.testing.assert_array_equal(block(X, False, 2.0), 2 * block(X, False))
    recorded = striate.Model(x := striate.Input((2,)), Block()(x, training))
    assert (abs(recorded(X).mean()) < 0.1) == training
    with pytest.raises(TypeError, match="takes 3 arguments. Received: 4"):
        block(X, True, 1.0, 2.0)


def test_a_layer_may_hold_the_model_it_is_part_of():
    dense = layers.Dense(2)
    model = striate.Sequential([striate.Input((2,)), dense, layers.Dense(1, use_bias=False)])
    dense.parent = model
    assert [w.name.rpartition("/")[2] for w in model.weights] == ["kernel", "bias", "kernel"]
    assert len(model.trainable_weights) == 3
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], epochs=1, verbose=0)
    model.trainable = False
    assert not model.trainable_weights
    assert not dense.trainable


def test_layers_called_on_arrays_in_call_follow_their_weights():
    class Offset(layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2, use_bias=False)

        def call(self, inputs):
            return inputs * 0 + self.dense(np.ones((1, 1), "float32"))

    model = striate.Sequential([striate.Input((2,)), offset := Offset()])
    model.compile(striate.optimizers.SGD(0.5), "mse")
    model.fit(X, X, epochs=20, batch_size=64, verbose=0)
    np.testing.assert_allclose(offset.dense.kernel.numpy()[0], X.mean(0), rtol=1e-3)


def test_branching_on_a_value_in_call_is_an_error():
    class Branching(layers.Layer):
        def call(self, inputs):
            return inputs if ops.mean(inputs) > 0 else -inputs

    with pytest.raises(TypeError, match=r"In layer 'branching'.*ops\.where"):
        Branching(name="branching")(striate.Input((2,)))


def test_integer_inputs():
    x = striate.Input((4, 4, 1), dtype="uint8")
    model = striate.Model(x, layers.Conv2D(1, 1, kernel_initializer="ones")(x / 255.0))
    assert model(np.full((1, 4, 4, 1), 51, "uint8"))[0, 0, 0, 0] == np.float32(0.2)
    model = striate.Model(x, layers.Dense(1, kernel_initializer="ones")(x))
    assert model(np.full((1, 4, 4, 1), 51, "uint8"))[0, 0, 0, 0] == 51


def test_what_call_assigns_counts_in_tests_and_predictions_too():
    class Counting(layers.Layer):
        def build(self, shape):
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, x):
            self.calls.assign_add(1)
            return x

    counting = Counting()
    model = striate.Sequential([striate.Input((2,)), counting, layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2), "float32"), np.zeros((8, 1), "float32")
    model.fit(x, y, batch_size=4, verbose=0)
    assert float(counting.calls) == 2
    model.evaluate(x, y, batch_size=2, verbose=0)
    assert float(counting.calls) == 6
    model.predict(x, batch_size=8, verbose=0)
    assert float(counting.calls) == 7


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_gradient_of_a_trained_weight_that_call_assigns(power):
    """By the value assigned and by what was read before; the optimizer goes on from the value assigned."""

    class Assigning(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(1, 1), initializer=initializers.Constant(0.5), name="w")

        def call(self, x):
            before = ops.matmul(x, self.w)
            value = self.w
            for _ in range(power - 1):
                value = ops.multiply(value, self.w)
            self.w.assign(value)
            return before + ops.matmul(x, self.w)

    layer = Assigning()
    model = striate.Sequential([striate.Input((1,)), layer])
    model.compile(striate.optimizers.SGD(0.1), "mse")
    x, y = np.float32([[1], [2]]), np.float32([[1], [0]])
    model.train_on_batch(x, y)
    new = 0.5**power
    both = np.mean(2 * (x * (0.5 + new) - y) * x)  # by either reading
    assert float(layer.w) == pytest.approx(new - 0.1 * 2 * both, rel=1e-5)
