import math

import numpy as np
import pytest

from striate import activations

X = np.float32([[-30, -2, -0.5, 0], [0.25, 1, 3, 30]])

FORMULAS = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0),
    "relu6": lambda x: min(max(x, 0), 6),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "exponential": math.exp,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    expected = np.vectorize(FORMULAS[name], otypes=["float64"])(X.astype("float64"))
    np.testing.assert_allclose(np.asarray(activations.get(name)(X)), expected, rtol=3e-6, atol=1e-7)


def test_softmax():
    exponentials = np.exp(X.astype("float64"))
    expected = exponentials / exponentials.sum(-1, keepdims=True)
    np.testing.assert_allclose(np.asarray(activations.softmax(X)), expected, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(np.asarray(activations.log_softmax(X)), np.log(expected), rtol=1e-5, atol=1e-6)
    columns = exponentials / exponentials.sum(0, keepdims=True)
    np.testing.assert_allclose(np.asarray(activations.softmax(X, axis=0)), columns, rtol=1e-5, atol=1e-12)


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get("Softmax") is activations.softmax
    assert activations.get(math.sin) is math.sin
    for name in FORMULAS:
        assert activations.get(activations.serialize(activations.get(name))) is activations.get(name)
    with pytest.raises(ValueError, match=r"Unknown activation: 'rely'. Known: .*relu"):
        activations.get("rely")
    with pytest.raises(ValueError, match=r"Could not interpret activation 3 of type int"):
        activations.get(3)


def test_a_layer_as_an_activation():
    from striate import layers

    config = activations.serialize(layers.LeakyReLU(0.5))
    again = activations.get(config)
    assert type(again) is layers.LeakyReLU
    assert again.negative_slope == 0.5
