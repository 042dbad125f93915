"""Backpropagation through whole nets in float64 against central differences."""

import numpy as np
import pytest

import striate
from striate import layers, ops
from support.traced import value_and_gradients

H, LARGEST_ERROR = 1e-5, 1e-6  # of the largest gradient of the tensor


def narrow_lenet():
    f64 = {"dtype": "float64"}
    return [
        layers.Input((12, 12, 1), dtype="float64"),
        layers.Conv2D(3, 5, padding="same", activation="tanh", **f64),
        layers.AveragePooling2D(2, **f64),
        layers.Conv2D(4, 3, activation="sigmoid", **f64),
        layers.MaxPooling2D(3, strides=2, padding="same", **f64),
        layers.Flatten(**f64),
        layers.Dense(5, activation="tanh", **f64),
        layers.Dense(3, activation="softmax", **f64),
    ]


def narrow_normalized():
    f64 = {"dtype": "float64"}
    return [
        layers.Input((7, 6, 2), dtype="float64"),
        layers.ZeroPadding2D(1, **f64),
        layers.Conv2D(4, 3, strides=2, use_bias=False, **f64),
        layers.BatchNormalization(**f64),
        layers.Activation("tanh", **f64),
        layers.Conv2D(3, 2, dilation_rate=2, **f64),
        layers.Cropping2D(((0, 1), (0, 0)), **f64),
        layers.GlobalAveragePooling2D(**f64),
        layers.Dense(3, activation="softmax", **f64),
    ]


@pytest.mark.parametrize("layers_of", [narrow_lenet, narrow_normalized])
def test_net(layers_of):
    striate.utils.set_random_seed(6)
    net = striate.Sequential(layers_of())
    x = np.random.default_rng(6).normal(size=(4, *net.input_shape[1:]))
    labels = np.int64([0, 2, 1, 2])
    weights = net.trainable_weights

    def loss(x):
        return ops.sum(ops.cross_entropy(net(x, training=True), labels))

    def at(array):
        return float(value_and_gradients(loss, [array], training=True)[0])

    value, gradients = value_and_gradients(loss, [x], weights=weights, training=True)
    assert value.dtype == np.float64
    for tensor, gradient in zip([None, *weights], gradients, strict=True):
        held = x if tensor is None else tensor.read()
        scale = np.abs(gradient).max()
        assert scale > 0
        rng = np.random.default_rng(held.size)
        for place in rng.choice(held.size, min(8, held.size), replace=False):
            ends = []
            for step in (H, -H):
                moved = held.copy()
                moved.reshape(-1)[place] += step
                if tensor is None:
                    ends.append(at(moved))
                else:
                    tensor.assign(moved)
                    ends.append(at(x))
            if tensor is not None:
                tensor.assign(held)
            numeric = (ends[0] - ends[1]) / (2 * H)
            assert abs(numeric - gradient.reshape(-1)[place]) < LARGEST_ERROR * scale, tensor
