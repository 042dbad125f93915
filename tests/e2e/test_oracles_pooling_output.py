"""Activations, pooling, normalization and output, against numbers worked by hand."""

import numpy as np
import pytest

import striate
from striate import layers, ops
from striate.datasets import mnist5k
from support.traced import value_and_gradients

SQUARE = [[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]
POOLED = {"max": [[6, 8], [3, 4]], "avg": [[3.25, 5.25], [2, 2]]}
POOL_OP = {"max": ops.max_pool, "avg": ops.avg_pool}
POOL_LAYER = {"max": layers.MaxPooling2D, "avg": layers.AveragePooling2D}

LOGITS = [2, 1, 0.1]
SOFTMAX = [0.65900114, 0.24243297, 0.09856589]
CROSS_ENTROPIES = [0.41703, 1.41703, 2.31703]

BATCH, EPSILON = [1, 2, 3, 4], 1e-5
NORMALIZED = [-1.34163542, -0.44721181, 0.44721181, 1.34163542]
MEAN, VARIANCE = 2.5, 1.25


def image(x):
    return np.float32(x)[None, :, :, None]


def column(x):
    return np.float32(x)[:, None]


def test_relu_and_its_gradient():
    x = np.float32([-2, -0.0, 0, 1e-30, 3])
    y, [gx] = value_and_gradients(ops.relu, [x])
    np.testing.assert_array_equal(y, [0, 0, 0, np.float32(1e-30), 3])
    np.testing.assert_array_equal(gx, [0, 0, 0, 1, 1])


@pytest.mark.parametrize("kind", POOLED)
def test_pooling(kind):
    np.testing.assert_array_equal(POOL_OP[kind](image(SQUARE), 2)[0, :, :, 0], POOLED[kind])
    net = striate.Sequential([layers.Input((4, 4, 1)), POOL_LAYER[kind]((2, 2))])
    np.testing.assert_array_equal(net.predict(image(SQUARE), verbose=0)[0, :, :, 0], POOLED[kind])


def test_max_pooling_gives_its_gradient_to_the_first_maximum():
    gy = image([[10, 20], [30, 40]])
    _, [gx] = value_and_gradients(lambda x: ops.max_pool(x, 2), [image(SQUARE)], gy)
    np.testing.assert_array_equal(gx[0, :, :, 0], [[0, 0, 0, 0], [0, 10, 0, 20], [30, 0, 0, 0], [0, 0, 0, 40]])
    _, [gx] = value_and_gradients(lambda x: ops.max_pool(x, 2), [image(np.ones((4, 4)))], gy)
    np.testing.assert_array_equal(gx[0, :, :, 0], [[10, 0, 20, 0], [0] * 4, [30, 0, 40, 0], [0] * 4])


def test_average_pooling_shares_its_gradient():
    _, [gx] = value_and_gradients(lambda x: ops.avg_pool(x, 2), [image(SQUARE)], image([[4, 8], [12, 16]]))
    np.testing.assert_array_equal(gx[0, :, :, 0], np.kron([[1, 2], [3, 4]], np.ones((2, 2))))


@pytest.mark.parametrize("kind", POOLED)
def test_pooling_halves_and_has_no_parameters(kind):
    net = striate.Sequential([layers.Input((28, 14, 3)), POOL_LAYER[kind]((2, 2))])
    assert tuple(net.output_shape) == (None, 14, 7, 3)
    assert net.count_params() == 0


@pytest.mark.parametrize("kind", POOLED)
def test_order_within_a_cell_does_not_matter(kind):
    rng = np.random.default_rng(5)
    cells = rng.integers(-99, 99, (6, 5, 4)).astype(np.float32)  # 6x5 cells of 2x2 whole numbers: sums are exact
    shuffled = rng.permuted(cells, axis=-1)
    a, b = (x.reshape(6, 5, 2, 2).transpose(0, 2, 1, 3).reshape(12, 10) for x in (cells, shuffled))
    assert (a != b).any()
    np.testing.assert_array_equal(POOL_OP[kind](image(a), 2), POOL_OP[kind](image(b), 2))


def test_pooling_hides_a_shift_of_one_pixel():
    """Measured with an independent framework: 19% of pooled cells stay, 1% of unpooled ones; relative change 0.40, 0.53."""
    digits = (mnist5k.load_data()[0][0][:200] / 255).astype(np.float32)[..., None]
    kernel = np.random.default_rng(1).normal(size=(3, 3, 1, 8)).astype(np.float32)

    def active(x):
        return np.asarray(ops.relu(ops.conv(x, kernel, padding="same")))

    def unchanged_and_change(a, b):
        cells = (a > 0) | (b > 0)
        return (a == b)[cells].mean(), np.linalg.norm(a - b) / np.linalg.norm(a)

    before, after = active(digits), active(np.roll(digits, 1, axis=2))
    stays, change = unchanged_and_change(before, after)
    pooled_stays, pooled_change = unchanged_and_change(*(np.asarray(ops.max_pool(x, 2)) for x in (before, after)))
    assert pooled_stays > 0.1 > 0.03 > stays
    assert pooled_change < 0.9 * change


def test_global_average_pooling_ends_a_net_of_any_image_size():
    net = striate.Sequential(
        [layers.Input((None, None, 1)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Softmax()]
    )
    assert tuple(net.output_shape) == (None, 4)
    assert net.count_params() == 40
    maps = striate.Model(net.inputs, net.layers[-3].output)
    for size in [(9, 9), (3, 3), (12, 7)]:
        x = np.random.default_rng(0).random((2, *size, 1), dtype=np.float32)
        mean = np.asarray(maps.predict(x, verbose=0), np.float64).mean(axis=(1, 2))
        expected = np.exp(mean) / np.exp(mean).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(net.predict(x, verbose=0), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shift", [0, 1000])
def test_softmax(shift):
    z = np.float32([LOGITS]) + np.float32(shift)
    atol = 1e-6 if shift == 0 else 1000 * np.finfo(np.float32).eps  # 1000.1 itself is rounded
    np.testing.assert_allclose(ops.softmax(z), [SOFTMAX], rtol=0, atol=atol)
    np.testing.assert_allclose(layers.Softmax()(z), [SOFTMAX], rtol=0, atol=atol)
    np.testing.assert_allclose(np.exp(ops.log_softmax(z)), [SOFTMAX], rtol=0, atol=atol)


@pytest.mark.parametrize("shift", [0, 1000])
@pytest.mark.parametrize("label", range(3))
@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("from_logits", [False, True])
def test_cross_entropy(label, one_hot, from_logits, shift):
    z = np.float32([LOGITS]) + np.float32(shift)
    labels = np.eye(3, dtype=np.float32)[[label]] if one_hot else np.int64([label])

    def loss(z):
        return ops.cross_entropy(z if from_logits else ops.softmax(z), labels, from_logits=from_logits)

    atol = 1e-5 if shift == 0 else 2000 * np.finfo(np.float32).eps
    y, [gz] = value_and_gradients(loss, [z])
    np.testing.assert_allclose(y, [CROSS_ENTROPIES[label]], rtol=0, atol=atol)
    np.testing.assert_allclose(gz[0], SOFTMAX - np.eye(3)[label], rtol=0, atol=atol)


def test_batch_normalization():
    y, mean, variance = ops.batch_norm_train(column(BATCH), np.float32([1]), np.float32([0]), EPSILON)
    np.testing.assert_allclose(np.asarray(y)[:, 0], NORMALIZED, rtol=0, atol=1e-6)
    assert (mean.item(), variance.item()) == (MEAN, VARIANCE)


@pytest.mark.parametrize("momentum", [0.99, 0.9])
def test_batch_normalization_moves_its_statistics(momentum):
    layer = layers.BatchNormalization(momentum=momentum, epsilon=EPSILON)
    net = striate.Sequential([layers.Input((1,)), layer])
    net.compile(striate.optimizers.SGD(0.0), loss="mse")
    expected = np.float64([0, 1])
    for _ in range(2):
        net.train_on_batch(column(BATCH), column(BATCH))
        expected = momentum * expected + (1 - momentum) * np.float64([MEAN, VARIANCE])
        moved = [layer.moving_mean.numpy().item(), layer.moving_variance.numpy().item()]
        np.testing.assert_allclose(moved, expected, rtol=1e-6)
    # In inference the moving statistics stand in for the batch's; gamma and beta are still 1 and 0.
    inferred = (np.float64(BATCH) - expected[0]) / np.sqrt(expected[1] + EPSILON)
    np.testing.assert_allclose(net.predict(column(BATCH), verbose=0)[:, 0], inferred, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(net(column(BATCH), training=True))[:, 0], NORMALIZED, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.5, 0.7])
def test_dropout(rate):
    ones = np.ones((250, 400), np.float32)

    def drop(seed):
        striate.utils.set_random_seed(seed)
        return np.asarray(layers.Dropout(rate, name="drop")(ones, training=True))

    y = drop(1)
    assert y.mean() == pytest.approx(1, rel=0.02)
    assert np.unique(y).tolist() == [0, np.float32(1 / (1 - rate))]
    np.testing.assert_array_equal(drop(1), y)
    assert (drop(2) != y).mean() == pytest.approx(2 * rate * (1 - rate), rel=0.05)  # another mask altogether
    np.testing.assert_array_equal(layers.Dropout(rate)(ones), ones)
