"""One model, several Python threads; one traced graph, several batch sizes."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import striate
from striate import _core, layers, ops
from striate.tracing import Trace

BATCHES = (1, 7, 32)


def net():
    striate.utils.set_random_seed(4)
    return striate.Sequential(
        [
            layers.Input((15, 13, 3)),
            layers.Conv2D(17, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.BatchNormalization(),
            layers.Conv2D(24, 3, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def images(count, seed=0):
    return np.random.default_rng(seed).random((count, 15, 13, 3), dtype=np.float32)


def in_threads(*functions):
    """Runs functions at once, each in a thread of its own; raises what one of them raised."""
    errors, start = [], threading.Barrier(len(functions))

    def work(function):
        try:
            start.wait()
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_predictions_at_once():
    model = net()
    batches = [images(count, seed=count) for count in (40, 33, 5)]
    expected = [model.predict(x, verbose=0) for x in batches]

    def work(turn):
        def predict():
            for i in range(20):
                k = (i + turn) % 3
                np.testing.assert_array_equal(model.predict(batches[k], verbose=0), expected[k])

        return predict

    in_threads(work(0), work(1))


def test_eager_calls_beside_training():
    """Both hold the model's variables, in one order: else they would wait for each other for good."""
    model = net()
    model.compile("sgd", "mse")
    x, y = images(7), np.zeros((7, 4), "float32")

    def call():
        for _ in range(30):
            assert np.isfinite(np.asarray(model(x))).all()

    def train():
        for _ in range(30):
            model.train_on_batch(x, y)

    in_threads(call, train)


def test_first_predictions_at_once():
    """Nothing is traced or compiled yet when two threads come."""
    for seed in range(3):
        model, x = net(), images(9, seed)
        results = [None, None]

        def predict(place, model=model, x=x, results=results):
            results[place] = model.predict_on_batch(x)

        in_threads(lambda: predict(0), lambda: predict(1))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], net().predict_on_batch(x))


def test_predictions_while_training():
    """A prediction sees the weights between two steps, never halfway through one."""

    def compiled():
        model = net()
        model.compile(striate.optimizers.SGD(0.5), loss="sparse_categorical_crossentropy")
        return model

    x, y, steps = images(16), np.arange(16) % 4, 25
    model, rehearsal = compiled(), compiled()
    seen, allowed = [model.predict_on_batch(x).tobytes()], [rehearsal.predict_on_batch(x).tobytes()]
    for _ in range(steps):
        rehearsal.train_on_batch(x, y)
        allowed.append(rehearsal.predict_on_batch(x).tobytes())
    done = threading.Event()

    def train():
        for _ in range(steps):
            model.train_on_batch(x, y)
        done.set()

    def predict():
        while not done.is_set():
            seen.append(model.predict_on_batch(x).tobytes())

    in_threads(train, predict)
    assert set(seen) <= set(allowed)
    assert model.predict_on_batch(x).tobytes() == allowed[-1]


def test_one_traced_graph_for_any_batch():
    """Outputs, and gradients with respect to images and weights, of a graph traced once with the batch unknown."""
    model = net()
    weights = [weight for layer in model.layers for weight in layer.trainable_weights]
    x = _core.input("x", "float32", (None, 15, 13, 3))
    with Trace(training=False):
        y = model(x)
        gradients = _core.gradients(ops.sum(ops.square(y)), [x, *(weight.value() for weight in weights)])
    function = _core.Function("step", [x], [y, *gradients])
    batch = images(max(BATCHES))
    # The loss is a sum over images, so images and their gradients stand alone, and gradients of weights add up.
    singles = [function.run([batch[i : i + 1]]) for i in range(len(batch))]
    for count in BATCHES:
        got = function.run([batch[:count]])
        for place in (0, 1):
            alone = np.concatenate([single[place] for single in singles[:count]])
            np.testing.assert_allclose(got[place], alone, rtol=1e-4, atol=1e-6)
        for place in range(2, len(got)):
            total = sum(np.float64(single[place]) for single in singles[:count])
            scale = np.abs([single[place] for single in singles[:count]]).sum(axis=0).max()
            np.testing.assert_allclose(got[place], total, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("count", BATCHES)
def test_one_model_for_any_batch(count):
    model = net()
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.train_on_batch(images(3), np.arange(3))  # compiled for another size first
    fresh = net()
    fresh.compile("adam", loss="sparse_categorical_crossentropy")
    fresh.train_on_batch(images(3), np.arange(3))
    x, y = images(count), np.arange(count) % 4
    expected = fresh.train_on_batch(x, y)
    for other in BATCHES:
        model.predict_on_batch(images(other))
    assert model.train_on_batch(x, y) == expected
    np.testing.assert_array_equal(model.predict_on_batch(x), fresh.predict_on_batch(x))


FIRST_TENSORS = """
import threading
from striate import _core

barrier = threading.Barrier(4)

def draw():
    barrier.wait()
    _core.random_uniform((3,), 1, 1)

threads = [threading.Thread(target=draw) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_first_tensors_of_several_threads():
    """What is looked up once may let go of the interpreter meanwhile: threads once waited for each other for good."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST_TENSORS], check=True, timeout=120)
