import numpy as np
import pytest

from striate import layers
from support import numpy_reference
from support.layer_contract import check_layer

rng = np.random.default_rng(3)
MAXIMA = [layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D]
MEANS = [layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D]

WRONG = [
    ({"pool_size": 0}, r"`pool_size` must be a positive integer"),
    ({"pool_size": (2, 2, 2, 2)}, r"pool_size=\(2, 2, 2, 2\)"),
    ({"strides": "2"}, r"`strides`.*strides='2'"),
    ({"padding": "full"}, r"The `padding` argument must be .*Received: full"),
    ({"data_format": "channels_first"}, r"channels_first.*later version"),
    ({"data_format": "nhwc"}, r"data_format='nhwc' is unknown"),
]


@pytest.mark.parametrize("cls", MAXIMA + MEANS)
def test_contract(cls):
    sizes = (5, 4, 7)[: cls.rank]
    halves = tuple(n // 2 for n in sizes)
    check_layer(cls, {}, (2, *sizes, 3), (2, *halves, 3), wrong=WRONG)
    ceilings = tuple(-(-n // 2) for n in sizes)
    check_layer(cls, {"pool_size": 3, "strides": 2, "padding": "same"}, (2, *sizes, 1), (2, *ceilings, 1))
    check_layer(cls, {"pool_size": 2, "ceil_mode": True}, (2, *sizes, 17), (2, *ceilings, 17))


@pytest.mark.parametrize("cls", MAXIMA + MEANS)
@pytest.mark.parametrize(
    ("window", "strides", "padding", "ceil_mode"),
    [
        (2, None, "valid", False),
        (3, 2, "SAME", False),
        (3, 1, "valid", False),
        (3, 2, 1, False),
        (2, 2, "valid", True),
        (3, 2, 1, True),
        (1, 3, "valid", True),
    ],
)
@pytest.mark.parametrize("channels", [1, 19])
def test_against_loops(cls, window, strides, padding, ceil_mode, channels):
    rank = cls.rank
    sizes = (7, 5, 6)[:rank]
    x = rng.normal(size=(2, *sizes, channels)).astype("float32")
    y = np.asarray(cls(window, strides, padding, ceil_mode=ceil_mode)(x))
    windows, steps = (window,) * rank, (strides or window,) * rank
    if padding == "SAME":
        pairs = numpy_reference.same_padding(sizes, windows, steps)
    else:
        pairs = [(0, 0) if padding == "valid" else (padding, padding)] * rank
    if cls in MAXIMA:
        expected = numpy_reference.pool(x, windows, steps, pairs, lambda cells: cells.max(1), ceil_mode)
        np.testing.assert_array_equal(y, expected)
    else:
        expected = numpy_reference.pool(x, windows, steps, pairs, lambda cells: cells.mean(1), ceil_mode)
        np.testing.assert_allclose(y, expected, atol=1e-6)


def test_count_include_pad_divides_by_the_whole_window():
    x = np.ones((1, 2, 2, 1), "float32")
    within = layers.AveragePooling2D(2, strides=2, padding=1)(x)
    whole = layers.AveragePooling2D(2, strides=2, padding=1, count_include_pad=True)
    np.testing.assert_array_equal(np.asarray(within).ravel(), [1, 1, 1, 1])
    np.testing.assert_array_equal(np.asarray(whole(x)).ravel(), [0.25, 0.25, 0.25, 0.25])
    assert whole.get_config()["count_include_pad"] is True


def test_values_of_one_image():
    x = np.float32([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(np.asarray(layers.MaxPooling2D()(x))[0, :, :, 0], [[6, 8], [3, 4]])
    np.testing.assert_array_equal(np.asarray(layers.AveragePooling2D()(x))[0, :, :, 0], [[3.25, 5.25], [2, 2]])


def test_strict_refuses_a_stride_that_does_not_fit():
    x = np.zeros((1, 5, 5, 1), "float32")
    with pytest.raises(ValueError, match=r"(?s)5.*2|strid"):
        layers.MaxPooling2D(2, strict=True)(x)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r'layer "small" is incompatible.*expected ndim=4, found ndim=2'):
        layers.MaxPooling2D(name="small")(np.zeros((1, 8), "float32"))
    with pytest.raises(ValueError, match=r"(?s)3.*2"):
        layers.MaxPooling2D(3)(np.zeros((1, 2, 2, 1), "float32"))
