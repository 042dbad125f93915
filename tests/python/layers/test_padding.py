import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer

PADDINGS = [layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D]
CROPPINGS = [layers.Cropping1D, layers.Cropping2D, layers.Cropping3D]
SIZES = (6, 5, 7)


@pytest.mark.parametrize("cls", PADDINGS)
def test_padding_contract(cls):
    wrong = [({"padding": -1}, r"`padding` must be .*padding=-1"), ({"padding": "same"}, r"padding='same'")]
    sizes = SIZES[: cls.rank]
    check_layer(cls, {}, (2, *sizes, 3), (2, *(n + 2 for n in sizes), 3), wrong=wrong)


@pytest.mark.parametrize("cls", CROPPINGS)
def test_cropping_contract(cls):
    wrong = [({"cropping": (1, 2, 3, 4)}, r"`cropping` must be"), ({"data_format": "channels_first"}, r"later version")]
    sizes = SIZES[: cls.rank]
    check_layer(cls, {"cropping": 1}, (2, *sizes, 3), (2, *(n - 2 for n in sizes), 3), wrong=wrong)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("given", ["pairs", "numbers"])
def test_values(rank, given):
    x = np.random.default_rng(7).normal(size=(2, *SIZES[:rank], 3)).astype("float32")
    pairs = [(1, 2), (0, 1), (2, 0)][:rank] if given == "pairs" else [(1, 1), (2, 2), (0, 0)][:rank]
    argument = tuple(pairs) if given == "pairs" else tuple(lo for lo, _ in pairs)
    if rank == 1:
        argument = argument[0]
    padded = np.pad(x, [(0, 0), *pairs, (0, 0)])
    np.testing.assert_array_equal(np.asarray(PADDINGS[rank - 1](argument)(x)), padded)
    np.testing.assert_array_equal(np.asarray(CROPPINGS[rank - 1](argument)(padded)), x)


def test_defaults():
    assert layers.ZeroPadding2D().get_config()["padding"] == ((1, 1), (1, 1))
    assert layers.Cropping1D().get_config()["cropping"] == (1, 1)
    assert layers.Cropping2D().get_config()["cropping"] == ((0, 0), (0, 0))


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r'Layer "crop": cropping \(2, 2\) leaves nothing of axis 1, which has size 4'):
        layers.Cropping2D(2, name="crop")(np.zeros((1, 4, 6, 1), "float32"))
    with pytest.raises(ValueError, match=r"expected ndim=4, found ndim=3"):
        layers.ZeroPadding2D()(np.zeros((1, 4, 6), "float32"))
