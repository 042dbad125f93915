"""Convolutions worked by hand: whole numbers agree exactly, fractions to 1e-6."""

import itertools

import numpy as np
import pytest

import striate
from striate import layers, ops
from support.traced import value_and_gradients


def grid(text):
    """Rows between slashes: of digits, or of numbers between spaces."""
    return np.array(
        [[float(v) for v in (row.split() if " " in row.strip() else row.strip())] for row in text.split("/")],
        np.float32,
    )


def diagonal(*values):
    return np.diag(np.float32(values))


SIGNAL, SMOOTH = [3, 2, 4, 5, 1, 20, 2, 2], [0.3, 0.4, 0.3]
# name: (padding, bias, result)
SIGNALS = {
    "zeros around": ("zero", 0, [1.8, 2.9, 3.7, 3.5, 7.9, 8.9, 7.4, 1.4]),
    "ends copied": ("replicate", 0, [2.7, 2.9, 3.7, 3.5, 7.9, 8.9, 7.4, 2.0]),
    "no padding": (None, 0, [2.9, 3.7, 3.5, 7.9, 8.9, 7.4]),
    "zeros around, bias": ("zero", 0.2, [2.0, 3.1, 3.9, 3.7, 8.1, 9.1, 7.6, 1.6]),
    "ends copied, bias": ("replicate", 0.2, [2.9, 3.1, 3.9, 3.7, 8.1, 9.1, 7.6, 2.2]),
}

CROSS = grid("101/010/101")
FOUR = grid("0321/2102/1320/2033")
EDGES = grid("/".join(["2 2 2 2 2 1 1 1"] * 4 + ["2 2 2 9 9 9 9 9"] * 4))
VERTICAL = grid("-1 0 1/-1 0 1/-1 0 1")
BITS6 = grid("100001/010010/001100/100010/010010/001010")
DIAGONAL = 2 * diagonal(1, 1, 1) - 1
STRIPE = grid("-1 1 -1/-1 1 -1/-1 1 -1")
BITS5 = grid("11100/01110/00111/00110/01100")

# name: (image, kernel, stride, bias, result)
IMAGES = {
    "4x4 by a cross": (FOUR, CROSS, 1, 0, "6 7/10 8"),
    "4x4 by a cross, bias": (FOUR, CROSS, 1, 2, "8 9/12 10"),
    "vertical edges": (
        EDGES, VERTICAL, 1, 2, "2 2 2 -1 -1 2/2 2 2 -1 -1 2/2 9 9 0 0 2/2 16 16 1 1 2/2 23 23 2 2 2/2 23 23 2 2 2",
    ),
    "horizontal edges": (
        EDGES, VERTICAL.T, 1, 2, "2 2 2 2 2 2/2 2 2 2 2 2/2 9 16 24 25 26/2 9 16 24 25 26/2 2 2 2 2 2/2 2 2 2 2 2",
    ),
    "6x6 by a diagonal": (BITS6, DIAGONAL, 1, 0, "3 -1 -3 -1/-3 1 0 -3/-3 -3 0 1/3 -2 -2 -1"),
    "6x6 by a diagonal, stride 2": (BITS6, DIAGONAL, 2, 0, "3 -3/-3 0"),
    "6x6 by a stripe": (BITS6, STRIPE, 1, 0, "-1 -1 -1 -1/-1 -1 -2 1/-1 -1 -2 1/-1 0 -4 3"),
    "6x6 by a stripe, stride 2": (BITS6, STRIPE, 2, 0, "-1 -1/-1 -2"),
    "5x5 by a cross": (BITS5, CROSS, 1, 0, "4 3 4/2 4 3/2 3 4"),
}  # fmt: skip

# Three channels: images, kernels, what each channel gives.
CHANNELS = [
    (grid("000/011/021"), grid("000/001/010"), 3),
    (grid("000/022/010"), grid("020/020/020"), 6),
    (grid("000/003/010"), diagonal(1, 2, 1), 0),
]

# (input, kernel, stride, padding, output)
SIZES = [
    (5, 3, 2, 0, 2), (5, 3, 2, 1, 3), (5, 3, 1, 1, 5), (7, 3, 1, 0, 5), (7, 3, 2, 0, 3), (7, 3, 1, 1, 7), (32, 5, 1, 0, 28),
]  # fmt: skip


def image(x):
    return np.float32(x)[None, :, :, None]


def kernel(w):
    return np.float32(w)[:, :, None, None]


def by_loops(x, w, stride=1):
    """`y[i] = sum of x[i * stride + u] * w[u]` with every index written out, over any number of axes."""
    sizes = [(n - k) // stride + 1 for n, k in zip(x.shape, w.shape, strict=True)]
    y = np.zeros(sizes, np.float64)
    for i in itertools.product(*map(range, sizes)):
        for u in itertools.product(*map(range, w.shape)):
            y[i] += float(x[tuple(a * stride + b for a, b in zip(i, u, strict=True))]) * float(w[u])
    return y


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_centred_sums_are_not_flipped(rank, size):
    rng = np.random.default_rng(rank * 10 + size)
    x, w = rng.integers(-9, 10, (7,) * rank), rng.integers(-9, 10, (size,) * rank)
    got = ops.conv(np.float32(x)[None, ..., None], np.float32(w)[..., None, None], padding="same")
    np.testing.assert_array_equal(got[0, ..., 0], by_loops(np.pad(x, size // 2), w))


@pytest.mark.parametrize("case", SIGNALS)
def test_signal(case):
    padding, bias, expected = SIGNALS[case]
    x, w = np.float32(SIGNAL)[None, :, None], np.float32(SMOOTH)[:, None, None]
    if padding == "replicate":
        x = ops.pad(x, [[0, 0], [1, 1], [0, 0]], mode="replicate")
    y = ops.add(ops.conv(x, w, padding="same" if padding == "zero" else "valid"), np.float32([bias]))
    np.testing.assert_allclose(y[0, :, 0], expected, rtol=0, atol=1e-6 * 20)  # 1e-6 of the largest input


@pytest.mark.parametrize("case", SIGNALS)
def test_signal_by_layer(case):
    padding, bias, expected = SIGNALS[case]
    x = np.float32(SIGNAL)
    if padding == "replicate":
        x = np.pad(x, 1, mode="edge")
    layer = layers.Conv1D(1, 3, padding="same" if padding == "zero" else "valid")
    layer.build((None, len(x), 1))
    layer.set_weights([np.float32(SMOOTH)[:, None, None], np.float32([bias])])
    np.testing.assert_allclose(layer(x[None, :, None])[0, :, 0], expected, rtol=0, atol=1e-6 * 20)


@pytest.mark.parametrize("case", IMAGES)
def test_image(case):
    x, w, stride, bias, expected = IMAGES[case]
    y = ops.add(ops.conv(image(x), kernel(w), strides=stride), np.float32([bias]))
    np.testing.assert_array_equal(y[0, :, :, 0], grid(expected))


@pytest.mark.parametrize("case", IMAGES)
def test_image_by_layer(case):
    x, w, stride, bias, expected = IMAGES[case]
    net = striate.Sequential([layers.Input((*x.shape, 1)), layers.Conv2D(1, 3, strides=stride)])
    net.set_weights([kernel(w), np.float32([bias])])
    np.testing.assert_array_equal(net.predict(image(x), verbose=0)[0, :, :, 0], grid(expected))


@pytest.mark.parametrize(("name", "expected"), [("6x6 by a diagonal", "30/31"), ("6x6 by a stripe", "-1 1/0 3")])
def test_pooled_maps(name, expected):
    x, w, *_ = IMAGES[name]
    y = ops.max_pool(ops.conv(image(x), kernel(w)), 2)
    np.testing.assert_array_equal(y[0, :, :, 0], grid(expected))


def test_channels_are_summed():
    x = np.stack([channel for channel, _, _ in CHANNELS], axis=-1)[None]
    w = np.stack([weights for _, weights, _ in CHANNELS], axis=-1)[..., None]
    assert ops.conv(x, w).item() == 9
    for c, (_, _, share) in enumerate(CHANNELS):
        assert ops.conv(x[..., c : c + 1], w[:, :, c : c + 1]).item() == share


@pytest.mark.parametrize(
    ("shape", "filters", "size", "output", "parameters"),
    [((5, 5, 1), 7, 3, (3, 3, 7), 70), ((32, 32, 3), 6, 5, (28, 28, 6), 456)],
)
def test_filters_make_maps(shape, filters, size, output, parameters):
    net = striate.Sequential([layers.Input(shape), layers.Conv2D(filters, size)])
    assert tuple(net.output_shape) == (None, *output)
    assert net.count_params() == parameters
    assert net.predict(np.ones((2, *shape), np.float32), verbose=0).shape == (2, *output)


@pytest.mark.parametrize(("n", "size", "stride", "padding", "expected"), SIZES)
def test_output_size(n, size, stride, padding, expected):
    net = striate.Sequential([layers.Input((n, n, 1)), layers.Conv2D(1, size, strides=stride, padding=padding)])
    assert tuple(net.output_shape) == (None, expected, expected, 1)
    assert net.predict(np.ones((1, n, n, 1), np.float32), verbose=0).shape == (1, expected, expected, 1)


def test_a_stride_that_does_not_fit():
    x = np.arange(49, dtype=np.float32).reshape(1, 7, 7, 1)
    net = striate.Sequential([layers.Input((7, 7, 1)), layers.Conv2D(1, 3, strides=3, use_bias=False)])
    net.set_weights([kernel(diagonal(0, 1, 0))])
    np.testing.assert_array_equal(
        net.predict(x, verbose=0)[0, :, :, 0], [[8, 11], [29, 32]]
    )  # the last row is not used
    assert ops.max_pool(x, 3, strides=3, ceil_mode=True).reshape(-1).tolist() == [16, 19, 20, 37, 40, 41, 44, 47, 48]
    for layer in (
        layers.Conv2D(1, 3, strides=3, strict=True, name="uneven"),
        layers.MaxPooling2D(3, strict=True, name="uneven"),
    ):
        with pytest.raises(striate.errors.ShapeError, match="uneven"):
            striate.Sequential([layers.Input((7, 7, 1)), layer])
    assert issubclass(striate.errors.ShapeError, ValueError)


def test_windows_are_visited_row_by_row():
    x = np.arange(25, dtype=np.float32).reshape(1, 5, 5, 1)
    centres = ops.conv(x, kernel(diagonal(0, 1, 0)), strides=2, padding=((1, 1), (1, 1)))
    np.testing.assert_array_equal(centres[0, :, :, 0], [[0, 2, 4], [10, 12, 14], [20, 22, 24]])


def test_input_gradient_is_the_transposed_convolution():
    w, gy = kernel(np.arange(1, 10).reshape(3, 3)), image([[1, 2], [3, 4]])
    x = np.zeros((1, 5, 5, 1), np.float32)
    _, [gx] = value_and_gradients(lambda x: ops.conv(x, w, strides=2), [x], gy)
    expected = "1 2 5 4 6/4 5 14 10 12/10 14 36 24 30/12 15 34 20 24/21 24 55 32 36"
    np.testing.assert_array_equal(gx[0, :, :, 0], grid(expected))
