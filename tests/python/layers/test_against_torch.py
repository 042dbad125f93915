"""Outputs and gradients of layers against PyTorch's, where that is installed."""

import numpy as np
import pytest

from striate import _core, layers, losses, ops, tracing

torch = pytest.importorskip("torch")
F = torch.nn.functional
rng = np.random.default_rng(13)


def ours(layer, arrays, cotangent=None, training=True):
    """The output, and the gradients of sum(output * cotangent) for the inputs and the trainable weights."""
    layer(arrays if len(arrays) > 1 else arrays[0])  # makes the weights
    with tracing.Trace(training=training):
        xs = [_core.constant(array) for array in arrays]
        y = layer(xs if len(xs) > 1 else xs[0])
        loss = ops.sum(ops.multiply(y, cotangent) if cotangent is not None else y)
        gradients = ops.gradients(loss, [*xs, *layer.trainable_weights])
    return _core.evaluate([y, *gradients])


def theirs(function, arrays, cotangent):
    """The same of a function of torch tensors, all in float64."""
    tensors = [torch.tensor(array.astype("float64"), requires_grad=True) for array in arrays]
    y = function(*tensors)
    (y * torch.tensor(cotangent.astype("float64"))).sum().backward()
    return [y.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]


def first(x):
    """Channels first, as torch has images."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def kernel_of(k):
    """(spatial..., in, out) as torch has it."""
    return k.movedim((-1, -2), (0, 1))


def compare(layer, arrays, function, tolerance=2e-5):
    shape = np.shape(layer(arrays if len(arrays) > 1 else arrays[0]))
    cotangent = rng.normal(size=shape).astype("float32")
    found = ours(layer, arrays, cotangent)
    expected = theirs(function, [*arrays, *(weight.numpy() for weight in layer.trainable_weights)], cotangent)
    for mine, other in zip(found, expected, strict=True):
        scale = max(1.0, np.abs(other).max())
        np.testing.assert_allclose(mine, other, atol=tolerance * scale)


def images(rank, channels=5):
    return rng.normal(size=(3, *(9, 8, 6)[:rank], channels)).astype("float32")


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("size", "strides", "padding", "dilation"), [(3, 1, 0, 1), (3, 2, 1, 1), (2, 1, 1, 2), (1, 2, 0, 1), (5, 1, 2, 1)]
)
def test_convolution(rank, size, strides, padding, dilation):
    cls = (layers.Conv1D, layers.Conv2D, layers.Conv3D)[rank - 1]
    conv = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    layer = cls(7, size, strides, padding, dilation_rate=dilation, activation="tanh")
    compare(
        layer,
        [images(rank)],
        lambda x, k, b: torch.tanh(last(conv(first(x), kernel_of(k), b, strides, padding, dilation))),
    )


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("size", "strides", "padding", "ceil"), [(2, 2, 0, False), (3, 2, 1, False), (3, 2, 0, True)])
def test_pooling(rank, size, strides, padding, ceil):
    maximum = (layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D)[rank - 1]
    mean = (layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D)[rank - 1]
    torch_max = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
    torch_mean = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
    x = images(rank)
    compare(
        maximum(size, strides, padding, ceil_mode=ceil),
        [x],
        lambda x: last(torch_max(first(x), size, strides, padding, ceil_mode=ceil)),
    )
    for counts in (False, True):
        if ceil and counts:
            continue  # torch counts the padding but not what ceil mode adds
        compare(
            mean(size, strides, padding, ceil_mode=ceil, count_include_pad=counts),
            [x],
            lambda x, counts=counts: last(
                torch_mean(first(x), size, strides, padding, ceil_mode=ceil, count_include_pad=counts)
            ),
        )


@pytest.mark.parametrize("shape", [(4, 13), (2, 5, 13)])
def test_dense(shape):
    x = rng.normal(size=shape).astype("float32")
    compare(layers.Dense(6, activation="sigmoid"), [x], lambda x, k, b: torch.sigmoid(x @ k + b))


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_batch_normalization(rank):
    x = images(rank, 5) if rank else rng.normal(size=(8, 5)).astype("float32")

    def normalized(x, gamma, beta):
        return last(F.batch_norm(first(x), None, None, gamma, beta, training=True, eps=1e-3))

    layer = layers.BatchNormalization(gamma_initializer="random_uniform", beta_initializer="random_normal")
    layer(x)
    cotangent = rng.normal(size=x.shape).astype("float32")
    found = ours(layer, [x], cotangent)
    expected = theirs(normalized, [x, *(weight.numpy() for weight in layer.trainable_weights)], cotangent)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-5 * max(1.0, np.abs(other).max()))


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (layers.ReLU(), torch.relu),
        (layers.LeakyReLU(0.1), lambda x: F.leaky_relu(x, 0.1)),
        (layers.Activation("tanh"), torch.tanh),
        (layers.Activation("sigmoid"), torch.sigmoid),
        (layers.Activation("silu"), F.silu),
        (layers.Softmax(), lambda x: torch.softmax(x, -1)),
        (layers.Activation("log_softmax"), lambda x: torch.log_softmax(x, -1)),
        (layers.Flatten(), lambda x: x.reshape(len(x), -1)),
        (layers.Reshape((5, -1)), lambda x: x.reshape(len(x), 5, -1)),
        (layers.Permute((2, 3, 1)), lambda x: x.permute(0, 2, 3, 1)),
        (layers.ZeroPadding2D(((1, 0), (2, 1))), lambda x: F.pad(x, (0, 0, 2, 1, 1, 0))),
        (layers.Cropping2D(((1, 0), (2, 1))), lambda x: x[:, 1:, 2:-1]),
        (layers.GlobalAveragePooling2D(), lambda x: x.mean((1, 2))),
        (layers.GlobalMaxPooling2D(), lambda x: x.amax((1, 2))),
    ],
)
def test_layers_without_weights(layer, function):
    compare(layer, [images(2)], function)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (layers.Add(), lambda a, b: a + b),
        (layers.Subtract(), lambda a, b: a - b),
        (layers.Multiply(), lambda a, b: a * b),
        (layers.Average(), lambda a, b: (a + b) / 2),
        (layers.Maximum(), torch.maximum),
        (layers.Minimum(), torch.minimum),
        (layers.Concatenate(), lambda a, b: torch.cat([a, b], -1)),
        (layers.Concatenate(axis=1), lambda a, b: torch.cat([a, b], 1)),
    ],
)
def test_merging(layer, function):
    compare(layer, [images(2), images(2)], function)


@pytest.mark.parametrize("rows", [(6,), (2, 3, 3)])
def test_cross_entropy(rows):
    logits = rng.normal(0, 3, size=(*rows, 5)).astype("float32")
    labels = rng.integers(0, 5, size=rows)
    x = torch.tensor(logits.astype("float64"), requires_grad=True)
    expected = F.cross_entropy(first(x), torch.tensor(labels))
    expected.backward()
    one_hot = np.eye(5, dtype="float32")[labels]
    for loss, target in [
        (losses.SparseCategoricalCrossentropy(from_logits=True), labels),
        (losses.CategoricalCrossentropy(from_logits=True), one_hot),
        (lambda t, p: losses.SparseCategoricalCrossentropy()(t, ops.softmax(p)), labels),
        (lambda t, p: losses.CategoricalCrossentropy()(t, ops.softmax(p)), one_hot),
    ]:
        value = _core.constant(logits)
        found = loss(_core.constant(target), value)
        number, gradient = _core.evaluate([found, *ops.gradients(found, [value])])
        np.testing.assert_allclose(number, expected.item(), rtol=2e-5)
        np.testing.assert_allclose(gradient, x.grad.numpy(), atol=2e-6)
