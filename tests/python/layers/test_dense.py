import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer

WRONG = [
    ({"units": 0}, r"`units` must be a positive integer. Received: units=0"),
    ({"units": "3"}, r"units='3'"),
    ({"lora_rank": 2}, r"`lora_rank` comes in a later version"),
    ({"kernel_regularizer": "l1"}, r"`kernel_regularizer` comes in a later version"),
    ({"bias_initializer": 3}, r"Could not interpret initializer 3"),
]


@pytest.mark.parametrize("shape", [(4, 3), (1, 1), (2, 5, 3), (2, 1, 7, 3)])
def test_contract(shape):
    wrong = WRONG if shape == (4, 3) else ()
    check_layer(layers.Dense, {"units": 5}, shape, (*shape[:-1], 5), weights=2, wrong=wrong)


def test_without_bias():
    check_layer(layers.Dense, {"units": 17, "use_bias": False, "activation": "sigmoid"}, (3, 31), (3, 17), weights=1)


@pytest.mark.parametrize("shape", [(3, 13), (2, 5, 13)])
def test_against_numpy(shape):
    x = np.random.default_rng(2).normal(size=shape).astype("float32")
    layer = layers.Dense(7, activation="tanh", bias_initializer="random_normal")
    y = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, np.tanh(x.astype("float64") @ kernel + bias), atol=2e-6)


def test_inputs_that_do_not_fit():
    layer = layers.Dense(2, name="head")
    with pytest.raises(ValueError, match=r'layer "head" is incompatible.*expected min_ndim=2, found ndim=1'):
        layer(np.zeros(3, "float32"))
    layer(np.zeros((1, 4), "float32"))
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 4.*shape \(1, 5\)"):
        layer(np.zeros((1, 5), "float32"))
