"""What training refuses, in words that help."""

import numpy as np
import pytest

import striate
from striate import callbacks, config, layers

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
        (lambda m: m.fit(X[:, :3], Y, verbose=0), r"expected shape=\(None, 4\), found shape=\(20, 3\)"),
        (lambda m: m.fit(X[:0], Y[:0], verbose=0), "is empty"),
        (lambda m: m.fit(X, verbose=0), "`y` is None"),
        (lambda m: m.fit(X, Y, batch_size=0, verbose=0), "`batch_size` must be an integer of at least 1"),
        (lambda m: m.fit(X, Y, verbose=7), "`verbose` must be"),
        (lambda m: m.fit(X, Y, validation_split=1.5, verbose=0), "`validation_split` must be between 0 and 1"),
        (lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0), r"expected shape \(20,\)"),
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
