import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (layers.Activation, {"activation": "tanh"}),
        (layers.ReLU, {}),
        (layers.ReLU, {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.5}),
        (layers.LeakyReLU, {}),
        (layers.Softmax, {}),
    ],
)
def test_contract(cls, arguments):
    check_layer(cls, arguments, (3, 7), (3, 7))
    check_layer(cls, arguments, (2, 3, 1, 5), (2, 3, 1, 5))


def test_relu_values():
    x = np.float32([-2, -0.5, 0, 0.5, 1, 8])
    np.testing.assert_array_equal(np.asarray(layers.ReLU()(x)), [0, 0, 0, 0.5, 1, 8])
    np.testing.assert_array_equal(np.asarray(layers.ReLU(6)(x)), [0, 0, 0, 0.5, 1, 6])
    np.testing.assert_array_equal(np.asarray(layers.ReLU(negative_slope=0.5)(x)), [-1, -0.25, 0, 0.5, 1, 8])
    y = np.asarray(layers.ReLU(max_value=4, negative_slope=0.5, threshold=1)(x))
    np.testing.assert_array_equal(y, [-1.5, -0.75, -0.5, -0.25, 1, 4])
    np.testing.assert_allclose(np.asarray(layers.LeakyReLU()(x)), [-0.6, -0.15, 0, 0.5, 1, 8], rtol=1e-6)


def test_leaky_relu_takes_alpha_with_a_warning():
    with pytest.warns(UserWarning, match="`alpha` is deprecated. Use `negative_slope`"):
        assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2


def test_softmax_values():
    x = np.float32([[2, 1, 0.1], [1002, 1001, 1000.1]])
    y = np.asarray(layers.Softmax()(x))
    np.testing.assert_allclose(y[0], [0.65900114, 0.24243297, 0.09856589], atol=1e-6)
    np.testing.assert_allclose(y[1], y[0], atol=1e-4)  # 1000.1 in float32 is off by 2e-5
    columns = np.asarray(layers.Softmax(axis=1)(np.zeros((1, 4, 2), "float32")))
    np.testing.assert_allclose(columns, 0.25)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"`max_value` must be 0 or more"):
        layers.ReLU(max_value=-1)
    with pytest.raises(ValueError, match=r"`negative_slope` must be 0 or more"):
        layers.ReLU(negative_slope=-1)
    with pytest.raises(ValueError, match=r"LeakyReLU: `negative_slope`"):
        layers.LeakyReLU(None)
    with pytest.raises(ValueError, match=r"Unknown activation: 'rely'"):
        layers.Activation("rely")
