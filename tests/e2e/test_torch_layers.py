"""Every layer, forward and gradients, against PyTorch in float64."""

from functools import partial as of

import numpy as np
import pytest

import striate
from striate import layers, losses, ops
from support.traced import value_and_gradients

torch = pytest.importorskip("torch")
F = torch.nn.functional


def first(x):
    """Channels first, as PyTorch has them."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def padded(x, pads, value=0.0):
    """x (n, c, spatial...) with (before, after) for each spatial axis."""
    return F.pad(x, [side for pair in reversed(pads) for side in pair], value=value) if pads else x


def conv(pads=(), **options):
    def forward(x, kernel, bias=None):
        rank = x.ndim - 2
        convolve = [F.conv1d, F.conv2d, F.conv3d][rank - 1]
        kernel = kernel.permute(rank + 1, rank, *range(rank))
        return last(convolve(padded(first(x), pads), kernel, bias, **options))

    return forward


def conv_transpose(cut=(), **options):
    def forward(x, kernel, bias=None):
        rank = x.ndim - 2
        transposed = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][rank - 1]
        y = transposed(first(x), kernel.permute(rank + 1, rank, *range(rank)), bias, **options)
        return last(padded(y, [(-lo, -hi) for lo, hi in cut]))

    return forward


def max_pool(size, pads=(), **options):
    def forward(x):
        pool = [F.max_pool1d, F.max_pool2d, F.max_pool3d][x.ndim - 3]
        return last(pool(padded(first(x), pads, -torch.inf), size, **options))

    return forward


def avg_pool(size, pads=(), count_include_pad=False, **options):
    def forward(x):
        pool = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][x.ndim - 3]
        if not pads:
            return last(pool(first(x), size, count_include_pad=count_include_pad, **options))
        ones = pool(padded(torch.ones_like(first(x)), pads), size, **options)
        return last(pool(padded(first(x), pads), size, **options) / ones)

    return forward


def batch_norm(training):
    def forward(x, gamma, beta, *moving):
        statistics = [None, None] if training else [torch.full_like(gamma, 0.0), torch.full_like(gamma, 1.0)]
        return last(F.batch_norm(first(x), *statistics, gamma, beta, training=training, eps=1e-3))

    return forward


def spatial(x):
    return tuple(range(1, x.ndim - 1))


# (layer, input shape, the same in PyTorch, training)
CASES = {
    "conv1d": (of(layers.Conv1D, 5, 3, strides=2), (2, 11, 3), conv(stride=2)),
    "conv1d same, dilated": (
        of(layers.Conv1D, 17, 3, padding="same", dilation_rate=3),
        (2, 13, 4),
        conv([(3, 3)], dilation=3),
    ),
    "conv2d": (of(layers.Conv2D, 7, 3), (3, 9, 8, 2), conv()),
    "conv2d one channel": (of(layers.Conv2D, 32, 3, padding="same"), (3, 28, 28, 1), conv([(1, 1), (1, 1)])),
    "conv2d wide": (of(layers.Conv2D, 64, 3, padding="same"), (2, 14, 14, 32), conv([(1, 1), (1, 1)])),
    "conv2d 1x1": (of(layers.Conv2D, 33, 1), (2, 7, 5, 19), conv()),
    "conv2d 1x1 stride 2": (of(layers.Conv2D, 33, 1, strides=2), (2, 7, 6, 19), conv(stride=2)),
    "conv2d no bias": (of(layers.Conv2D, 8, 2, use_bias=False), (2, 5, 5, 3), conv()),
    "conv2d same, stride 2": (
        of(layers.Conv2D, 11, 3, strides=2, padding="same"),
        (2, 8, 9, 3),
        conv([(0, 1), (1, 1)], stride=2),
    ),
    "conv2d rectangular": (of(layers.Conv2D, 6, (5, 2), strides=(3, 1)), (2, 12, 7, 3), conv(stride=(3, 1))),
    "conv2d explicit padding": (
        of(layers.Conv2D, 6, 3, padding=((0, 2), (3, 1))),
        (2, 6, 7, 3),
        conv([(0, 2), (3, 1)]),
    ),
    "conv2d dilated": (of(layers.Conv2D, 6, 3, dilation_rate=(2, 3)), (2, 9, 11, 3), conv(dilation=(2, 3))),
    "conv2d strided and dilated": (
        of(layers.Conv2D, 6, 3, strides=2, dilation_rate=2),
        (2, 11, 12, 3),
        conv(stride=2, dilation=2),
    ),
    "conv2d as large as its input": (of(layers.Conv2D, 120, 5), (3, 5, 5, 16), conv()),
    "conv2d 7x7 stride 2": (
        of(layers.Conv2D, 64, 7, strides=2, padding=3),
        (1, 31, 31, 3),
        conv([(3, 3), (3, 3)], stride=2),
    ),
    "conv3d": (of(layers.Conv3D, 5, (1, 3, 2)), (2, 4, 6, 5, 3), conv()),
    "conv3d same, stride 2": (
        of(layers.Conv3D, 9, 3, strides=2, padding="same"),
        (1, 5, 7, 9, 2),
        conv([(1, 1)] * 3, stride=2),
    ),
    "conv1d transpose": (of(layers.Conv1DTranspose, 5, 3, strides=2), (2, 11, 3), conv_transpose(stride=2)),
    "conv2d transpose": (of(layers.Conv2DTranspose, 17, 2, strides=2), (2, 5, 7, 33), conv_transpose(stride=2)),
    "conv2d transpose same": (
        of(layers.Conv2DTranspose, 7, 3, strides=2, padding="same"),
        (2, 5, 4, 3),
        conv_transpose([(0, 1), (0, 1)], stride=2),
    ),
    "conv2d transpose, output padding": (
        of(layers.Conv2DTranspose, 7, 3, strides=(2, 3), output_padding=(0, 2), use_bias=False),
        (2, 5, 4, 3),
        conv_transpose(stride=(2, 3), output_padding=(0, 2)),
    ),
    "conv2d transpose dilated": (
        of(layers.Conv2DTranspose, 7, 3, dilation_rate=2),
        (2, 5, 4, 3),
        conv_transpose(dilation=2),
    ),
    "conv3d transpose": (
        of(layers.Conv3DTranspose, 5, 2, strides=(1, 2, 2)),
        (2, 3, 4, 5, 3),
        conv_transpose(stride=(1, 2, 2)),
    ),
    "max 1-d": (of(layers.MaxPooling1D, 3, strides=2), (2, 10, 5), max_pool(3, stride=2)),
    "max 2-d": (of(layers.MaxPooling2D, 2), (2, 9, 8, 33), max_pool(2)),
    "max overlapping": (of(layers.MaxPooling2D, 3, strides=2), (2, 9, 11, 4), max_pool(3, stride=2)),
    "max same": (
        of(layers.MaxPooling2D, 3, strides=2, padding="same"),
        (2, 8, 9, 4),
        max_pool(3, [(0, 1), (1, 1)], stride=2),
    ),
    "max ceil": (of(layers.MaxPooling2D, 2, ceil_mode=True), (2, 9, 7, 3), max_pool(2, ceil_mode=True)),
    "max ceil, padded": (
        of(layers.MaxPooling2D, 3, strides=2, padding=1, ceil_mode=True),
        (2, 8, 10, 3),
        max_pool(3, stride=2, padding=1, ceil_mode=True),
    ),
    "max 3-d": (of(layers.MaxPooling3D, (1, 2, 3)), (2, 3, 4, 7, 3), max_pool((1, 2, 3))),
    "average 1-d": (of(layers.AveragePooling1D, 3, strides=2), (2, 10, 5), avg_pool(3, stride=2)),
    "average 2-d": (of(layers.AveragePooling2D, 2), (2, 9, 8, 33), avg_pool(2)),
    "average same": (
        of(layers.AveragePooling2D, 3, strides=2, padding="same"),
        (2, 8, 9, 4),
        avg_pool(3, [(0, 1), (1, 1)], stride=2),
    ),
    "average ceil": (of(layers.AveragePooling2D, 2, ceil_mode=True), (2, 9, 7, 3), avg_pool(2, ceil_mode=True)),
    "average padded": (
        of(layers.AveragePooling2D, 3, strides=2, padding=1),
        (2, 8, 9, 3),
        avg_pool(3, stride=2, padding=1),
    ),
    "average padded, counted": (
        of(layers.AveragePooling2D, 3, strides=2, padding=1, count_include_pad=True),
        (2, 8, 9, 3),
        avg_pool(3, stride=2, padding=1, count_include_pad=True),
    ),
    "average ceil, padded": (
        of(layers.AveragePooling2D, 3, strides=2, padding=1, ceil_mode=True),
        (2, 8, 10, 3),
        avg_pool(3, stride=2, padding=1, ceil_mode=True),
    ),
    "average 3-d": (of(layers.AveragePooling3D, 2), (2, 4, 5, 6, 3), avg_pool(2)),
    "global average 1-d": (layers.GlobalAveragePooling1D, (2, 9, 5), lambda x: x.mean(spatial(x))),
    "global average 2-d": (
        of(layers.GlobalAveragePooling2D, keepdims=True),
        (2, 9, 7, 17),
        lambda x: x.mean(spatial(x), keepdim=True),
    ),
    "global average 3-d": (layers.GlobalAveragePooling3D, (2, 3, 4, 5, 6), lambda x: x.mean(spatial(x))),
    "global max 2-d": (layers.GlobalMaxPooling2D, (2, 9, 7, 17), lambda x: x.amax(spatial(x))),
    "dense": (of(layers.Dense, 37), (5, 101), lambda x, w, b: x @ w + b),
    "dense on many axes": (of(layers.Dense, 3), (2, 4, 5), lambda x, w, b: x @ w + b),
    "dense one row": (of(layers.Dense, 84), (1, 120), lambda x, w, b: x @ w + b),
    "batch norm in training": (layers.BatchNormalization, (4, 5, 7, 19), batch_norm(True), True),
    "batch norm of rows": (layers.BatchNormalization, (16, 5), batch_norm(True), True),
    "batch norm in inference": (layers.BatchNormalization, (4, 5, 7, 19), batch_norm(False)),
    "softmax": (layers.Softmax, (6, 11), lambda x: x.softmax(-1)),
    "relu": (layers.ReLU, (3, 5, 7), F.relu),
    "leaky relu": (of(layers.LeakyReLU, 0.2), (3, 5, 7), lambda x: F.leaky_relu(x, 0.2)),
    "zero padding": (
        of(layers.ZeroPadding2D, ((1, 2), (0, 3))),
        (2, 4, 5, 3),
        lambda x: last(padded(first(x), [(1, 2), (0, 3)])),
    ),
    "cropping": (of(layers.Cropping2D, ((1, 2), (0, 3))), (2, 6, 5, 3), lambda x: x[:, 1:-2, :-3]),
    "flatten": (layers.Flatten, (2, 3, 4, 5), lambda x: x.reshape(2, -1)),
    "reshape": (of(layers.Reshape, (5, -1)), (2, 3, 4, 5), lambda x: x.reshape(2, 5, 12)),
    "permute": (of(layers.Permute, (3, 1, 2)), (2, 3, 4, 5), lambda x: x.permute(0, 3, 1, 2)),
    "repeat": (of(layers.RepeatVector, 3), (2, 5), lambda x: x[:, None].repeat(1, 3, 1)),
    "rescaling": (of(layers.Rescaling, 2.5, -1.0), (2, 5), lambda x: x * 2.5 - 1),
}
ACTIVATIONS = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: x.softmax(-1),
    "linear": lambda x: x,
}
MERGES = {
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Average": lambda a, b: (a + b) / 2,
    "Maximum": torch.maximum,
    "Minimum": torch.minimum,
    "Concatenate": lambda a, b: torch.cat([a, b], -1),
}
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def reference(function, arrays, cotangent):
    """PyTorch's result and gradients in float64."""
    leaves = [torch.tensor(np.float64(array), requires_grad=True) for array in arrays]
    y = function(*leaves)
    gradients = torch.autograd.grad((y * torch.tensor(np.float64(cotangent))).sum(), leaves, allow_unused=True)
    return [
        y.detach().numpy(),
        *(np.zeros(a.shape) if g is None else g.numpy() for a, g in zip(arrays, gradients, strict=True)),
    ]


def assert_agree(got, function, arrays, cotangent, dtype):
    """Tolerance: 32 roundings of the largest sum of absolute values, which the same function of |arrays| gives."""
    expected = reference(function, arrays, cotangent)
    bounds = reference(function, [np.abs(array) for array in arrays], np.abs(cotangent))
    for place, (a, b, bound) in enumerate(zip(got, expected, bounds, strict=True)):
        assert a.dtype == dtype
        assert a.shape == b.shape
        atol = 32 * np.finfo(dtype).eps * max(np.abs(b).max(), np.abs(bound).max())
        np.testing.assert_allclose(a, b, rtol=0, atol=atol, err_msg="result" if place == 0 else f"gradient {place - 1}")


def normal(rng, shape, dtype):
    return rng.normal(size=shape).astype(dtype)


@dtypes
@pytest.mark.parametrize("case", CASES)
def test_layer(case, dtype):
    make, shape, function, training = (*CASES[case], False)[:4]
    rng = np.random.default_rng(0)
    x = normal(rng, shape, dtype)
    layer = make(dtype=dtype)
    layer.build(shape)
    for weight in layer.trainable_weights:
        weight.assign(normal(rng, tuple(weight.shape), dtype))
    weights = [weight.read() for weight in layer.trainable_weights]
    cotangent = normal(rng, tuple(function(*map(torch.tensor, [x, *weights])).shape), dtype)
    y, gradients = value_and_gradients(
        lambda x: layer(x, training=True) if training else layer(x), [x], cotangent, layer.trainable_weights, training
    )
    assert_agree([y, *gradients], function, [x, *weights], cotangent, dtype)


@dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name, dtype):
    rng = np.random.default_rng(1)
    x, cotangent = 4 * normal(rng, (7, 13), dtype), normal(rng, (7, 13), dtype)
    y, gradients = value_and_gradients(striate.activations.get(name), [x], cotangent)
    assert_agree([y, *gradients], ACTIVATIONS[name], [x], cotangent, dtype)


@pytest.mark.parametrize("shapes", [((3, 4, 5), (3, 4, 5)), ((3, 4, 5), (3, 1, 5)), ((3, 1, 5), (3, 4, 5))])
@pytest.mark.parametrize("name", MERGES)
def test_merge(name, shapes):
    if name == "Concatenate" and shapes[0] != shapes[1]:
        shapes = ((3, 4, 5), (3, 4, 2))
    rng = np.random.default_rng(2)
    arrays = [normal(rng, shape, "float32") for shape in shapes]
    cotangent = normal(rng, tuple(MERGES[name](*map(torch.tensor, arrays)).shape), "float32")
    layer = getattr(layers, name)()
    y, gradients = value_and_gradients(lambda *xs: layer(list(xs)), arrays, cotangent)
    assert_agree([y, *gradients], MERGES[name], arrays, cotangent, "float32")


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("shape", [(6, 10), (2, 3, 4, 7), (5, 1000)])
def test_softmax_cross_entropy(shape, sparse, from_logits):
    rng = np.random.default_rng(3)
    z = 3 * normal(rng, shape, "float32")
    labels = rng.integers(0, shape[-1], shape[:-1])
    loss = losses.SparseCategoricalCrossentropy if sparse else losses.CategoricalCrossentropy
    y_true = labels if sparse else np.eye(shape[-1], dtype="float32")[labels]

    def ours(z):
        return loss(from_logits=from_logits)(ops.stop_gradient(y_true), z if from_logits else ops.softmax(z))

    def theirs(z):
        return F.cross_entropy(z.reshape(-1, shape[-1]), torch.tensor(labels.reshape(-1)))

    y, gradients = value_and_gradients(ours, [z])
    assert_agree([y, *gradients], theirs, [z], np.float32(1), "float32")


def test_mean_squared_error():
    rng = np.random.default_rng(4)
    y_true, y_pred = (normal(rng, (5, 3), "float32") for _ in range(2))
    y, gradients = value_and_gradients(lambda a, b: losses.MeanSquaredError()(a, b), [y_true, y_pred])
    assert_agree([y, *gradients], F.mse_loss, [y_true, y_pred], np.float32(1), "float32")
