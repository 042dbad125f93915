"""What training refuses, in words that help."""

import numpy as np
import pytest

import striate
from striate import callbacks, config, layers, losses

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.arange(20) % 3


def net(loss="sparse_categorical_crossentropy", rate=0.01):
    striate.utils.set_random_seed(1)
    model = striate.Sequential(
        [layers.Input((4,)), layers.Dense(5, name="first"), layers.Dense(3, activation="softmax", name="last")]
    )
    model.compile(striate.optimizers.SGD(rate), loss)
    return model


def diverging():
    """A net whose second or third step gives infinite numbers."""
    striate.utils.set_random_seed(1)
    model = striate.Sequential([layers.Input((4,)), layers.Dense(5, name="first"), layers.Dense(3, name="last")])
    model.compile(striate.optimizers.SGD(1e20), "mse")
    return model


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.fit(X, Y[:7], verbose=0), r"Data cardinality is ambiguous[\s\S]*'x' sizes: 20\n'y' sizes: 7"),
        (lambda m: m.fit(X, Y + 1, verbose=0), r"label value of 3 which is outside the valid range of \[0, 3\)"),
        (lambda m: m.fit(X, Y - 1, verbose=0), "label value of -1"),
        (lambda m: m.fit(X, np.where(Y == 2, np.nan, Y), verbose=0), "label value of nan"),
        (lambda m: m.fit(X, np.where(Y == 2, np.float32(np.inf), Y), verbose=0), "label value of inf"),
        (lambda m: m.fit(X[:, :3], Y, verbose=0), r"expected shape=\(None, 4\), found shape=\(20, 3\)"),
        (lambda m: m.fit(X[:0], Y[:0], verbose=0), "is empty"),
        (lambda m: m.fit(X, verbose=0), "`y` is None"),
        (lambda m: m.fit(X, Y, batch_size=0, verbose=0), "`batch_size` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, verbose=7), "`verbose` must be"),
        (lambda m: m.fit(X, Y, validation_split=1.5, verbose=0), "`validation_split` must be between 0 and 1"),
        (lambda m: m.fit(X, np.append(Y, 0), validation_split=0.2, verbose=0), "'x' sizes: 20\n'y' sizes: 21"),
        (lambda m: m.fit(X, Y, sample_weight=np.ones(9), validation_split=0.2, verbose=0), "'sample_weight' sizes: 9"),
        (lambda m: m.fit(X.tolist(), Y, validation_split=0.2, verbose=0), "Unrecognized data type: x="),
        (lambda m: m.fit(X, Y.tolist(), validation_split=0.2, verbose=0), "Unrecognized data type: y="),
        (lambda m: m.fit(X, Y, validation_batch_size=-1), "`validation_batch_size` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, validation_steps=0), "`validation_steps` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, validation_freq=0), "`validation_freq` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, validation_freq=[2, 0]), "`validation_freq` must be"),
        (lambda m: m.fit(X, Y, steps_per_epoch=0), "`steps_per_epoch` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, epochs=1.5), r"`epochs` must be an integer of at least 0. Received: epochs=1.5"),
        (lambda m: m.fit(X, Y, epochs="3"), "`epochs` must be"),
        (lambda m: m.fit(X, Y, epochs=None), "`epochs` must be"),
        (lambda m: m.fit(X, Y, initial_epoch=-1), "`initial_epoch` must be"),
        (lambda m: m.evaluate(X, Y, steps=0), "`steps` must be an integer of at least 1. Received: steps=0"),
        (lambda m: m.predict(X, steps=True), "`steps` must be"),
        (lambda m: m.evaluate(iter([]), verbose=0), "to evaluate gave none.*without end and a number of steps"),
        (lambda m: m.predict(iter([]), verbose=0), "to predict gave none"),
        (lambda m: m.predict(iter([]), steps=2, verbose=0), "to predict gave none.*with enough of them"),
        (lambda m: m.fit(iter([(X, Y)]), epochs=2, verbose=0), "to train on gave none.*without end"),
        (lambda m: m.fit(iter([(X, Y)]), epochs=2, steps_per_epoch=1, verbose=0), "gave none.*with enough of them"),
        (lambda m: m.fit(X, Y, validation_data=iter([(X, Y)]), epochs=2, verbose=0), "to evaluate gave none"),
        (lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0), r"expected shape \(20,\)"),
        (lambda m: m.fit(X, Y, sample_weight=np.ones((20, 3)), verbose=0), r"labels' shape \(20,\).*shape \(20, 3\)"),
        (lambda m: m.fit(X, sample_weight=np.ones(20), verbose=0), "but `y` is None"),
        (lambda m: m.compile("sgd", "mse", ["mae"]), r"third argument of compile\(\) is `loss_weights`.*metrics="),
        (lambda m: m.compile("sgd", "mse", metrics=["nonsense"]), "Unknown metric: 'nonsense'"),
        (lambda m: m.fit(X, np.array(list("a" * 20)), verbose=0), "must hold numbers"),
        (lambda m: m.fit(X, Y, callbacks=[print], verbose=0), "LambdaCallback"),
        (lambda m: m.compile("adam", "mse", steps_per_execution=4), "`steps_per_execution` comes in a later version"),
        (lambda m: m.compile("adam", "mse", nonsense=1), "nonsense"),
        (lambda m: m.compile("nadamm", "mse"), "Unknown optimizer"),
    ],
)
def test_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(net())


def test_class_numbers_where_one_hot_is_expected():
    with pytest.raises(ValueError, match=r"must have the same shape.*sparse_categorical_crossentropy.*to_categorical"):
        net("categorical_crossentropy").fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="look one-hot"):
        net().fit(X, np.eye(3, dtype="float32")[Y], verbose=0)


@pytest.mark.parametrize("loss", [losses.sparse_categorical_crossentropy, losses.SparseCategoricalCrossentropy])
def test_class_numbers_are_checked_whatever_form_the_loss_has(loss):
    with pytest.raises(ValueError, match="label value of 3"):
        net(loss).fit(X, Y + 1, verbose=0)


def test_class_numbers_are_checked_before_a_model_of_ones_own_is_built():
    class Net(striate.Model):
        def __init__(self):
            super().__init__()
            self.last = layers.Dense(3, activation="softmax")

        def call(self, x):
            return self.last(x)

    model = Net()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="label value of 3"):
        model.fit(X, Y + 1, verbose=0)


def test_metrics_of_several_outputs():
    x = layers.Input((4,))
    model = striate.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    with pytest.raises(ValueError, match=r"`metrics` has 1 items, the model has 2 outputs: \['a', 'b'\]. Give one"):
        model.compile("sgd", "mse", metrics=["mae"])
    with pytest.raises(ValueError, match="`metrics` must be a list or a dict for a model of 2 outputs"):
        model.compile("sgd", "mse", metrics="mae")
    one = striate.metrics.MeanAbsoluteError()
    with pytest.raises(ValueError, match="holds <MeanAbsoluteError name=mean_absolute_error> twice"):
        model.compile("sgd", "mse", metrics=[one, one])


def test_not_compiled():
    model = striate.Sequential([layers.Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"You must call `compile\(\)` before using the model"):
        model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).shape == (20, 1)


def test_infinite_input_is_found():
    x = X.copy()
    x[3, 2] = np.inf
    with pytest.raises(RuntimeError, match=r"step 1 of epoch 1: input '.*' holds NaN or infinite values"):
        net().fit(x, Y, verbose=0)


def test_divergence_names_layer_and_keeps_weights():
    model = diverging()
    before = model.get_weights()
    with pytest.raises(RuntimeError, match=r"The loss became (nan|inf) at step \d of epoch 1: .*(first|last)"):
        model.fit(X, np.eye(3)[Y], batch_size=5, epochs=3, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_divergence_may_go_on(monkeypatch):
    monkeypatch.setattr(config, "check_finite", False)
    loss = diverging().fit(X, np.eye(3)[Y], batch_size=5, verbose=0).history["loss"][0]
    assert not np.isfinite(loss)


def test_terminate_on_nan_ends_quietly(capsys):
    model = diverging()
    history = model.fit(X, np.eye(3)[Y], batch_size=5, epochs=3, callbacks=callbacks.TerminateOnNaN(), verbose=0)
    assert len(history.epoch) == 1
    assert "Invalid loss, terminating training" in capsys.readouterr().out
