"""What fit says of numbers that break, and what it leaves behind."""

import numpy as np
import pytest

import striate
from striate import layers, ops

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(20, 3)).astype("float32")
BAD = np.where(np.arange(20)[:, None] == 17, np.float32(1e30), Y)


def net(*outer, optimizer="adam", built=True):
    striate.utils.set_random_seed(1)
    model = striate.Sequential([layers.Input((4,))] if built else [])
    model.add(layers.Dense(5, name="first"))
    model.add(layers.Dense(3, name="last"))
    for layer in outer:
        model.add(layer)
    model.compile(optimizer, "mse")
    return model


def state(model):
    return [variable.read() for variable in [*model.weights, *model.optimizer.variables]]


@pytest.mark.parametrize(
    "optimizer", [striate.optimizers.Adam(0.01), striate.optimizers.SGD(0.01, momentum=0.9)], ids=lambda o: o.name
)
def test_training_may_go_on_after_the_error(optimizer):
    model = net(optimizer=optimizer)
    model.fit(X, Y, batch_size=5, verbose=0)
    before = [weight.read() for weight in model.weights]
    with pytest.raises(RuntimeError, match="again what they were at the epoch's start, and the optimizer begins anew"):
        model.fit(X, BAD, batch_size=5, shuffle=False, verbose=0)
    for a, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, weight.read())
    iterations, rate, *slots = (variable.read() for variable in model.optimizer.variables)
    assert iterations == 0
    assert rate == np.float32(0.01)
    assert not any(slot.any() for slot in slots)
    assert np.isfinite(model.train_on_batch(X, Y))
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()
    assert all(np.isfinite(array).all() for array in state(model))


def test_first_batch_builds_the_model():
    model = net(built=False)
    with pytest.raises(RuntimeError, match="The loss became inf at step 1 of epoch 1: all layers' outputs are finite"):
        model.fit(iter([(X, BAD)]), verbose=0)
    assert all(np.isfinite(array).all() for array in state(model))
    assert not model.optimizer.variables[2].read().any()


def test_culprit_is_sought_with_the_weights_before_the_update():
    model = net(layers.Activation("exponential", name="boom"))
    with pytest.raises(RuntimeError, match="step 1 of epoch 1: layer 'boom' is the first whose output"):
        model.fit(X * 1000, Y, verbose=0)


def test_gradient_that_only_the_next_loss_would_show():
    class Root(layers.Layer):
        def call(self, x):
            return ops.sqrt(ops.multiply(x, 0.0))

    model = net(Root())
    before = state(model)[:4]
    with pytest.raises(RuntimeError, match=r"loss was 0\.0, but weight 'first/kernel' and 3 more became .* at step 1"):
        model.fit(X, np.zeros_like(Y), epochs=2, verbose=0)
    for a, b in zip(before, state(model), strict=False):
        np.testing.assert_array_equal(a, b)


def test_weights_that_were_infinite_all_along_are_nobodys_fault():
    class Mask(layers.Layer):
        def build(self, shape):
            self.mask = self.add_weight((3,), initializer="zeros", trainable=False)

        def call(self, x):
            return ops.add(x, ops.minimum(ops.exp(self.mask.value()), 0.0))

    model = net(Mask())
    model.layers[-1].mask.assign(np.full(3, -np.inf, "float32"))
    assert np.isfinite(model.fit(X, Y, epochs=2, verbose=0).history["loss"]).all()
