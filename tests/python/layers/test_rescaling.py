import numpy as np

from striate import layers
from support.layer_contract import check_layer


def test_contract():
    check_layer(layers.Rescaling, {"scale": 0.5, "offset": -1.0}, (2, 5, 3), (2, 5, 3))
    check_layer(layers.Rescaling, {"scale": [1.0, 2.0, 3.0]}, (2, 5, 3), (2, 5, 3))


def test_values():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(np.asarray(layers.Rescaling(2, 1)(x)), 2 * x + 1)
    np.testing.assert_array_equal(np.asarray(layers.Rescaling(np.float32([1, 2, 4]))(x)), x * [1, 2, 4])
    y = np.asarray(layers.Rescaling(1 / 255)(np.uint8([[0, 51, 255]])))
    np.testing.assert_allclose(y, [[0, 0.2, 1]], rtol=1e-6)
    assert y.dtype == np.float32
