"""What fit, evaluate and predict promise."""

import numpy as np
import pytest

import striate
from striate import callbacks, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 6)).astype("float32")
CLASSES = (X.sum(axis=1) > 0).astype("int64")


def net(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=("accuracy",), **kwargs):
    striate.utils.set_random_seed(3)
    model = striate.Sequential(
        [layers.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")]
    )
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics), **kwargs)
    return model


def test_history():
    history = net().fit(X, CLASSES, epochs=3, batch_size=16, validation_data=(X, CLASSES), verbose=0)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(type(v) is float for values in history.history.values() for v in values)
    assert history.epoch == [0, 1, 2]
    assert history.params == {"verbose": 0, "epochs": 3, "steps": 4}
    assert history.history["loss"][2] < history.history["loss"][0]


def test_loss_is_the_mean_over_samples_whatever_the_batches():
    model = net(optimizer=striate.optimizers.SGD(0.0))
    probabilities = model.predict(X, verbose=0)
    expected = -np.log(probabilities[np.arange(50), CLASSES]).mean()
    accuracy = (probabilities.argmax(1) == CLASSES).mean()
    for batch_size in (7, 16, 50, 64):
        found = model.evaluate(X, CLASSES, batch_size=batch_size, verbose=0)
        np.testing.assert_allclose(found, [expected, accuracy], rtol=1e-5)
        history = model.fit(X, CLASSES, batch_size=batch_size, verbose=0).history
        np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], [expected, accuracy], rtol=1e-5)


def test_one_step_of_gradient_descent_by_hand():
    model = striate.Sequential([layers.Input((6,)), layers.Dense(1, use_bias=False)])
    model.compile(striate.optimizers.SGD(0.1), "mse")
    w = model.get_weights()[0]
    y = RNG.normal(size=(50, 1)).astype("float32")
    loss = model.train_on_batch(X, y)
    error = X @ w - y
    np.testing.assert_allclose(loss, (error**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], w - 0.1 * 2 / 50 * X.T @ error, rtol=1e-4, atol=1e-6)


def test_two_fits_are_one():
    one, two = net(), net()
    losses = one.fit(X, CLASSES, epochs=5, batch_size=16, verbose=0).history["loss"]
    first = two.fit(X, CLASSES, epochs=3, batch_size=16, verbose=0).history["loss"]
    assert first + two.fit(X, CLASSES, epochs=2, batch_size=16, verbose=0).history["loss"] == losses
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shuffle_visits_each_sample_once_an_epoch_in_changing_order():
    seen = []

    class Spy(layers.Layer):
        def call(self, x):
            return x

    model = striate.Sequential([layers.Input((1,)), Spy(), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.arange(20, dtype="float32")[:, None]
    from striate.training.feeding import ArrayFeed

    original = ArrayFeed._batch

    def spying(self, step, order):
        batch = original(self, step, order)
        seen.append(batch.inputs[0][:, 0].astype(int).tolist())
        return batch

    ArrayFeed._batch = spying
    try:
        model.fit(x, x, batch_size=8, epochs=2, verbose=0)
        model.fit(x, x, batch_size=8, verbose=0, shuffle=False)
    finally:
        ArrayFeed._batch = original
    epochs = [[n for batch in seen[i : i + 3] for n in batch] for i in (0, 3, 6)]
    assert [len(batch) for batch in seen[:3]] == [8, 8, 4]
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert epochs[2] == list(range(20))


def test_validation_split_is_the_last_part():
    model = net(optimizer=striate.optimizers.SGD(0.0))
    history = model.fit(X, CLASSES, validation_split=0.2, verbose=0).history
    np.testing.assert_allclose(history["val_loss"][0], model.evaluate(X[40:], CLASSES[40:], verbose=0)[0], rtol=1e-6)
    np.testing.assert_allclose(history["loss"][0], model.evaluate(X[:40], CLASSES[:40], verbose=0)[0], rtol=1e-5)
    with pytest.raises(ValueError, match="not sufficient to split"):
        model.fit(X[:1], CLASSES[:1], validation_split=0.01, verbose=0)


def test_validation_freq_and_initial_epoch():
    history = net().fit(
        X, CLASSES, epochs=5, initial_epoch=1, validation_data=(X, CLASSES), validation_freq=2, verbose=0
    )
    assert history.epoch == [1, 2, 3, 4]
    assert len(history.history["val_loss"]) == 2


def test_weights_of_samples_and_classes():
    model = net(optimizer=striate.optimizers.SGD(0.0))
    losses = -np.log(model.predict(X, verbose=0)[np.arange(50), CLASSES])
    weights = RNG.random(50).astype("float32")
    found = model.evaluate(X, CLASSES, sample_weight=weights, verbose=0)[0]
    # Each batch's mean over its samples, weighted by its size: sum(w * loss) / n.
    np.testing.assert_allclose(found, (losses * weights).sum() / 50, rtol=1e-5)
    history = model.fit(X, CLASSES, class_weight={0: 0.5, 1: 2.0}, verbose=0).history
    np.testing.assert_allclose(history["loss"][0], (losses * np.where(CLASSES == 1, 2.0, 0.5)).mean(), rtol=1e-5)
    with pytest.raises(ValueError, match="at the same time"):
        model.fit(X, CLASSES, class_weight={0: 1.0}, sample_weight=weights, verbose=0)


def batches(steps=None):
    number = 0
    while steps is None or number < steps:
        at = number * 10 % 50
        yield X[at : at + 10], CLASSES[at : at + 10]
        number += 1


class Batches(striate.utils.Sequence):
    ended = 0

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[index * 10 : index * 10 + 10], CLASSES[index * 10 : index * 10 + 10]

    def on_epoch_end(self):
        self.ended += 1


def test_sources_of_batches():
    arrays, generator, sequence = (net(), net(), net())
    expected = arrays.fit(X, CLASSES, batch_size=10, shuffle=False, verbose=0, epochs=2).history
    assert generator.fit(batches(), steps_per_epoch=5, verbose=0, epochs=2).history == expected
    source = Batches()
    assert sequence.fit(source, shuffle=False, verbose=0, epochs=2).history == expected
    assert source.ended == 2
    assert sequence.evaluate(Batches(), verbose=0) == arrays.evaluate(X, CLASSES, batch_size=10, verbose=0)
    np.testing.assert_array_equal(
        sequence.predict((x for x, _ in batches(5)), verbose=0), arrays.predict(X, batch_size=10, verbose=0)
    )
    with pytest.raises(ValueError, match="must not be given when `x` is a source of batches"):
        net().fit(batches(5), CLASSES, verbose=0)


def test_types_of_data():
    model = net()
    assert model.predict(X.astype("float64"), verbose=0).dtype == np.float32
    model.fit((X * 10).astype("int64"), CLASSES.astype("uint8"), verbose=0)
    model.fit(X[::-1], CLASSES[:, None].astype("int32"), verbose=0)
    with pytest.raises(ValueError, match="Unrecognized data type"):
        model.fit(X.tolist(), CLASSES, verbose=0)


def test_by_batch():
    model = net()
    first = model.train_on_batch(X[:10], CLASSES[:10], return_dict=True)
    assert list(first) == ["loss", "accuracy"]
    model.reset_metrics()
    model.test_on_batch(X[:10], CLASSES[:10])
    both = model.test_on_batch(X[10:20], CLASSES[10:20])
    np.testing.assert_allclose(both, model.evaluate(X[:20], CLASSES[:20], verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X[:4]), model.predict(X, verbose=0)[:4], rtol=1e-5, atol=1e-7)


def test_several_outputs():
    x = layers.Input((6,), name="x")
    hidden = layers.Dense(4, activation="relu")(x)
    model = striate.Model(
        x, [layers.Dense(1, name="a")(hidden), layers.Dense(2, activation="softmax", name="b")(hidden)]
    )
    model.compile(
        "sgd",
        loss={"a": "mse", "b": "sparse_categorical_crossentropy"},
        loss_weights={"a": 2.0, "b": 0.5},
        metrics={"b": ["accuracy"]},
    )
    y = {"a": X[:, :1], "b": CLASSES}
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "a_loss", "b_loss", "b_accuracy"}
    np.testing.assert_allclose(logs["loss"], 2 * logs["a_loss"] + 0.5 * logs["b_loss"], rtol=1e-5)
    assert model.fit(X, [X[:, :1], CLASSES], verbose=0).history["loss"][0] > 0
    assert [y.shape for y in model.predict(X, verbose=0)] == [(50, 1), (50, 2)]


def two_outputs(**compiled):
    x = layers.Input((6,))
    model = striate.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    model.compile(striate.optimizers.SGD(0.0), "mse", **compiled)
    return model


def test_metrics_by_output():
    y = [X[:, :1], X[:, 1:2]]
    model = two_outputs(metrics=["mae", ["mse", "mse"]])
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    assert list(logs) == model.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_mse", "b_mse_1"]
    assert logs["b_mse"] == logs["b_mse_1"] == pytest.approx(logs["b_loss"], rel=1e-5)
    assert list(two_outputs(metrics={"b": "mae"}).evaluate(X, y, verbose=0, return_dict=True))[3:] == ["b_mae"]


def test_metric_objects_keep_their_names():
    y, error = [X[:, :1], X[:, 1:2]], striate.metrics.MeanAbsoluteError()
    for _ in range(2):  # compiling again changes nothing
        model = two_outputs(metrics={"a": error})
        assert "a_mean_absolute_error" in model.evaluate(X, y, verbose=0, return_dict=True)
    assert error.name == "mean_absolute_error"
    assert error in model.metrics


def test_equal_names_are_numbered():
    model = net(loss="mse", metrics=[striate.metrics.MeanAbsoluteError(name="loss")])
    scores = model.evaluate(X, np.zeros((50, 2)), verbose=0)
    assert model.metrics_names == ["loss", "loss_1"]
    np.testing.assert_allclose(scores[1], model.predict(X, verbose=0).mean(), rtol=1e-5)
    x, layer = layers.Input((6,)), layers.Dense(6, name="d")
    model = striate.Model(x, [layer(x), layer(layer(x))])
    model.compile("sgd", {"d": "mse", "d_1": "mae"})
    scores = model.evaluate(X, [X, X], verbose=0)
    assert dict(zip(model.metrics_names, scores, strict=True)).keys() == {"loss", "d_loss", "d_1_loss"}
    np.testing.assert_allclose(scores[2], np.abs(model.predict(X, verbose=0)[1] - X).mean(), rtol=1e-5)


def test_add_loss_counts():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(striate.ops.mean(x) * 0 + 3.0)
            return x

    model = striate.Sequential([layers.Input((6,)), Penalty(), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    assert model.evaluate(X, np.zeros((50, 1)), verbose=0) == pytest.approx(3.0)


def test_switches_for_smoke_runs(monkeypatch):
    monkeypatch.setenv("STRIATE_MAX_EPOCHS", "2")
    monkeypatch.setenv("STRIATE_MAX_STEPS_PER_EPOCH", "3")
    history = net().fit(X, CLASSES, epochs=9, batch_size=5, verbose=0)
    assert history.epoch == [0, 1]
    assert history.params["steps"] == 3


def test_callbacks_see_epochs_and_stop():
    seen = []

    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, sorted(logs)))

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    history = net().fit(X, CLASSES, batch_size=25, epochs=7, callbacks=Stop(), verbose=0)
    assert history.epoch == [0, 1]
    assert seen == [(0, ["accuracy", "loss"]), (1, ["accuracy", "loss"])] * 2


def test_learning_rate_may_change_between_steps():
    model = net(optimizer=striate.optimizers.SGD(0.1))
    model.fit(X, CLASSES, verbose=0)
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(X, CLASSES, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_is_known_before_running():
    model = net()
    training, predicting = model.memory(batch_size=32, training=True), model.memory(batch_size=32)
    assert training.variables > predicting.variables >= 4 * model.count_params()
    assert training.arena > predicting.arena > 0
    assert training.total >= training.variables + training.arena
    assert net(loss=striate.losses.sparse_categorical_crossentropy).memory(32, training=True).total == training.total


def test_memory_of_unknown_sizes_is_not_known():
    x = layers.Input((None, None, 1))
    model = striate.Model(x, layers.Conv2D(2, 1)(x))
    model.compile("sgd", "mse")
    for training in (False, True):
        with pytest.raises(ValueError, match="inputs of unknown size"):
            model.memory(training=training)


def test_profile_tells_where_the_time_went():
    model = net()
    model.fit(X, CLASSES, epochs=1, verbose=0)
    assert all(step.runs == 0 for step in model.profile(True))
    model.fit(X, CLASSES, epochs=1, verbose=0)
    steps = model.profile(False)
    assert any(step.op == "matmul" and step.runs > 0 and step.seconds > 0 and step.flops > 0 for step in steps)
    assert all(step.runs == 0 for step in model.profile(False))


def test_labels_of_outputs_without_a_loss_may_be_missing():
    x = layers.Input((6,))
    model = striate.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(2, activation="softmax", name="b")(x)])
    model.compile("sgd", loss={"b": "sparse_categorical_crossentropy"}, metrics={"b": "accuracy"})
    expected = model.evaluate(X, [X[:, :1], CLASSES], verbose=0, return_dict=True)
    assert list(expected) == ["loss", "b_loss", "b_accuracy"]
    for y in ({"b": CLASSES}, [None, CLASSES], {"a": None, "b": CLASSES}):
        assert model.evaluate(X, y, verbose=0, return_dict=True) == expected
    model.fit(X, [None, CLASSES], validation_split=0.2, verbose=0)
    model.train_on_batch(X, {"b": CLASSES})
    for wrong, words in (({"a": X[:, :1]}, r"lacks \['b'\]"), ({"b": CLASSES, "c": X}, r"names \['c'\]")):
        with pytest.raises(ValueError, match=words):
            model.fit(X, wrong, verbose=0)
    with pytest.raises(ValueError, match="Unrecognized data type: y="):
        model.fit(X, [X[:, :1], None], verbose=0)


def test_weights_of_some_outputs():
    model, y, weights = two_outputs(), [X[:, :1], X[:, 1:2]], RNG.random(50)
    expected = model.evaluate(X, y, sample_weight=[weights, np.ones(50)], verbose=0)
    for given in ({"a": weights}, [weights, None], {"a": weights.reshape(50, 1)}):
        assert model.evaluate(X, y, sample_weight=given, verbose=0) == expected
    with pytest.raises(ValueError, match=r"`sample_weight` names \['c'\]"):
        model.evaluate(X, y, sample_weight={"c": weights}, verbose=0)


def test_weights_as_columns_and_lists():
    model, weights = net(optimizer=striate.optimizers.SGD(0.0)), RNG.random(50).astype("float32")
    expected = model.evaluate(X, CLASSES, sample_weight=weights, verbose=0)
    assert model.evaluate(X, CLASSES, sample_weight=weights[:, None], verbose=0) == expected
    assert model.evaluate(X, CLASSES, sample_weight=weights.tolist(), verbose=0) == expected
    history = model.fit(X, CLASSES, sample_weight=weights.tolist(), validation_split=0.5, verbose=0).history
    halves = [
        model.evaluate(X[i : i + 25], CLASSES[i : i + 25], sample_weight=weights[i : i + 25], verbose=0)[0]
        for i in (0, 25)
    ]
    np.testing.assert_allclose([history["loss"][0], history["val_loss"][0]], halves, rtol=1e-5)


def test_weights_of_pixels():
    model = striate.Sequential([layers.Input((4, 5, 1)), layers.Conv2D(3, 1, activation="softmax")])
    model.compile(striate.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    x, y = RNG.random((6, 4, 5, 1)), RNG.integers(0, 3, (6, 4, 5))
    losses = -np.log(np.take_along_axis(model.predict(x, verbose=0), y[..., None], -1)[..., 0])
    weights, by_class = RNG.random((6, 4, 5)), np.array([0.5, 1, 2])[y]
    for axes in ((), (1,)):
        labels = y.reshape(*y.shape, *axes)
        given = weights.reshape(labels.shape)
        expected = [(losses * weights).mean(), (losses * by_class).mean()]
        found = model.evaluate(x, labels, sample_weight=given, verbose=0)
        history = model.fit(x, labels, class_weight={0: 0.5, 2: 2.0}, verbose=0).history
        np.testing.assert_allclose([found, history["loss"][0]], expected, rtol=1e-5)
    one_hot = np.eye(3, dtype="float32")[y]
    model.compile(striate.optimizers.SGD(0.0), "categorical_crossentropy")
    found = model.fit(x, one_hot, class_weight={0: 0.5, 2: 2.0}, verbose=0).history["loss"]
    np.testing.assert_allclose(found, (losses * by_class).mean(), rtol=1e-5)


def dropping(**kwargs):
    """A model that drops outside training, too."""
    striate.utils.set_random_seed(5)
    x = layers.Input((6,))
    model = striate.Model(x, layers.Dropout(0.5, **kwargs)(layers.Dense(8)(x), training=True))
    model.compile(striate.optimizers.SGD(0.0), "mse")
    return model


@pytest.mark.parametrize("kwargs", [{}, {"seed": 7}])
def test_monte_carlo_dropout_draws_for_each_batch_and_call(kwargs):
    model, x, y = dropping(**kwargs), np.ones((40, 6), "float32"), np.zeros((40, 8), "float32")
    kept = [model.predict(x, batch_size=20, verbose=0) != 0 for _ in range(2)]
    batches = [kept[0][:20], kept[0][20:], kept[1][:20], kept[1][20:]]
    assert all((a != b).mean() > 0.2 for i, a in enumerate(batches) for b in batches[:i])
    assert len({model.evaluate(x, y, batch_size=20, verbose=0) for _ in range(3)}) == 3
    np.testing.assert_array_equal(dropping(**kwargs).predict(x, batch_size=20, verbose=0) != 0, kept[0])
    plain, used = dropping(**kwargs), dropping(**kwargs)
    used.predict(x, verbose=0)  # no draw of training's is another one for it
    assert plain.fit(x, y, epochs=3, verbose=0).history == used.fit(x, y, epochs=3, verbose=0).history


def test_models_that_draw_nothing_keep_nothing():
    model = net()
    before = model.training_state.draws.read()
    np.testing.assert_array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    model.evaluate(X, CLASSES, verbose=0)
    assert model.training_state.draws.read() == before
