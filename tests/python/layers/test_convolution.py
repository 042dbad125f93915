import numpy as np
import pytest

from striate import layers
from support import numpy_reference
from support.layer_contract import check_layer

rng = np.random.default_rng(1)
CONVS = [layers.Conv1D, layers.Conv2D, layers.Conv3D]

WRONG = [
    ({"filters": 0}, r"`filters` must be a positive integer. Received: filters=0"),
    ({"filters": 2.5}, r"filters=2.5"),
    ({"kernel_size": 0}, r"`kernel_size` must be a positive integer or a tuple"),
    ({"kernel_size": (1, 2, 3, 4)}, r"Received: kernel_size=\(1, 2, 3, 4\)"),
    ({"strides": -1}, r"`strides`.*strides=-1"),
    ({"dilation_rate": 0}, r"`dilation_rate`"),
    ({"padding": "foo"}, r"The `padding` argument must be a list/tuple or one of \{'valid', 'same'\}.*Received: foo"),
    ({"padding": "causal"}, r"padding='causal' comes in a later version"),
    ({"padding": -1}, r"Received: -1"),
    ({"data_format": "channels_first"}, r"data_format='channels_first' comes in a later version"),
    ({"groups": 2}, r"`groups` comes in a later version.*groups=2"),
    ({"kernel_regularizer": "l2"}, r"`kernel_regularizer` comes in a later version"),
    ({"bias_constraint": "max_norm"}, r"`bias_constraint` comes in a later version"),
    ({"activity_regularizer": "l2"}, r"`activity_regularizer` comes in a later version"),
    ({"activation": "foo"}, r"Unknown activation: 'foo'. Known: .*relu"),
    ({"kernel_initializer": "foo"}, r"Unknown initializer: 'foo'. Known: .*GlorotUniform"),
]


@pytest.mark.parametrize("cls", CONVS)
def test_contract(cls):
    rank = cls.rank
    sizes = (7, 5, 4)[:rank]
    out = tuple(n - 2 for n in sizes)
    check_layer(cls, {"filters": 3, "kernel_size": 3}, (2, *sizes, 2), (2, *out, 3), weights=2, wrong=WRONG)
    check_layer(
        cls,
        {"filters": 1, "kernel_size": 2, "strides": 2, "padding": "same", "use_bias": False, "activation": "tanh"},
        (2, *sizes, 1),
        (2, *(-(-n // 2) for n in sizes), 1),
        weights=1,
    )


@pytest.mark.parametrize("cls", CONVS)
@pytest.mark.parametrize(
    ("kernel", "strides", "dilation", "padding"),
    [
        (1, 1, 1, "valid"),
        (3, 1, 1, "SAME"),
        (3, 2, 1, "same"),
        (2, 3, 1, "same"),
        (2, 1, 2, "valid"),
        (3, 2, 2, "same"),
        (3, 1, 1, 1),
        (3, 2, 1, (0, 2)),
    ],
)
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 17)])
def test_against_loops(cls, kernel, strides, dilation, padding, channels, filters):
    rank = cls.rank
    sizes = (7, 5, 6)[:rank]
    x = rng.normal(size=(2, *sizes, channels)).astype("float32")
    if isinstance(padding, tuple):
        padding = (padding,) * rank
    layer = cls(
        filters, kernel, strides, padding, dilation_rate=dilation, bias_initializer="random_normal", activation="relu"
    )
    y = np.asarray(layer(x))
    window, steps, gaps = (kernel,) * rank, (strides,) * rank, (dilation,) * rank
    if padding in ("same", "SAME"):
        pairs = numpy_reference.same_padding(sizes, window, steps, gaps)
    elif padding == "valid":
        pairs = [(0, 0)] * rank
    else:
        pairs = [(padding, padding)] * rank if isinstance(padding, int) else list(padding)
    weights, bias = layer.get_weights()
    assert weights.shape == (*window, channels, filters)
    expected = np.maximum(numpy_reference.conv(x, weights, steps, pairs, gaps) + bias, 0)
    # float32 sums over taps * channels products of size about 1
    np.testing.assert_allclose(y, expected, atol=1e-6 * kernel**rank * channels)


def test_same_padding_puts_the_odd_zero_after():
    layer = layers.Conv2D(1, 2, padding="same", kernel_initializer="ones", use_bias=False)
    y = np.asarray(layer(np.float32([[1, 0], [2, 3]]).reshape(1, 2, 2, 1)))
    np.testing.assert_array_equal(y[0, :, :, 0], [[6, 3], [5, 3]])


def test_kernel_is_not_flipped():
    image = np.float32([[0, 3, 2, 1], [2, 1, 0, 2], [1, 3, 2, 0], [2, 0, 3, 3]])
    layer = layers.Conv2D(1, 3)
    layer(image.reshape(1, 4, 4, 1))
    layer.set_weights([np.float32([[1, 0, 1], [0, 1, 0], [1, 0, 1]]).reshape(3, 3, 1, 1), np.float32([2])])
    np.testing.assert_array_equal(np.asarray(layer(image.reshape(1, 4, 4, 1)))[0, :, :, 0], [[8, 9], [12, 10]])


def test_strict_refuses_a_stride_that_does_not_fit():
    x = np.zeros((1, 7, 7, 1), "float32")
    assert np.asarray(layers.Conv2D(1, 3, 3)(x)).shape == (1, 2, 2, 1)
    layer = layers.Conv2D(1, 3, 3, strict=True)
    with pytest.raises(ValueError, match=r"(?s)7.*3|strid"):
        layer(x)
    assert layer.get_config()["strict"] is True


def test_inputs_that_do_not_fit():
    layer = layers.Conv2D(4, 3, name="edges")
    with pytest.raises(ValueError, match=r'layer "edges" is incompatible.*expected ndim=4, found ndim=3'):
        layer(np.zeros((1, 8, 8), "float32"))
    layer(np.zeros((1, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3.*\(1, 8, 8, 2\)"):
        layer(np.zeros((1, 8, 8, 2), "float32"))
    with pytest.raises(ValueError, match=r"(?s)edges.*"):
        layer(np.zeros((1, 2, 2, 3), "float32"))
    with pytest.raises(ValueError, match=r"must have a known size"):
        layers.Conv2D(4, 3)(layers.Input((8, 8, None)))
