"""Which samples a step gets."""

import threading

import numpy as np
import pytest

import striate
from striate import callbacks, layers
from striate.training.feeding import ArrayFeed, StreamFeed, split_off

X = np.arange(6, dtype="float32")[:, None]


class Pairs(striate.utils.PyDataset):
    """Batches of one sample as lists, which Keras takes for tuples."""

    def __init__(self):
        super().__init__()
        self.told = []

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return [X[index : index + 1], X[index : index + 1]]

    def on_epoch_begin(self):
        self.told.append("begin")

    def on_epoch_end(self):
        self.told.append("end")


class Loader:
    """As torch's DataLoader: a length, and an iterator anew for each pass."""

    def __len__(self):
        return len(X)

    def __iter__(self):
        return (Pairs()[i] for i in range(len(X)))


def net():
    striate.utils.set_random_seed(1)
    model = striate.Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def visited(source, epochs, monkeypatch, model=None, **kwargs):
    """The samples that fit trains on, epoch by epoch; batches have one."""
    seen = []

    def spied(cls):
        original = cls.batches

        def batches(self, *args):
            seen.append([])
            for batch in original(self, *args):
                seen[-1].append(int(batch.inputs[0][0, 0]))
                yield batch

        return batches

    model = model or net()
    with monkeypatch.context() as patch:
        for cls in (ArrayFeed, StreamFeed):
            patch.setattr(cls, "batches", spied(cls))
        data = (source, source) if source is X else (source,)
        model.fit(*data, batch_size=1 if source is X else None, epochs=epochs, verbose=0, **kwargs)
    return seen


@pytest.mark.parametrize("source", [X, Pairs(), Loader()], ids=["array", "dataset", "loader"])
def test_short_epochs_go_on_where_the_last_ended(source, monkeypatch):
    seen = visited(source, 4, monkeypatch, steps_per_epoch=4, shuffle=False)
    assert seen == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5], [0, 1, 2, 3]]
    assert visited(source, 2, monkeypatch, shuffle=False) == [list(range(6))] * 2
    assert visited(source, 1, monkeypatch, steps_per_epoch=9, shuffle=False) == [list(range(6))]


@pytest.mark.parametrize("source", [X, Pairs()], ids=["array", "dataset"])
def test_shuffled_short_epochs_visit_all_before_any_comes_again(source, monkeypatch):
    a, b, c = visited(source, 3, monkeypatch, steps_per_epoch=4)
    passes = [a + b[:2], b[2:] + c]
    assert [sorted(each) for each in passes] == [list(range(6))] * 2
    assert passes == visited(source, 2, monkeypatch)  # the same orders as those of whole epochs


def test_two_fits_of_short_epochs_are_one(monkeypatch):
    model = net()
    parts = [visited(X, epochs, monkeypatch, model, steps_per_epoch=4) for epochs in (1, 2)]
    assert parts[0] + parts[1] == visited(X, 3, monkeypatch, steps_per_epoch=4)


def test_large_batches_are_gathered_by_another_thread_in_the_same_order(monkeypatch):
    feed = ArrayFeed([X], [X], [], ["float32", "float32"], batch_size=4)
    threads = []
    original = ArrayFeed._batch

    def spying(self, *args):
        threads.append(threading.current_thread())
        return original(self, *args)

    monkeypatch.setattr(ArrayFeed, "_batch", spying)

    def gathered():
        threads.clear()
        return [batch.inputs[0].tolist() for batch in feed.batches(seed=3)], set(threads)

    small, here = gathered()
    monkeypatch.setattr("striate.training.feeding.GATHERED_BESIDE", 4 * 2 * X.itemsize)
    large, elsewhere = gathered()
    assert small == large
    assert here == {threading.current_thread()}
    assert threading.current_thread() not in elsewhere


def test_sources_hear_of_epochs():
    source = Pairs()
    net().fit(source, epochs=2, verbose=0)
    assert source.told == ["begin", "end"] * 2


def test_lists_are_tuples_of_x_and_y():
    model = net()
    assert model.evaluate(Pairs(), verbose=0) == model.evaluate(Loader(), verbose=0)
    history = model.fit(X, X, validation_data=[X, X], verbose=0).history
    assert history["val_loss"] == [model.evaluate(X, X, verbose=0)]


@pytest.mark.parametrize(
    ("n", "fraction", "trained"), [(10, 0.25, 7), (5, 0.1, 4), (20, 0.33, 13), (10, 0.2, 8), (100, 0.9, 9)]
)
def test_split_is_rounded_as_in_keras(n, fraction, trained):
    (x, y, weight), (held_x, held_y, _) = split_off(fraction, np.arange(n), [np.arange(n)], None)
    np.testing.assert_array_equal(x, np.arange(trained))
    np.testing.assert_array_equal(held_x, np.arange(trained, n))
    assert weight is None
    assert (len(y[0]), len(held_y[0])) == (trained, n - trained)


def test_numpy_integers_count():
    history = net().fit(
        X, X, batch_size=np.int32(2), epochs=np.int64(4), validation_data=(X, X), validation_freq=np.int64(2), verbose=0
    )
    assert len(history.history["val_loss"]) == 2
    history = net().fit(X, X, epochs=3, validation_data=(X, X), validation_freq=(1, 3), verbose=0)
    assert len(history.history["val_loss"]) == 2


def test_a_pass_is_as_long_as_the_data_are_now(monkeypatch):
    class Growing(Pairs):
        size = 2

        def __len__(self):
            return self.size

        def on_epoch_end(self):
            self.size = 6

    first, second = visited(Growing(), 2, monkeypatch, shuffle=True)
    assert sorted(first) == [0, 1]
    assert len(set(second)) == len(second)
    assert visited(Growing(), 2, monkeypatch, shuffle=False) == [[0, 1], [0, 1]]


class Reusing:
    """Fills the same arrays for each batch, and spoils them when it is asked for the next."""

    def __init__(self, dtype):
        self.x, self.y = np.empty((2, 1), dtype), np.empty((2, 1), dtype)
        self.spoilt = threading.Semaphore(0)

    def __iter__(self):
        for i in range(3):
            self.x[:], self.y[:] = X[2 * i : 2 * i + 2], X[2 * i : 2 * i + 2]
            yield self.x, self.y
            self.x[:], self.y[:] = 1e6, 1e6
            self.spoilt.release()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sources_may_use_their_arrays_again(dtype):
    model, source = net(), Reusing(dtype)

    class Late(callbacks.Callback):
        """Each batch is used when the source has already spoilt its arrays."""

        def on_predict_batch_begin(self, batch, logs=None):
            assert source.spoilt.acquire(timeout=30)

        on_train_batch_begin = on_predict_batch_begin

    expected = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(source, callbacks=[Late()], verbose=0), expected)
    loss = net().fit(X, X, batch_size=2, shuffle=False, verbose=0).history["loss"]
    assert model.fit(source, callbacks=[Late()], verbose=0).history["loss"] == loss
