"""Keras's constructor and methods of variables."""

import numpy as np
import pytest

import striate as keras
from striate import layers, ops


@pytest.mark.parametrize(
    ("variable", "elements", "dtype"),
    [
        (lambda: keras.Variable(np.zeros(3)), [0, 0, 0], "float32"),
        (lambda: keras.Variable(np.zeros(3), dtype="float64"), [0, 0, 0], "float64"),
        (lambda: keras.Variable(initializer="ones", shape=(3,)), [1, 1, 1], "float32"),
        (lambda: keras.Variable("zeros", (2,), "int64"), [0, 0], "int64"),
        (lambda: keras.Variable(keras.initializers.Constant(4), shape=()), 4, "float32"),
        (lambda: keras.Variable(2.5), 2.5, "float32"),
        (lambda: keras.Variable(np.int64([1, 2])), [1, 2], "int64"),
        (lambda: keras.Variable("v", np.float64([1])), [1], "float64"),
    ],
)
def test_constructor(variable, elements, dtype):
    made = variable()
    np.testing.assert_array_equal(made.numpy(), elements)
    np.testing.assert_array_equal(np.asarray(made.value), elements)
    assert made.dtype == dtype
    assert made.trainable


def test_names_and_trainable():
    frozen = keras.Variable(np.zeros(2), trainable=False, name="ema")
    assert (frozen.trainable, frozen.name, frozen.path) == (False, "ema", "ema")
    assert keras.Variable(0.0).name != keras.Variable(0.0).name
    with pytest.raises(ValueError, match="Give `shape`"):
        keras.Variable("zeros")
    with pytest.raises(ValueError, match=r"elements of shape \(3,\) were given with shape=\(2,\)"):
        keras.Variable(np.zeros(3), shape=(2,))


def test_numbers_of_it():
    rate = keras.optimizers.SGD(0.25).learning_rate
    assert f"{rate:.4f}" == "0.2500"
    assert (float(rate), int(keras.Variable("n", np.int64(2**60 + 1)))) == (0.25, 2**60 + 1)
    assert "Variable" in f"{rate}"


def test_assignments():
    variable = keras.Variable([1.0, 2.0])
    variable.assign_add([1, 1]).assign_sub(0.5)
    assert variable.numpy().tolist() == [1.5, 2.5]
    counter = keras.Variable(np.int64(3))
    assert counter.assign_add(1).numpy() == 4
    assert counter.dtype == "int64"


class Counting(layers.Layer):
    def build(self, _):
        self.calls = self.add_weight(shape=(), trainable=False)
        self.calls.assign(2)  # at once: building is not part of a step
        self.start = float(self.calls)

    def call(self, inputs):
        self.calls.assign_add(1)
        self.calls.assign(self.calls * 10)  # of what the line above gave
        return inputs + self.calls


def test_assigning_in_call_is_part_of_each_step():
    layer = Counting()
    model = keras.Sequential([keras.Input((1,)), layer, layers.Dense(1)])
    assert (layer.start, float(layer.calls)) == (2, 2)  # drawing the model has assigned nothing
    model.compile("sgd", "mse")
    x = np.zeros((4, 1), "float32")
    model.fit(x, x, batch_size=2, epochs=1, verbose=0)
    assert float(layer.calls) == ((2 + 1) * 10 + 1) * 10
    assert float(layer(np.float32([[0]]))[0, 0]) == 3110 == float(layer.calls)


def test_assigning_in_call_checks_the_shape():
    class Wrong(layers.Layer):
        def build(self, _):
            self.mean = self.add_weight(shape=(2,), name="mean")

        def call(self, inputs):
            self.mean.assign(ops.mean(inputs))
            return inputs

    with pytest.raises(ValueError, match=r"'wrong/mean' of shape \(2,\) was assigned a value of shape \(\)"):
        Wrong(name="wrong")(keras.Input((2,)))
