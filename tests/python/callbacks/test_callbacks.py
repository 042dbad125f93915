import warnings

import numpy as np
import pytest

import striate
from striate import callbacks, layers

rng = np.random.default_rng(12)
X = rng.normal(size=(32, 4)).astype("float32")
Y = (X @ np.float32([[1], [-2], [0.5], [0]])).astype("float32")


def small_model(rate=0.05):
    model = striate.Sequential([layers.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(striate.optimizers.SGD(rate), "mse")
    return model


def fit(model, *given, epochs=3, **keywords):
    return model.fit(X, Y, batch_size=8, epochs=epochs, callbacks=list(given), verbose=0, **keywords)


class Recorder(callbacks.Callback):
    def __init__(self):
        self.calls = []


def _recording(hook):
    return lambda self, *args: self.calls.append((hook, args[0]) if len(args) > 1 else (hook,))


for _hook in dir(callbacks.Callback):
    if _hook.startswith("on_") and _hook not in ("on_batch_begin", "on_batch_end"):
        setattr(Recorder, _hook, _recording(_hook))


def test_order_of_hooks():
    recorder = Recorder()
    fit(small_model(), recorder, epochs=2, validation_data=(X[:8], Y[:8]))
    epoch = [("on_epoch_begin", 0)]
    for batch in range(4):
        epoch += [("on_train_batch_begin", batch), ("on_train_batch_end", batch)]
    epoch += [("on_test_begin",), ("on_test_batch_begin", 0), ("on_test_batch_end", 0), ("on_test_end",)]
    epoch += [("on_epoch_end", 0)]
    assert recorder.calls[: len(epoch) + 1] == [("on_train_begin",), *epoch]
    assert recorder.calls[-2:] == [("on_epoch_end", 1), ("on_train_end",)]
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 4}
    recorder.calls.clear()
    model = small_model()
    model.evaluate(X[:8], Y[:8], verbose=0, callbacks=[recorder])
    model.predict(X[:8], verbose=0, callbacks=recorder)
    assert [call[0] for call in recorder.calls] == [
        "on_test_begin",
        "on_test_batch_begin",
        "on_test_batch_end",
        "on_test_end",
        "on_predict_begin",
        "on_predict_batch_begin",
        "on_predict_batch_end",
        "on_predict_end",
    ]


def test_history():
    model = small_model()
    history = fit(model, validation_split=0.25)
    assert history.epoch == [0, 1, 2]
    assert list(history.history) == ["loss", "val_loss"]
    assert all(type(value) is float for values in history.history.values() for value in values)
    assert history.history["loss"][2] < history.history["loss"][0]
    assert history.model is model
    again = fit(model, initial_epoch=2, epochs=4)
    assert again.epoch == [2, 3]


def test_lambda_callback():
    seen = []
    callback = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, sorted(logs))),
        on_train_end=lambda logs: seen.append("end"),
        on_test_begin=lambda logs: seen.append("test"),
    )
    fit(small_model(), callback, epochs=1, validation_data=(X, Y))
    assert seen == ["test", (0, ["loss", "val_loss"]), "end"]
    with pytest.raises(ValueError, match=r"no hook named 'on_epoch_ende'"):
        callbacks.LambdaCallback(on_epoch_ende=print)


def test_batch_hooks_by_their_old_names():
    seen = []

    class Old(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"]))

    fit(small_model(), Old(), epochs=1)
    assert [batch for batch, _ in seen] == [0, 1, 2, 3]
    assert all(np.isfinite(loss) for _, loss in seen)


def test_callback_list_knows_who_reads_batches():
    assert not callbacks.CallbackList([callbacks.History(), callbacks.EarlyStopping()]).reads_batches("train")
    assert callbacks.CallbackList([[callbacks.TerminateOnNaN()]]).reads_batches("train")
    assert not callbacks.CallbackList(callbacks.TerminateOnNaN()).reads_batches("test")
    per_batch = callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: None)
    assert callbacks.CallbackList(per_batch).reads_batches("test")


def test_objects_without_some_hooks_will_do():
    class Slim:
        __slots__ = ("ends", "model")

        def set_model(self, model):
            self.model, self.ends = model, []

        def on_epoch_end(self, epoch, logs=None):
            self.ends.append(epoch)

    slim = Slim()
    fit(small_model(), slim, epochs=2)
    assert slim.ends == [0, 1]


def test_functions_are_refused():
    with pytest.raises(ValueError, match=r"`callbacks` takes Callback objects.*LambdaCallback\(on_epoch_end=f\)"):
        fit(small_model(), print)


def test_stop_training():
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert fit(small_model(), Stop(), epochs=5).epoch == [0, 1]


def test_terminate_on_nan(capsys):
    history = fit(small_model(rate=1e20), callbacks.TerminateOnNaN(), epochs=5)
    assert history.epoch == [0]
    assert "Invalid loss, terminating training" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match=r"NaN or Inf loss encountered in batch 7"):
        callbacks.TerminateOnNaN(raise_error=True).on_train_batch_end(7, {"loss": float("inf")})
    callbacks.TerminateOnNaN().on_train_batch_end(0, {"loss": 1.0})


class FakeModel:
    """What callbacks ask of a model, without training one."""

    def __init__(self):
        self.stop_training = False
        self.weights = 0
        self.saved = []

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path):
        self.saved.append(path)


def run(callback, values, name="val_loss"):
    """Epochs with these values of a figure; the numbers of the epochs that ran and the model."""
    model = FakeModel()
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        model.weights = epoch + 1
        callback.on_epoch_end(epoch, {name: value, "loss": 0.25})
        epochs += 1
        if model.stop_training:
            break
    callback.on_train_end()
    return epochs, model


@pytest.mark.parametrize(
    ("keywords", "values", "epochs", "weights"),
    [
        ({}, [3, 2, 2.5, 1], 3, 3),
        ({"patience": 2}, [3, 2, 2.5, 2.2, 1], 4, 4),
        ({"patience": 2}, [3, 2, 2.5, 1.9, 2, 2], 6, 6),
        ({"patience": 1, "restore_best_weights": True}, [3, 2, 2.5, 9], 3, 2),
        ({"min_delta": 0.5}, [3, 2.6, 1], 2, 2),
        ({"monitor": "val_accuracy"}, [0.1, 0.2, 0.15], 3, 3),
        ({"monitor": "val_accuracy", "mode": "min"}, [0.1, 0.2], 2, 2),
        ({"patience": 2}, [3, 2.9, 3, 3, 3], 4, 4),
        ({"patience": 2, "baseline": 1.0}, [3, 2.9, 3, 3, 3], 3, 3),
        ({"start_from_epoch": 2}, [3, 4, 5, 6, 7], 4, 4),
        ({"restore_best_weights": True}, [3, 2, 1], 3, 3),
        ({}, [1, float("nan")], 2, 2),
    ],
)
def test_early_stopping(keywords, values, epochs, weights):
    callback = callbacks.EarlyStopping(**keywords)
    ran, model = run(callback, values, keywords.get("monitor", "val_loss"))
    assert (ran, model.weights) == (epochs, weights)


def test_early_stopping_tells(capsys):
    run(callbacks.EarlyStopping(verbose=1, restore_best_weights=True), [3, 2, 2.5])
    assert capsys.readouterr().out == (
        "Epoch 3: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_early_stopping_in_fit():
    model = small_model(rate=0.0)
    assert fit(model, callbacks.EarlyStopping("loss", min_delta=0.01, patience=2), epochs=9).epoch == [0, 1, 2]


def test_missing_monitor_warns_and_goes_on():
    with pytest.warns(UserWarning, match=r"EarlyStopping: `val_loss` is not in the logs.*Available metrics are: loss"):
        history = fit(small_model(), callbacks.EarlyStopping(), epochs=1)
    assert history.epoch == [0]
    with pytest.raises(ValueError, match=r"monitor='speed' does not say whether smaller or larger is better"):
        callbacks.EarlyStopping("speed")
    assert callbacks.EarlyStopping("speed", mode="max").monitor == "speed"


def test_model_checkpoint(capsys, tmp_path):
    path = str(tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.striate")
    _, model = run(callbacks.ModelCheckpoint(path, verbose=1), [3, 2, 4])
    assert model.saved == [path.format(epoch=e + 1, val_loss=v) for e, v in enumerate([3, 2, 4])]
    assert capsys.readouterr().out.startswith(f"\nEpoch 1: saving model to {model.saved[0]}\n")
    best = str(tmp_path / "best.striate")
    _, model = run(callbacks.ModelCheckpoint(best, save_best_only=True, verbose=1), [3, 2, 4])
    assert model.saved == [best, best]
    assert capsys.readouterr().out == (
        f"\nEpoch 1: val_loss improved from inf to 3.00000, saving model to {best}\n"
        f"\nEpoch 2: val_loss improved from 3.00000 to 2.00000, saving model to {best}\n"
        "\nEpoch 3: val_loss did not improve from 2.00000\n"
    )
    _, model = run(callbacks.ModelCheckpoint(best, save_best_only=True, initial_value_threshold=2.5), [3, 2, 4])
    assert len(model.saved) == 1


def test_model_checkpoint_every_so_many_batches(tmp_path):
    model = FakeModel()
    callback = callbacks.ModelCheckpoint(tmp_path / "{epoch}.striate", save_freq=3)
    callback.set_model(model)
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(4):
            callback.on_train_batch_end(batch, {"loss": 1.0})
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert [path.rsplit("/", 1)[1] for path in model.saved] == ["1.striate", "2.striate"]


def test_model_checkpoint_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"`save_freq` must be 'epoch' or a positive integer. Received: save_freq=0"):
        callbacks.ModelCheckpoint("x.striate", save_freq=0)
    with pytest.raises(ValueError, match=r"writing .keras files comes in a later version"):
        callbacks.ModelCheckpoint("x.keras")
    for wrong in ("x{}.striate", "x{0}.striate", "x{epoch.striate"):
        with pytest.raises(ValueError, match=r"ModelCheckpoint: filepath='x.*' is no format: .*Fields have a name"):
            callbacks.ModelCheckpoint(wrong)
    assert callbacks.ModelCheckpoint(b"{{x}}-{epoch:02d}-{any}.striate").filepath == "{{x}}-{epoch:02d}-{any}.striate"
    with pytest.raises(ValueError, match=r"`save_weights_only` comes in a later version"):
        callbacks.ModelCheckpoint("x.striate", save_weights_only=True)
    with pytest.raises(ValueError, match=r"names 'auc', which is not in the logs. There are: epoch, loss, val_loss"):
        run(callbacks.ModelCheckpoint(tmp_path / "{auc}.striate"), [1])
    with pytest.raises(ValueError, match=r"x{loss:d}.striate' is no format: Unknown format code 'd'"):
        run(callbacks.ModelCheckpoint(tmp_path / "x{loss:d}.striate"), [1])


@pytest.mark.parametrize("schedule", [lambda epoch: 0.1 / (epoch + 1), lambda epoch, rate: 0.1 / (epoch + 1)])
def test_learning_rate_scheduler(schedule, capsys):
    model = small_model()
    history = fit(model, callbacks.LearningRateScheduler(schedule, verbose=1))
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3], rel=1e-6)
    assert "\nEpoch 2: LearningRateScheduler setting learning rate to 0.05." in capsys.readouterr().out


def test_learning_rate_scheduler_gets_the_rate_so_far():
    history = fit(small_model(0.5), callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2))
    assert history.history["learning_rate"] == [0.25, 0.125, 0.0625]
    with pytest.raises(ValueError, match=r"`schedule` must return a number. Received: None for epoch 0"):
        fit(small_model(), callbacks.LearningRateScheduler(lambda epoch: None))


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    model = small_model()
    history = fit(model, callbacks.CSVLogger(path, separator=";"), epochs=2)
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch;loss"
    assert lines[1:] == [f"{epoch};{loss}" for epoch, loss in enumerate(history.history["loss"])]
    fit(model, callbacks.CSVLogger(path, separator=";", append=True), epochs=1)
    assert [line.split(";")[0] for line in path.read_text().splitlines()] == ["epoch", "0", "1", "0"]


def test_unknown_mode_warns():
    with pytest.warns(UserWarning, match="mode 'lowest' is unknown, fallback to auto"):
        callbacks.EarlyStopping(mode="lowest")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callbacks.EarlyStopping(mode="min")


def test_model_checkpoint_in_fit(tmp_path):
    model = small_model()
    fit(model, callbacks.ModelCheckpoint(tmp_path / "{epoch}-{loss:.2f}.striate"), epochs=2)
    first, second = sorted(tmp_path.iterdir())
    assert (first.name[:2], second.name[:2]) == ("1-", "2-")
    last = striate.models.load_model(second)
    np.testing.assert_array_equal(last.get_weights()[0], model.get_weights()[0])
    assert (striate.models.load_model(first).get_weights()[0] != model.get_weights()[0]).any()
