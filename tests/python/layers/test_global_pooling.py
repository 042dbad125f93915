import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer

MEANS = [layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D]
MAXIMA = [layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D]


@pytest.mark.parametrize("cls", MEANS + MAXIMA)
def test_contract(cls):
    sizes = (5, 3, 4)[: cls.rank]
    wrong = [({"data_format": "channels_first"}, r"channels_first.*later version")]
    check_layer(cls, {}, (2, *sizes, 3), (2, 3), wrong=wrong)
    check_layer(cls, {"keepdims": True}, (3, *sizes, 1), (3, *(1,) * cls.rank, 1))


@pytest.mark.parametrize("cls", MEANS + MAXIMA)
def test_against_numpy(cls):
    x = np.random.default_rng(4).normal(size=(2, *(7, 5, 3)[: cls.rank], 33)).astype("float32")
    axes = tuple(range(1, cls.rank + 1))
    expected = x.astype("float64").mean(axes) if cls in MEANS else x.max(axes)
    np.testing.assert_allclose(np.asarray(cls()(x)), expected, atol=1e-6 if cls in MEANS else 0)


def test_takes_any_size():
    layer = layers.GlobalAveragePooling2D()
    assert tuple(layer(layers.Input((None, None, 8))).shape) == (None, 8)
    for size in (1, 2, 7):
        assert np.asarray(layer(np.zeros((1, size, size, 8), "float32"))).shape == (1, 8)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"expected ndim=4, found ndim=3"):
        layers.GlobalMaxPooling2D()(np.zeros((1, 8, 3), "float32"))
