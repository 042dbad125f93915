"""Training, evaluation and prediction: the part of `Model` that meets data."""

from __future__ import annotations

import contextlib
import operator
import os
from collections.abc import Generator, Iterable
from typing import Any

import numpy as np

from striate import callbacks as callback_classes
from striate import config
from striate.training import feeding
from striate.training.feeding import Batch
from striate.training.forensics import EpochStart, refuse_non_finite
from striate.training.progress import ProgressBar
from striate.training.step_functions import StepFunctions
from striate.training.weighting import as_array

Batches = Generator[Batch, None, None]


class Trainer(StepFunctions):
    """What `Model` inherits to be trained."""

    stop_training = False
    batch_size: int | None = None  # of the last fit; files keep it

    # --- fit -------------------------------------------------------------------------------------------------------
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains the model.

        Args:
            x: an array of shape (n, ...), a list or dict of arrays for several inputs, or anything that gives batches
                (x, y) or (x, y, sample_weight): a generator, an iterable, a Sequence.
            y: labels, an array of shape (n, ...) or a list or dict, which may lack those of outputs without loss and
                metrics; not with a source of batches.
            batch_size: samples a step; None means 32. The last batch may be shorter, and is trained on too.
            epochs: the number of the last epoch.
            verbose: "auto" or 1 a bar, 2 a line an epoch, 0 nothing.
            callbacks: one callback or a list.
            validation_split: the last part of the data, in [0, 1), that is not trained on but evaluated; the rest is
                rounded down.
            validation_data: (x, y), (x, y, sample_weight), or a source of batches, evaluated after each epoch.
            shuffle: whether samples are visited in an order of their own on each pass, keyed by (seed, pass).
            class_weight: {class number: weight}, of samples, or of elements that have a class each.
            sample_weight: an array of shape (n,), or a list of numbers; where elements of a sample have losses of their
                own, as pixels in segmentation, it may have their axes too: (n, height, width). A list or dict of arrays
                for several outputs, where None, or no entry, weighs all 1.
            initial_epoch: the number of the first epoch.
            steps_per_epoch: steps that make an epoch, for sources without end. Where data give more, the next epoch
                goes on after them.
            validation_steps: batches to validate on.
            validation_batch_size: samples a step of validation; None means `batch_size`.
            validation_freq: validate after every how manieth epoch, or a list of epochs (from 1).

        Returns:
            History: `.history` is a dict of lists, one float an epoch.

        Raises:
            ValueError: the data do not fit the model or each other, a source of batches gives none, or `compile` was
                not called.
            RuntimeError: the loss or a weight became NaN or infinite; the weights are those of the epoch's start, and
                the optimizer begins anew.
            MemoryError: a step cannot do with the `max_memory` that `compile` was given.
            NotImplementedError: a metric's `update_state` cannot be part of a compiled step.

        Warns:
            UserWarning: the model has no trainable weights.
        """
        self._require_compiled()
        stream = feeding.is_stream(x)
        self._refuse_with_stream(stream, y=y, sample_weight=sample_weight, validation_split=validation_split or None)
        batch_size = _count_or(32, "batch_size", batch_size)
        epochs, initial_epoch = _count("epochs", epochs, 0), _count("initial_epoch", initial_epoch, 0)
        steps_per_epoch = _count_or(None, "steps_per_epoch", steps_per_epoch)
        validation_steps = _count_or(None, "validation_steps", validation_steps)
        validation_batch_size = _count_or(batch_size, "validation_batch_size", validation_batch_size)
        validation_freq = _frequency(validation_freq)
        sample_weight = as_array(sample_weight)
        if not stream:
            (x, y, sample_weight), held_out = feeding.split_off(validation_split, x, y, sample_weight)
            validation_data = held_out if held_out is not None else validation_data
        feed = self._feed(x, y, sample_weight, class_weight, batch_size, steps_per_epoch, stream)
        epochs = min(epochs, initial_epoch + int(os.environ.get("STRIATE_MAX_EPOCHS", epochs)))
        steps = _steps_of(feed, steps_per_epoch)
        verbose = _verbosity(verbose)
        self.batch_size = batch_size
        self.stop_training = False
        called = callback_classes.CallbackList(
            callbacks, add_history=True, model=self, verbose=verbose, epochs=epochs, steps=steps
        )
        called.on_train_begin()
        logs: dict[str, float] = {}
        for epoch in range(initial_epoch, epochs):
            called.on_epoch_begin(epoch)
            logs = self._train_epoch(feed, epoch, epochs, steps, shuffle, called, verbose, validation_data is None)
            if validation_data is not None and _due(epoch, validation_freq):
                found = self._validate(validation_data, validation_batch_size, validation_steps, called)
                logs.update({f"val_{name}": value for name, value in found.items()})
            if validation_data is not None:
                self._bar.finish(self._steps_done, logs)
            called.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        called.on_train_end(logs)
        return called.history

    def _train_epoch(
        self,
        feed: Any,
        epoch: int,
        epochs: int,
        steps: int | None,
        shuffle: bool,
        called: Any,
        verbose: int,
        finish: bool,
    ) -> dict[str, float]:
        if verbose:
            print(f"Epoch {epoch + 1}/{epochs}", flush=True)
        self._bar = bar = ProgressBar(steps, verbose)
        state = self.training_state
        seed = int(state.seed.read()[0]) if shuffle else None
        watched = config.check_finite and not self._ends_quietly(called)
        start = None
        reads = called.reads_batches("train")
        goals = self._objectives
        if goals:
            goals.reset()
        feed.begin_epoch()
        batches = feed.batches(int(state.epoch.read()[0]), steps, seed)
        with contextlib.closing(self._numbered(batches, steps, bar, "train on")) as numbered:
            for number, batch in numbered:
                if reads:
                    called.on_train_batch_begin(number)
                function = self._function("train", batch)
                if watched and start is None:  # the first batch may have built the model and the optimizer's slots
                    start = EpochStart(self)
                loss = float(function.run([*batch.inputs, *batch.targets, *batch.weights])[0])
                step = number + 1
                if start and not np.isfinite(loss):
                    refuse_non_finite(self, batch, loss, epoch, step, start)
                if reads:
                    called.on_train_batch_end(number, self._objectives.logs())
                    if self.stop_training:
                        break
        if start and start.broken():  # a gradient may break what no loss has seen yet
            refuse_non_finite(self, batch, loss, epoch, step, start)
        feed.end_epoch()
        state.epoch.assign(state.epoch.read() + 1)
        self._steps_done = step
        logs = self._objectives.logs()
        if finish:
            bar.finish(step, logs)
        return logs

    def _numbered(
        self, batches: Batches, total: int | None, bar: ProgressBar, purpose: str, logs: bool = True
    ) -> Generator[tuple[int, Batch], None, None]:
        """Batches with their numbers, no more than `total`; the bar moves when one is done.

        Raises:
            ValueError: there is none.
        """
        number = -1
        with contextlib.closing(batches):
            for number, batch in enumerate(batches):
                yield number, batch
                if bar.wants(number + 1):
                    bar.update(number + 1, self._objectives.logs() if logs else {})
                if number + 1 == total:
                    break
        if number < 0:
            feeding.refuse_no_batches(purpose, total)

    @staticmethod
    def _ends_quietly(called: Any) -> bool:
        return any(isinstance(item, callback_classes.TerminateOnNaN) for item in called.callbacks)

    def _validate(self, data: Any, batch_size: int, steps: int | None, called: Any) -> dict[str, float]:
        if isinstance(data, (tuple, list)) and len(data) in (2, 3):
            x, y, weight = (*data, None)[:3]
        elif feeding.is_stream(data):
            x, y, weight = data, None, None
        else:
            raise ValueError(f"`validation_data` must be (x, y) or (x, y, sample_weight). Received: {type(data)}.")
        return self._evaluate(x, y, weight, batch_size, steps, called, None)

    # --- evaluate and predict --------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics on data, which see the model as it predicts.

        Args:
            x, y, sample_weight: as `fit` takes them.
            batch_size: samples a step; None means 32.
            verbose: "auto" or 1 a bar, 2 a line, 0 nothing.
            steps: batches to use; None means all.
            callbacks: one callback or a list.
            return_dict: whether to return a dict by name.

        Returns:
            The loss, a float; with metrics a list: the loss, then they in `compile`'s order; or a dict.

        Raises:
            ValueError: the data do not fit the model or each other, a source of batches gives none, or `compile` was
                not called.
        """
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._require_compiled()
        verbose = _verbosity(verbose)
        called = callback_classes.CallbackList(callbacks, model=self, verbose=verbose, epochs=1, steps=steps)
        batch_size, steps = _count_or(32, "batch_size", batch_size), _count_or(None, "steps", steps)
        logs = self._evaluate(x, y, sample_weight, batch_size, steps, called, verbose)
        return logs if return_dict else _flat(logs)

    def _evaluate(
        self, x: Any, y: Any, weight: Any, batch_size: int, steps: int | None, called: Any, verbose: int | None
    ) -> dict[str, float]:
        stream = feeding.is_stream(x)
        self._refuse_with_stream(stream, y=y, sample_weight=weight)
        feed = self._feed(x, y, weight, None, batch_size, steps, stream)
        total = _steps_of(feed, steps)
        bar = ProgressBar(total, verbose or 0)
        reads = called.reads_batches("test")
        if self._objectives:
            self._objectives.reset()
        called.on_test_begin()
        with contextlib.closing(self._numbered(feed.batches(), total, bar, "evaluate")) as numbered:
            for number, batch in numbered:
                if reads:
                    called.on_test_batch_begin(number)
                self._function("test", batch).run([*batch.inputs, *batch.targets, *batch.weights])
                if reads:
                    called.on_test_batch_end(number, self._objectives.logs())
        logs = self._objectives.logs()
        bar.finish(number + 1, logs)
        called.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The model's outputs for data.

        Args:
            x: an array of shape (n, ...), a list or dict of arrays, or a source of batches.
            batch_size: samples a step; None means 32.
            verbose: "auto" or 1 a bar, 2 a line, 0 nothing.
            steps: batches to use; None means all.
            callbacks: one callback or a list.

        Returns:
            An array of shape (n, ...), or a list of them for several outputs.

        Raises:
            ValueError: the data do not fit the model, or a source of batches gives none.
        """
        stream = feeding.is_stream(x)
        batch_size, steps = _count_or(32, "batch_size", batch_size), _count_or(None, "steps", steps)
        feed = self._feed(x, None, None, None, batch_size, steps, stream)
        total = _steps_of(feed, steps)
        verbose = _verbosity(verbose)
        bar = ProgressBar(total, verbose)
        called = callback_classes.CallbackList(callbacks, model=self, verbose=verbose, epochs=1, steps=total)
        called.on_predict_begin()
        parts: list[list[np.ndarray]] = []
        with contextlib.closing(self._numbered(feed.batches(), total, bar, "predict", logs=False)) as numbered:
            for number, batch in numbered:
                called.on_predict_batch_begin(number)
                parts.append(self._function("predict", batch).run(batch.inputs))
                called.on_predict_batch_end(number, {"outputs": parts[-1]})
        bar.finish(len(parts), {})
        called.on_predict_end()
        outputs = [part[0] if len(part) == 1 else np.concatenate(part) for part in zip(*parts, strict=True)]
        return self._structured(outputs)

    # --- by batch --------------------------------------------------------------------------------------------------

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One training step on one batch.

        Args:
            x, y, sample_weight, class_weight: one batch, as `fit` takes them.
            return_dict: whether to return a dict by name.

        Returns:
            The means since `reset_metrics`, as `evaluate` returns them.

        Raises:
            ValueError: the data do not fit the model or each other, or `compile` was not called.
        """
        self._require_compiled()
        self._run_batch("train", x, y, sample_weight, class_weight)
        logs = self._objectives.logs()
        return logs if return_dict else _flat(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and the metrics of one batch, added to the means since `reset_metrics`; see `train_on_batch`."""
        self._require_compiled()
        self._run_batch("test", x, y, sample_weight, None)
        logs = self._objectives.logs()
        return logs if return_dict else _flat(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The model's outputs for one batch: an array, or a list for several outputs."""
        return self._structured(self._run_batch("predict", x, None, None, None))


def _count(name: str, value: Any, least: int = 1) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least or isinstance(value, bool):
        raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}.")
    return count


def _count_or(default: Any, name: str, value: Any) -> Any:
    return default if value is None else _count(name, value)


def _frequency(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return {_count("validation_freq", epoch) for epoch in value}
    return _count("validation_freq", value)


def _verbosity(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if verbose not in (0, 1, 2):
        raise ValueError(f"`verbose` must be 'auto', 0, 1 or 2. Received: verbose={verbose!r}.")
    return int(verbose)


def _steps_of(feed: Any, steps: int | None) -> int | None:
    """How many batches an epoch has: what the feed knows, what was asked for and what a smoke run allows at most."""
    cap = os.environ.get("STRIATE_MAX_STEPS_PER_EPOCH")
    known = [limit for limit in (feed.steps, steps, None if cap is None else int(cap)) if limit is not None]
    return min(known) if known else None


def _due(epoch: int, frequency: Any) -> bool:
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def _flat(logs: dict[str, float]) -> Any:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
