"""Training interrupted by a file reaches the same bits as training in one go."""

import numpy as np
import pytest

import striate
from striate import layers

SAMPLES, BATCH = 43, 16  # two whole batches and one of 11


def data(one_hot):
    rng = np.random.default_rng(3)
    classes = np.arange(SAMPLES) % 3
    x = rng.random((SAMPLES, 9, 8, 2), dtype=np.float32) + 0.3 * classes[:, None, None, None].astype("float32")
    return x, np.eye(3, dtype="float32")[classes] if one_hot else classes


def net(optimizer, one_hot):
    striate.utils.set_random_seed(11)
    model = striate.Sequential(
        [
            layers.Input((9, 8, 2)),
            layers.Conv2D(5, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(7, activation="tanh"),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax"),
        ]
    )
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer(), loss=loss, metrics=["accuracy"])
    assert model.training_state.step.read() == [0]  # made now, while the seed is the one above
    return model


def fit(model, x, y, epochs):
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history["loss"]


def state(model):
    return [*model.get_weights(), *(v.read() for v in [*model.optimizer.variables, *model.training_state.variables])]


OPTIMIZERS = {
    "sgd": lambda: striate.optimizers.SGD(0.05),
    "nesterov": lambda: striate.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: striate.optimizers.Adam(0.01),
}


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_three_epochs_and_two_are_five(tmp_path, optimizer, one_hot):
    x, y = data(one_hot)
    straight, first = net(OPTIMIZERS[optimizer], one_hot), net(OPTIMIZERS[optimizer], one_hot)
    losses = fit(straight, x, y, 5)
    assert losses[4] < losses[0]
    half = fit(first, x, y, 3)
    first.save(tmp_path / "half.striate")
    second = striate.models.load_model(tmp_path / "half.striate")
    assert half + fit(second, x, y, 2) == losses
    for left, right in zip(state(straight), state(second), strict=True):
        assert left.dtype == right.dtype
        assert left.tobytes() == right.tobytes()


def test_cpp_trains_a_file_that_was_never_fitted(tmp_path):
    """The labels' type and shape then come from the loss; the stored step is the one that fit() would trace."""
    x, y = data(False)
    model = net(OPTIMIZERS["adam"], False)
    model.save(tmp_path / "net.striate")
    stored = striate._core.StoredModel.load(str(tmp_path / "net.striate"))
    assert stored.function_names == ["predict", "evaluate", "train_step"]
    losses = [float(stored.function("train_step").run([x, y])[0]) for _ in range(3)]
    again = [model.train_on_batch(x, y, return_dict=True) for _ in range(3)]
    assert len(again) == 3
    assert losses[2] < losses[0]
    for variable in stored.variables:
        if variable.name in {w.name for w in model.weights}:
            mine = next(w for w in model.weights if w.name == variable.name)
            assert mine.read().tobytes() == variable.read().tobytes(), variable.name


@pytest.mark.parametrize("one_hot", [False, True])
def test_cpp_evaluates_alike(tmp_path, one_hot):
    x, y = data(one_hot)
    model = net(OPTIMIZERS["adam"], one_hot)
    fit(model, x, y, 1)
    model.save(tmp_path / "net.striate")
    stored = striate._core.StoredModel.load(str(tmp_path / "net.striate"))
    scores = dict(stored.evaluate([x], [np.asarray(y)], BATCH))
    assert scores == model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    assert list(scores) == ["loss", "accuracy"]
