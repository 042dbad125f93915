import numpy as np
import pytest

import striate
from striate import metrics

rng = np.random.default_rng(10)
SCORES = np.float32([[0.1, 0.9, 0], [0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0.4, 0.3, 0.3]])
LABELS = np.int64([1, 0, 2, 2])


def test_mean_weighs_by_batch_size():
    mean = metrics.Mean()
    assert mean.result() == 0.0
    mean.update_state(np.float32([1, 2, 3]))
    mean.update_state(np.float32([10]))
    assert mean.result() == 4.0
    mean.update_state(np.float32([1, 3]), sample_weight=np.float32([0, 2]))
    assert mean.result() == pytest.approx(22 / 6)
    mean.reset_state()
    assert mean.result() == 0.0


@pytest.mark.parametrize(
    ("cls", "y_true"),
    [
        (metrics.SparseCategoricalAccuracy, LABELS),
        (metrics.SparseCategoricalAccuracy, LABELS.astype("float32")[:, None]),
        (metrics.CategoricalAccuracy, np.eye(3, dtype="float32")[LABELS]),
    ],
)
def test_class_accuracies(cls, y_true):
    accuracy = cls()
    assert accuracy(y_true, SCORES) == 0.75
    accuracy.update_state(y_true[:1], SCORES[:1])
    assert accuracy.result() == pytest.approx(0.8)
    accuracy.reset_state()
    assert accuracy(y_true, SCORES, sample_weight=np.float32([1, 1, 1, 3])) == 0.5


def test_the_first_maximum_counts():
    assert metrics.SparseCategoricalAccuracy()(np.int64([0, 1]), np.float32([[0.5, 0.5], [0.5, 0.5]])) == 0.5


def test_binary_accuracy():
    y_pred = np.float32([[0.6], [0.5], [0.2], [0.9]])
    assert metrics.BinaryAccuracy()(np.float32([[1], [1], [0], [0]]), y_pred) == 0.5  # 0.5 is not above 0.5
    assert metrics.BinaryAccuracy(threshold=0.4)(np.int64([1, 1, 0, 0]), y_pred) == 0.75
    with pytest.raises(ValueError, match=r"`threshold` must be between 0 and 1. Received: threshold=1"):
        metrics.BinaryAccuracy(threshold=1)


def test_accuracy():
    assert metrics.Accuracy()(np.float32([1, 2, 3]), np.float32([1, 0, 3])) == pytest.approx(2 / 3)


def test_losses_as_metrics():
    y_true, y_pred = rng.normal(size=(2, 5, 3)).astype("float32")
    assert metrics.MeanSquaredError()(y_true, y_pred) == pytest.approx(((y_true - y_pred) ** 2).mean(), rel=1e-5)
    assert metrics.MeanAbsoluteError()(y_true, y_pred) == pytest.approx(np.abs(y_true - y_pred).mean(), rel=1e-5)
    crossentropy = metrics.SparseCategoricalCrossentropy()(LABELS, SCORES)
    expected = -np.log(SCORES[np.arange(4), LABELS]).mean()
    assert crossentropy == pytest.approx(expected, rel=1e-5)
    one_hot = np.eye(3, dtype="float32")[LABELS]
    assert metrics.CategoricalCrossentropy()(one_hot, SCORES) == pytest.approx(expected, rel=1e-5)
    assert metrics.BinaryCrossentropy()(np.float32([[1.0]]), np.float32([[0.5]])) == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.parametrize(
    ("target", "output", "cls"),
    [
        ((8, 1), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 10), metrics.SparseCategoricalAccuracy),
        ((8, 1), (8, 10), metrics.SparseCategoricalAccuracy),
        ((8, 10), (8, 10), metrics.CategoricalAccuracy),
        ((None, 4, 4), (None, 4, 4, 3), metrics.SparseCategoricalAccuracy),
    ],
)
def test_what_accuracy_means(target, output, cls):
    assert metrics.accuracy_for(target, output) is cls


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", metrics.MeanSquaredError),
        ("MAE", metrics.MeanAbsoluteError),
        ("binary_accuracy", metrics.BinaryAccuracy),
        ("SparseCategoricalAccuracy", metrics.SparseCategoricalAccuracy),
    ],
)
def test_get_and_config(name, cls):
    metric = metrics.get(name)
    assert type(metric) is cls
    assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()


def test_names():
    assert metrics.SparseCategoricalAccuracy().name == "sparse_categorical_accuracy"
    assert metrics.MeanSquaredError(name="error").name == "error"
    with pytest.raises(ValueError, match=r"Unknown metric: 'aucc'"):
        metrics.get("aucc")


def test_functions_are_averaged():
    def largest(y_true, y_pred):
        return striate.ops.max(y_pred, axis=-1)

    metric = metrics.get(largest)
    assert metric.name == "largest"
    assert metric(LABELS, SCORES) == pytest.approx(SCORES.max(-1).mean())


def test_own_metric():
    class Positives(metrics.Metric):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.positives = self.add_variable(name="positives")

        def traced_update(self, y_true, y_pred, sample_weight=None):
            count = striate.ops.sum(striate.ops.cast(striate.ops.greater(y_pred, 0.5), "float32"))
            return [(self.positives, striate.ops.add(self.positives, count))]

        def result(self):
            return float(self.positives.read())

    metric = Positives()
    assert metric.name == "positives"
    assert metric(LABELS, SCORES) == 2
    assert metric(LABELS, SCORES) == 4
    metric.reset_state()
    assert metric.result() == 0


class MeanOff(metrics.Metric):
    """As one writes it for Keras."""

    def __init__(self, name="mean_off", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = striate.ops.abs(y_true - y_pred)
        self.total.assign_add(striate.ops.sum(error))
        self.count.assign_add(striate.ops.sum(striate.ops.ones_like(error)))

    def result(self):
        return self.total / self.count

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0)


class DoubledOff(metrics.MeanAbsoluteError):
    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(y_true * 2, y_pred * 2, sample_weight)


X = rng.normal(size=(10, 4)).astype("float32")


def net(*wanted):
    model = striate.Sequential([striate.layers.Input((4,)), striate.layers.Dense(2)])
    model.compile(striate.optimizers.SGD(0.0), "mse", metrics=list(wanted))
    return model


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_update_state_of_ones_own_is_part_of_the_step(dtype):
    model, y = net(MeanOff(), DoubledOff(name="doubled")), rng.integers(0, 9, (10, 2)).astype(dtype)
    error = np.abs(model.predict(X, verbose=0) - y).mean()
    for _ in range(2):
        np.testing.assert_allclose(model.evaluate(X, y, batch_size=4, verbose=0)[1:], [error, 2 * error], rtol=1e-5)
        history = model.fit(X, y, batch_size=4, verbose=0).history
        np.testing.assert_allclose([history["mean_off"][0], history["doubled"][0]], [error, 2 * error], rtol=1e-5)
        assert type(history["mean_off"][0]) is float
    metric = MeanOff()
    assert float(metric(y, y + 0.5)) == metric.result().numpy() == 0.5


class Counting(MeanOff):
    def __init__(self):
        super().__init__()
        self.seen = 0

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, y_pred)
        self.seen += 1


class Forgetful(MeanOff):
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total = striate.ops.add(self.total, striate.ops.sum(y_pred))


class Listing(MeanOff):
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.name.split(",").append(y_pred)


class Unreduced(MeanOff):
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(y_pred)


@pytest.mark.parametrize(
    ("metric", "error", "words"),
    [
        (Counting, NotImplementedError, r"'mean_off' \(Counting\): `update_state` changes the attribute `seen`"),
        (Forgetful, NotImplementedError, "changes the attribute `total`.*self.total.assign_add"),
        (Listing, NotImplementedError, "assigns to no variable"),
        (Unreduced, ValueError, r"'mean_off/total' (of|has) shape \(\).*shape \(None, 2\)"),
    ],
)
def test_what_no_step_can_keep_is_refused(metric, error, words):
    with pytest.raises(error, match=words):
        net(metric()).fit(X, np.zeros((10, 2)), verbose=0)


def test_result_must_be_a_number():
    class Both(MeanOff):
        def result(self):
            return {"a": self.total, "b": self.count}

    with pytest.raises(ValueError, match="Metric 'mean_off': `result` must give one number"):
        net(Both()).evaluate(X, np.zeros((10, 2)), verbose=0)


def test_functions_get_labels_in_the_rank_of_predictions():
    def error(y_true, y_pred):
        return striate.ops.abs(striate.ops.subtract(y_true, y_pred))

    model = striate.Sequential([striate.layers.Input((4,)), striate.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=[error])
    y = np.array([0, 1, 2, 3, 4, 0, 0, 0, 0, 0])
    assert model.evaluate(X, y, verbose=0)[1] == pytest.approx(1.0)


def test_integers_as_one_hot_labels():
    model = striate.Sequential([striate.layers.Input((4,)), striate.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    numbers = rng.integers(0, 3, 10)
    expected = (model.predict(X, verbose=0).argmax(1) == numbers).mean()
    for dtype in ("int64", "uint8"):
        assert model.evaluate(X, np.eye(3, dtype=dtype)[numbers], verbose=0)[1] == pytest.approx(expected)


def test_lists_of_numbers():
    mean = metrics.Mean()
    mean.update_state([1.0, 2.0], sample_weight=[1, 3])
    assert mean.result() == mean.result().numpy() == 1.75
    assert repr(mean.result()) == "1.75"
    assert metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]) == 0.5
    assert metrics.SparseCategoricalAccuracy()([1, 1], [[0.1, 0.9], [0.8, 0.2]]) == 0.5
    assert metrics.MeanSquaredError()([[0.0]], [[2.0]]) == 4.0
