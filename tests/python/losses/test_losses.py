import functools
import math

import numpy as np
import pytest

import striate
from striate import losses, ops

rng = np.random.default_rng(9)
LOGITS = np.float32([[2, 1, 0.1], [2, 1, 0.1], [2, 1, 0.1]])
PROBABILITIES = np.float32([[0.65900114, 0.24243297, 0.09856589]] * 3)
EXPECTED = [0.41703, 1.41703, 2.31703]  # P10


@pytest.mark.parametrize(("from_logits", "y_pred"), [(True, LOGITS), (False, PROBABILITIES)])
def test_cross_entropy(from_logits, y_pred):
    sparse = losses.sparse_categorical_crossentropy(np.int64([0, 1, 2]), y_pred, from_logits=from_logits)
    np.testing.assert_allclose(np.asarray(sparse), EXPECTED, atol=1e-5)
    one_hot = losses.categorical_crossentropy(np.eye(3, dtype="float32"), y_pred, from_logits=from_logits)
    np.testing.assert_allclose(np.asarray(one_hot), EXPECTED, atol=1e-5)
    mean = losses.SparseCategoricalCrossentropy(from_logits=from_logits)(np.int64([0, 1, 2]), y_pred)
    assert float(mean) == pytest.approx(np.mean(EXPECTED), abs=1e-5)


@pytest.mark.parametrize("labels", [np.uint8([0, 2]), np.float32([0, 2]), np.int32([[0], [2]]), np.float64([[0], [2]])])
def test_sparse_labels_of_any_type(labels):
    values = losses.sparse_categorical_crossentropy(labels, LOGITS[:2], from_logits=True)
    np.testing.assert_allclose(np.asarray(values), [EXPECTED[0], EXPECTED[2]], atol=1e-5)


def test_probabilities_are_renormalised_and_clipped():
    assert float(losses.CategoricalCrossentropy()(np.float32([[1, 0]]), np.float32([[2, 6]]))) == pytest.approx(
        math.log(4), rel=1e-6
    )
    zero = losses.CategoricalCrossentropy()(np.float32([[1, 0]]), np.float32([[0, 1]]))
    assert float(zero) == pytest.approx(16.118, abs=1e-3)


@pytest.mark.parametrize("shape", [(7,), (4, 1), (3, 5), (2, 3, 3, 2)])
def test_squared_and_absolute(shape):
    y_true, y_pred = rng.normal(size=(2, *shape)).astype("float32")
    difference = y_true.astype("float64") - y_pred
    np.testing.assert_allclose(
        np.asarray(losses.mean_squared_error(y_true, y_pred)), (difference**2).mean(-1), rtol=1e-5
    )
    assert float(losses.MeanSquaredError()(y_true, y_pred)) == pytest.approx((difference**2).mean(), rel=1e-5)
    assert float(losses.MeanAbsoluteError()(y_true, y_pred)) == pytest.approx(np.abs(difference).mean(), rel=1e-5)


def test_binary():
    p = rng.uniform(0.05, 0.95, size=(6, 3))
    t = rng.integers(0, 2, size=(6, 3)).astype("float32")
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)
    values = losses.binary_crossentropy(t, p.astype("float32"))
    np.testing.assert_allclose(np.asarray(values), expected, rtol=1e-5)
    logits = np.log(p / (1 - p)).astype("float32")
    values = losses.binary_crossentropy(t, logits, from_logits=True)
    np.testing.assert_allclose(np.asarray(values), expected, rtol=1e-5)
    far = losses.BinaryCrossentropy(from_logits=True)(np.float32([[0, 1]]), np.float32([[200, 200]]))
    assert float(far) == pytest.approx(100)


def test_binary_labels_without_their_last_axis():
    y_pred = np.float32([[0.9], [0.2]])
    expected = -(math.log(0.9) + math.log(0.8)) / 2
    assert float(losses.BinaryCrossentropy()(np.int64([1, 0]), y_pred)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("reduction", "plain", "weighted"),
    [
        ("sum_over_batch_size", 2.0, 14 / 3),
        ("mean", 2.0, 14 / 3),
        ("sum", 6.0, 14.0),
        ("mean_with_sample_weight", 2.0, 14 / 6),
        ("none", [1, 2, 3], [1, 4, 9]),
        (None, [1, 2, 3], [1, 4, 9]),
    ],
)
def test_reductions(reduction, plain, weighted):
    loss = losses.MeanAbsoluteError(reduction=reduction)
    y_true, y_pred = np.zeros((3, 2), "float32"), np.float32([[1, 1], [2, 2], [3, 3]])
    np.testing.assert_allclose(np.asarray(loss(y_true, y_pred)), plain, rtol=1e-6)
    for weights in (np.float32([1, 2, 3]), np.float64([[1], [2], [3]])):
        np.testing.assert_allclose(np.asarray(loss(y_true, y_pred, sample_weight=weights)), weighted, rtol=1e-6)


def test_one_weight_for_all_pixels_of_a_sample():
    y_pred = np.ones((2, 3, 3, 1), "float32")
    value = losses.MeanSquaredError()(np.zeros_like(y_pred), y_pred, sample_weight=np.float32([0, 1]))
    assert float(value) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", losses.MeanSquaredError),
        ("MSE", losses.MeanSquaredError),
        ("mean_squared_error", losses.MeanSquaredError),
        ("MeanAbsoluteError", losses.MeanAbsoluteError),
        ("mae", losses.MeanAbsoluteError),
        ("bce", losses.BinaryCrossentropy),
        ("categorical_crossentropy", losses.CategoricalCrossentropy),
        ("SparseCategoricalCrossentropy", losses.SparseCategoricalCrossentropy),
    ],
)
def test_get_and_config(name, cls):
    loss = losses.get(name)
    assert type(loss) is cls
    again = losses.deserialize(losses.serialize(loss))
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("function", "cls"),
    [
        (losses.binary_crossentropy, losses.BinaryCrossentropy),
        (losses.categorical_crossentropy, losses.CategoricalCrossentropy),
        (losses.sparse_categorical_crossentropy, losses.SparseCategoricalCrossentropy),
        (losses.mse, losses.MeanSquaredError),
        (losses.mean_absolute_error, losses.MeanAbsoluteError),
    ],
)
def test_get_knows_the_classes_of_functions(function, cls):
    assert type(losses.get(function)) is cls
    assert losses.get(function).name == function.__name__


def test_get_takes_functions_without_names():
    class Distance:
        __hash__ = None

        def __call__(self, y_true, y_pred):
            return striate.ops.subtract(y_pred, y_true)

    from_logits = functools.partial(losses.sparse_categorical_crossentropy, from_logits=True)
    assert float(losses.get(from_logits)(np.int64([0, 1, 2]), LOGITS)) == pytest.approx(np.mean(EXPECTED), abs=1e-5)
    assert [losses.get(loss).name for loss in (from_logits, Distance())] == ["partial", "Distance"]


def test_get_wraps_functions():
    loss = losses.get(lambda y_true, y_pred: striate.ops.subtract(y_pred, y_true))
    assert float(loss(np.float32([1, 2]), np.float32([2, 5]))) == 2
    assert losses.get(None) is None
    with pytest.raises(ValueError, match=r"Unknown loss: 'hinges'. Known: .*MeanSquaredError"):
        losses.get("hinges")


def test_shapes_that_do_not_fit():
    scores = np.zeros((4, 10), "float32")
    with pytest.raises(
        ValueError,
        match=r"must have the same shape. Received: target.shape=\(4,\), output.shape=\(4, 10\). The labels look like "
        r"class numbers: use the loss 'sparse_categorical_crossentropy'.*to_categorical\(labels, 10\)",
    ):
        losses.CategoricalCrossentropy()(np.zeros(4, "int64"), scores)
    with pytest.raises(ValueError, match=r"target.shape=\(4, 10\).*look one-hot: use the loss 'categorical_cross"):
        losses.SparseCategoricalCrossentropy()(scores, scores)
    with pytest.raises(ValueError, match=r"target.shape=\(4, 3\), output.shape=\(4, 10\)"):
        losses.MeanSquaredError()(np.zeros((4, 3), "float32"), scores)
    with pytest.raises(ValueError, match=r"sample_weight has more axes than the losses.*sample_weight.shape=\(4, 10\)"):
        losses.MeanSquaredError()(scores, scores, sample_weight=scores)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"`reduction` must be one of 'sum_over_batch_size'.*reduction='avg'"):
        losses.MeanSquaredError(reduction="avg")
    with pytest.raises(ValueError, match=r"`label_smoothing` comes in a later version.*label_smoothing=0.1"):
        losses.CategoricalCrossentropy(label_smoothing=0.1)
    with pytest.raises(ValueError, match=r"`ignore_class` comes in a later version"):
        losses.SparseCategoricalCrossentropy(ignore_class=255)
    with pytest.raises(ValueError, match=r"`axis` comes in a later version"):
        losses.CategoricalCrossentropy(axis=1)


@pytest.mark.parametrize(("target", "output"), [((5,), (5, 1)), ((5, 1), (5,)), ((5, 2, 1), (5, 2))])
def test_functions_get_labels_in_the_rank_of_predictions(target, output):
    def own(y_true, y_pred):
        return ops.square(ops.subtract(y_true, y_pred))

    y_true, y_pred = np.arange(math.prod(target)).reshape(target), rng.random(output).astype("float32")
    expected = np.square(y_true.reshape(-1) - y_pred.reshape(-1)).mean()
    assert float(losses.get(own)(y_true, y_pred)) == pytest.approx(expected, rel=1e-5)
    assert float(losses.MeanSquaredError()(y_true, y_pred)) == pytest.approx(expected, rel=1e-5)


def test_labels_of_integers_in_own_losses():
    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.abs(y_true - y_pred)

    for loss in (Distance(), lambda y_true, y_pred: ops.abs(y_true - y_pred)):
        model = striate.Sequential([striate.layers.Input((1,)), striate.layers.Dense(1, kernel_initializer="zeros")])
        model.compile("sgd", loss)
        assert model.evaluate(np.ones((4, 1)), np.array([1, 2, 3, 6]), verbose=0) == 3.0


def test_lists_of_numbers():
    assert float(losses.MeanSquaredError()([[0.0, 1.0]], [[1.0, 1.0]])) == 0.5
    assert float(losses.MeanAbsoluteError()([[0], [0]], [[1], [2]], sample_weight=[0.5, 0.25])) == 0.5
    assert float(losses.mean_squared_error([[0, 1]], [[1, 3]])[0]) == 2.5
    entropy = -math.log(0.5)
    assert float(losses.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])) == pytest.approx(entropy)
    assert float(losses.CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])) == pytest.approx(entropy)


def test_binary_clips_at_epsilon(monkeypatch):
    monkeypatch.setattr("striate.config._epsilon", 0.25)
    assert float(losses.BinaryCrossentropy()([[1.0]], [[0.0]])) == pytest.approx(-math.log(0.25))
    near = float(losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[8.0]]))
    assert near == pytest.approx(math.log1p(math.exp(-8)), rel=3e-4)  # not rounded as beside 8
