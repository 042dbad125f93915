import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer


def counting(*shape):
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


def test_contracts():
    check_layer(
        layers.Flatten, {}, (2, 3, 1, 5), (2, 15), wrong=[({"data_format": "channels_first"}, r"later version")]
    )
    check_layer(layers.Flatten, {}, (2, 3), (2, 3))
    wrong = [
        ({"target_shape": (0, 2)}, r"`target_shape` must hold positive integers, and -1 at most once"),
        ({"target_shape": (-1, -1)}, r"target_shape=\(-1, -1\)"),
    ]
    check_layer(layers.Reshape, {"target_shape": (3, -1)}, (2, 4, 3), (2, 3, 4), wrong=wrong)
    check_layer(layers.Reshape, {"target_shape": [6, 2, 1]}, (2, 4, 3), (2, 6, 2, 1))
    wrong = [({"dims": (0, 1)}, r"must be consecutive and start from 1"), ({"dims": (1, 1)}, r"Received dims=\(1, 1\)")]
    check_layer(layers.Permute, {"dims": (2, 1)}, (2, 3, 5), (2, 5, 3), wrong=wrong)
    wrong = [({"n": 0}, r"`n` must be a positive integer. Received: n=0"), ({"n": 1.5}, r"n=1.5")]
    check_layer(layers.RepeatVector, {"n": 3}, (2, 5), (2, 3, 5), wrong=wrong)


def test_values():
    x = counting(2, 3, 4, 5)
    np.testing.assert_array_equal(np.asarray(layers.Flatten()(x)), x.reshape(2, -1))
    np.testing.assert_array_equal(np.asarray(layers.Reshape((-1, 2))(x)), x.reshape(2, 30, 2))
    np.testing.assert_array_equal(np.asarray(layers.Permute((3, 1, 2))(x)), x.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(
        np.asarray(layers.RepeatVector(7)(counting(2, 3))), counting(2, 3)[:, None].repeat(7, 1)
    )
    assert np.asarray(layers.Flatten()(counting(4))).shape == (4, 1)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"(?s)7.*12|12.*7"):
        layers.Reshape((7,))(counting(2, 3, 4))
    with pytest.raises(ValueError, match=r"expected ndim=3, found ndim=2"):
        layers.Permute((2, 1))(counting(2, 3))
    with pytest.raises(ValueError, match=r"expected ndim=2, found ndim=3"):
        layers.RepeatVector(2)(counting(2, 3, 4))
