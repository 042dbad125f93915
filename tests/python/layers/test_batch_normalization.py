import numpy as np
import pytest

import striate
from striate import layers
from support.layer_contract import check_layer

rng = np.random.default_rng(5)

WRONG = [
    ({"axis": 1.5}, r"`axis` must be an integer"),
    ({"momentum": 2}, r"`momentum` must be from 0 to 1. Received: momentum=2"),
    ({"epsilon": 0}, r"`epsilon` must be positive"),
    ({"renorm": True}, r"`renorm` comes in a later version"),
    ({"synchronized": True}, r"`synchronized` comes in a later version"),
    ({"gamma_regularizer": "l2"}, r"`gamma_regularizer` comes in a later version"),
]


@pytest.mark.parametrize("shape", [(4, 3), (3, 5, 7), (2, 5, 3, 17), (2, 3, 2, 3, 4)])
def test_contract(shape):
    check_layer(layers.BatchNormalization, {}, shape, shape, weights=2, non_trainable=2, wrong=WRONG)


def test_without_gamma_and_beta():
    arguments = {"center": False, "scale": False}
    check_layer(layers.BatchNormalization, arguments, (4, 3), (4, 3), weights=0, non_trainable=2)


def normalized(x, mean, variance, epsilon=1e-3):
    return (x - mean) / np.sqrt(variance + epsilon)


@pytest.mark.parametrize(("shape", "axis"), [((6, 5), -1), ((3, 4, 5, 7), -1), ((3, 4, 5, 7), 1), ((3, 4, 7), 2)])
def test_training_normalizes_and_moves_the_statistics(shape, axis):
    x = rng.normal(2, 3, size=shape).astype("float32")
    layer = layers.BatchNormalization(axis, momentum=0.9, gamma_initializer="random_normal")
    y = np.asarray(layer(x, training=True))
    gamma, beta, moving_mean, moving_variance = layer.get_weights()
    axes = tuple(a for a in range(len(shape)) if a != axis % len(shape))
    double = x.astype("float64")
    mean, variance = double.mean(axes), double.var(axes)  # the biased variance
    along = [1] * len(shape)
    along[axis] = -1
    expected = normalized(double, mean.reshape(along), variance.reshape(along)) * gamma.reshape(along)
    np.testing.assert_allclose(y, expected, atol=1e-5)
    np.testing.assert_allclose(moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(moving_variance, 0.9 + 0.1 * variance, rtol=1e-5)
    assert beta.shape == gamma.shape


def test_inference_uses_the_moving_statistics():
    x = rng.normal(size=(4, 3)).astype("float32")
    layer = layers.BatchNormalization()
    layer(x)
    layer.set_weights([np.float32([1, 2, 3]), np.float32([0, 1, 0]), np.float32([0.5, 0, -1]), np.float32([1, 4, 9])])
    expected = normalized(x, [0.5, 0, -1], np.float64([1, 4, 9])) * [1, 2, 3] + [0, 1, 0]
    for _ in range(2):
        np.testing.assert_allclose(np.asarray(layer(x)), expected, atol=1e-5)
    np.testing.assert_array_equal(layer.get_weights()[2], [0.5, 0, -1])


def test_not_trainable_means_inference():
    x = rng.normal(5, 1, size=(8, 3)).astype("float32")
    layer = layers.BatchNormalization()
    layer.trainable = False
    np.testing.assert_allclose(np.asarray(layer(x, training=True)), x / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_array_equal(layer.get_weights()[2], [0, 0, 0])


def test_fit_moves_the_statistics():
    x = rng.normal(5, 2, size=(64, 3)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.5)
    model = striate.Sequential([layers.Input((3,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(x, np.zeros((64, 1), "float32"))
    np.testing.assert_allclose(layer.get_weights()[2], 0.5 * x.mean(0), rtol=1e-5)


def test_values_of_four_numbers():
    x = np.float32([[1], [2], [3], [4]])
    y = np.asarray(layers.BatchNormalization(epsilon=1e-5)(x, training=True)).ravel()
    np.testing.assert_allclose(y, [-1.34163542, -0.44721181, 0.44721181, 1.34163542], atol=1e-6)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r'Layer "bn" normalizes along axis 3.*\(2, 5\)'):
        layers.BatchNormalization(3, name="bn")(np.zeros((2, 5), "float32"))
    with pytest.raises(ValueError, match=r"axis 1 of the inputs must have a known size"):
        layers.BatchNormalization(1)(layers.Input((None, 5)))
