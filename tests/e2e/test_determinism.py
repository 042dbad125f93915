"""Training gives the same bits for any number of threads, for the same seed, in one go or in two."""

import hashlib

import numpy as np
import pytest

import striate
from striate import config, layers

SAMPLES, BATCH = 44, 16  # a short last batch
CROSS_ENTROPY = striate.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(autouse=True)
def restored_threads():
    threads = config.num_threads()
    yield
    config.set_num_threads(threads)


def data():
    rng = np.random.default_rng(2)
    return rng.random((SAMPLES, 23, 21, 3), dtype=np.float32), rng.integers(0, 5, SAMPLES)


def net(seed=1, optimizer="adam"):
    """Every kind of layer that sums over many values or draws; wide enough that threads share the work."""
    striate.utils.set_random_seed(seed)
    model = striate.Sequential(
        [
            layers.Input((23, 21, 3)),
            layers.Conv2D(33, 5, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.Conv2D(48, 3, strides=2, activation="relu"),
            layers.Dropout(0.3),
            layers.AveragePooling2D(2, padding="same"),
            layers.Conv2D(64, 1, activation="tanh"),
            layers.Flatten(),
            layers.Dense(130, activation="sigmoid"),
            layers.Dropout(0.1),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, epochs):
    x, y = data()
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history["loss"]


def digest(model):
    """Of weights, moving statistics and optimizer slots."""
    tensors = [*model.get_weights(), *(variable.read() for variable in model.optimizer.variables)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(tensor).tobytes() for tensor in tensors)).hexdigest()


def run(epochs=3, threads=None, **options):
    if threads is not None:
        config.set_num_threads(threads)
        assert config.num_threads() == threads
    model = net(**options)
    losses = fit(model, epochs)
    assert np.isfinite(losses).all()
    return losses, digest(model), model.predict(data()[0], verbose=0).tobytes()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_any_number_of_threads(optimizer):
    runs = [run(threads=threads, optimizer=optimizer) for threads in (1, 2, 3, 4)]
    assert runs[0][0][-1] < runs[0][0][0]
    assert all(other == runs[0] for other in runs[1:])


@pytest.mark.slow
def test_any_number_of_threads_with_wide_layers():
    """Layers wide enough that their channels are shared out, and normalizations large enough to be made within 1x1
    convolutions: a ResNet-50's first and last blocks."""
    rng = np.random.default_rng(3)
    x, y = rng.random((8, 224, 224, 3), dtype=np.float32), rng.integers(0, 10, 8)
    digests = set()
    for threads in (1, 2, 3):
        config.set_num_threads(threads)
        striate.utils.set_random_seed(1)
        model = striate.applications.ResNet50(weights=None, classes=10, classifier_activation=None)
        model.compile(striate.optimizers.SGD(0.01, momentum=0.9), loss=CROSS_ENTROPY)
        model.train_on_batch(x, y)
        digests.add(digest(model))
    assert len(digests) == 1


def test_seed():
    assert run() == run()
    losses, weights, _ = run(seed=2)
    assert losses != run()[0]
    assert weights != run()[1]


def test_training_in_two_goes():
    straight, halves = net(), net()
    losses = fit(straight, 5)
    assert fit(halves, 3) + fit(halves, 2) == losses
    assert digest(halves) == digest(straight)


def test_prediction_does_not_depend_on_its_company():
    x, _ = data()
    model = net()
    fit(model, 1)
    together = model.predict(x[:8], verbose=0)
    np.testing.assert_array_equal(model.predict(x[:8], verbose=0), together)
    alone = np.concatenate([model.predict(x[i : i + 1], verbose=0) for i in range(8)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-5)  # another kernel may be chosen for one image
