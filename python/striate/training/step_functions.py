"""Data in, functions found: what fit, evaluate and predict have in common."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from striate import _core, tree
from striate.training import feeding
from striate.training.compiled import Compiled
from striate.training.feeding import ArrayFeed, Batch, Spec, StreamFeed
from striate.training.functions import Tracer
from striate.training.overrides import refuse_own_steps
from striate.training.ready import ready_for
from striate.training.roofline import Profile
from striate.training.weighting import checked_weights, weights_from_classes

_FUNCTIONS_KEPT = 24  # a model traced for training, testing, predicting; per type of labels, weighted or not


class StepFunctions(Compiled):
    """The part of `Model` that makes batches of data and has a compiled function for each kind of them."""

    _workspace: Any = None

    def _require_compiled(self) -> None:
        if not self.compiled:
            raise ValueError("You must call `compile()` before using the model.")
        if self._knows_outputs:
            self._make_objectives()

    @staticmethod
    def _refuse_with_stream(stream: bool, **given: Any) -> None:
        if stream and (wrong := [name for name, value in given.items() if value is not None]):
            raise ValueError(
                f"{', '.join(f'`{name}`' for name in wrong)} must not be given when `x` is a source of batches, which "
                "gives (x, y) or (x, y, sample_weight) itself."
            )

    def _feed(
        self, x: Any, y: Any, weight: Any, class_weight: Any, batch_size: int, steps: int | None, stream: bool
    ) -> Any:
        if stream:
            return StreamFeed(x, lambda item: self._stream_batch(item, class_weight), steps)
        inputs, targets, weights = self._checked(x, y, weight, class_weight)
        dtypes = [spec.dtype for spec in self.input_specs(inputs)]
        dtypes += [feeding.engine_dtype(target.dtype) for target in targets] + ["float32"] * len(weights)
        return ArrayFeed(inputs, targets, weights, dtypes, batch_size)

    def _stream_batch(self, item: Any, class_weight: Any) -> Batch:
        parts = item if isinstance(item, tuple) else (item,)
        if len(parts) > 3:
            raise ValueError(
                f"A source of batches gives x, (x, y) or (x, y, sample_weight). Received {len(parts)} parts."
            )
        x, y, weight = (*parts, None, None)[:3]
        # While this batch computes the source makes the next, perhaps in the same arrays.
        return self._batch(x, y, weight, class_weight, copied=True)

    def _batch(self, x: Any, y: Any, weight: Any, class_weight: Any, copied: bool = False) -> Batch:
        """What the engine is given; `copied`: in memory that none of the given arrays has."""
        inputs, targets, weights = self._checked(x, y, weight, class_weight)
        make = feeding.copied if copied else np.ascontiguousarray
        return Batch(
            [make(a, spec.dtype) for a, spec in zip(inputs, self.input_specs(inputs), strict=True)],
            [make(a, feeding.engine_dtype(a.dtype)) for a in targets],
            [make(a, "float32") for a in weights],
        )

    def _checked(
        self, x: Any, y: Any, weight: Any, class_weight: Any
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """Arrays that fit the model and each other."""
        specs = self.input_specs(x)
        inputs = feeding.fitted_inputs(x, specs, self.name)
        if y is None:
            feeding.check_cardinality(x=inputs)
            if weight is not None or class_weight is not None:
                raise ValueError("`sample_weight` and `class_weight` weigh losses by labels, but `y` is None. Give y.")
            return inputs, [], []
        goals = self._make_objectives()
        targets = goals.labels_in(y)
        places = goals.places(len(targets))
        names = [goals.output_names[i] for i in places]
        for number, target in enumerate(targets):
            feeding.check_numbers(target, "y", names[number] if len(names) > 1 else "")
        feeding.check_cardinality(x=inputs, y=targets)
        goals.check_labels(targets, self.output_shapes)
        if weight is not None and class_weight is not None:
            raise ValueError("You cannot give `class_weight` and `sample_weight` at the same time.")
        weights: list[np.ndarray] = []
        if class_weight is not None:
            weights = weights_from_classes(class_weight, targets, [self.output_shapes[i] for i in places])
        elif weight is not None:
            weights = checked_weights(weight, targets, goals.output_names, places)
        return inputs, targets, weights

    def _function(self, kind: str, batch: Batch, guessed: bool = False) -> Any:
        """The traced function for batches like this one, whose labels may be guessed."""
        shapes = tuple(a.shape[1:] for a in batch.inputs) if self.graph is None else ()
        labels = [(t.dtype.char, t.shape[1:]) for t in batch.targets]
        weighted = [w.shape[1:] for w in batch.weights]
        key = (kind, tuple(weighted), shapes, *labels)
        found = self._functions.get(key)
        if found is not None:
            return found
        specs = self.input_specs(batch.inputs)
        if kind == "predict":
            refuse_own_steps(self, "predict")
        elif not batch.targets and (goals := self._make_objectives()).labelled and not goals.own_loss:
            raise ValueError("The loss needs labels, but `y` is None. Give y, or batches (x, y).")
        if kind == "train" and not guessed and not self.trainable_weights:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        if self._workspace is None:
            self._workspace = _core.Workspace()
        tracer = Tracer(self, self._objectives, self.training_state, self._workspace)
        if kind == "predict":
            function = tracer.predict(specs)
        else:
            trace = tracer.train if kind == "train" else tracer.test
            function = trace(specs, _label_specs(labels), _weight_specs(weighted))
            if not guessed:
                self.labels_seen = [(np.dtype(dtype).name, shape) for dtype, shape in labels]
        if guessed and kind != "predict":
            return function  # what metrics are for other labels, the first batch tells
        if len(self._functions) >= _FUNCTIONS_KEPT:
            self.forget_functions()
        self._functions[key] = function
        return function

    def label_specs(self) -> list[Spec]:
        """The labels as they were when a training or test step was last traced, else what each loss takes by its
        nature."""
        seen = self.labels_seen
        return _label_specs(self._make_objectives().likely_labels(self.output_shapes) if seen is None else seen)

    @contextlib.contextmanager
    def guessing_labels(self) -> Iterator[None]:
        """What metrics become within it, for labels that are only guessed, is forgotten at its end."""
        objectives = self._make_objectives() if self.compiled and self._knows_outputs else None
        guessed = objectives is not None and self.labels_seen is None and objectives.metrics is None
        try:
            yield
        finally:
            if objectives is not None and guessed:
                objectives.forget_metrics()

    def _run_batch(self, kind: str, x: Any, y: Any, weight: Any, class_weight: Any) -> Any:
        """The outputs of the function for one batch that a user gave."""
        ready = self._ready.get(kind)
        if ready is not None and weight is None and class_weight is None and ready.takes(x, y):
            return ready.function.run([x] if y is None else [x, y])
        batch = self._batch(x, y, weight, class_weight)
        function = self._function(kind, batch)
        outputs = function.run([*batch.inputs, *batch.targets, *batch.weights])
        goals = self._objectives
        place = goals.labelled[0] if goals and goals.labelled else 0
        loss = goals.losses[place] if goals else None
        if found := ready_for(function, batch, x, y, loss, self.output_shapes[place]):
            self._ready[kind] = found
        return outputs

    def _structured(self, outputs: list[np.ndarray]) -> Any:
        arrays = iter(outputs)
        return tree.map_leaves(lambda _: next(arrays), self.structures[1])

    # --- looking inside --------------------------------------------------------------------------------------------

    def memory(self, batch_size: int = 32, training: bool = False) -> Any:
        """What a prediction, or a training step, on a batch of this size takes: bytes by purpose, and their `total`.

        It is exact, and known before the first run. The workspace that `fit`, `evaluate` and `predict` share is as
        large as the largest of them. Not counted is the copy of the weights that `fit` keeps of each epoch's start, to
        go back to where numbers break: as many bytes as the weights have (none with
        `striate.config.check_finite = False`).

        Raises:
            ValueError: the model is not built or not compiled, or an input has unknown sizes beside the batch's.
            MemoryError: a training step cannot do with the `max_memory` that `compile` was given.
        """
        with self.guessing_labels():
            kind, guessed = "train" if training else "predict", self.labels_seen is None
            function = self._function(kind, self._empty_batch(training), guessed)
        return function.memory([(batch_size, *value.shape[1:]) for value in function.inputs])

    def profile(self, on: bool = True) -> Profile:
        """Turns timing of the functions traced so far on or off. Returns what has been measured: for each step of each
        function its layer (`scope`), `op`, `kernel`, `seconds` over all `runs`, and `flops` and `bytes` of one.
        Printed, it is a table of layers: their share of the time, and how near they come to the machine's roofline.

            model.profile(True)
            model.train_on_batch(x, y)
            print(model.profile(False))
        """
        measured = Profile(step for function in self._functions.values() for step in function.profile())
        for function in self._functions.values():
            function.set_profiling(on)  # forgets
        return measured

    def _empty_batch(self, labelled: bool) -> Batch:
        """A batch without samples, which has all that tracing looks at."""
        if not self._knows_outputs:
            raise ValueError(
                f"Model '{self.name}' is not built yet: its inputs' shapes are unknown. Call it on data first."
            )
        specs = self.input_specs(())
        shapes = [spec.shape for spec in specs]
        if any(size is None for shape in shapes for size in shape[1:]):
            raise ValueError(f"Model '{self.name}' has inputs of unknown size, {shapes}: what they take is not known.")
        if labelled:
            self._require_compiled()
        inputs, targets = (
            [np.empty((0, *(size or 0 for size in spec.shape[1:])), spec.dtype) for spec in part]
            for part in (specs, self.label_specs() if labelled else [])
        )
        return Batch(inputs, targets, [])


def _label_specs(labels: Sequence[tuple[str, tuple[int | None, ...]]]) -> list[Spec]:
    """Specs of labels, from types and shapes without the batch's axis."""
    return [
        Spec(f"y_{i}" if len(labels) > 1 else "y", np.dtype(dtype).name, (None, *shape))
        for i, (dtype, shape) in enumerate(labels)
    ]


def _weight_specs(shapes: Sequence[tuple[int, ...]]) -> list[Spec]:
    """Specs of samples' weights, from shapes without the batch's axis."""
    return [Spec(f"sample_weight_{i}", "float32", (None, *shape)) for i, shape in enumerate(shapes)]
