"""Data in, functions found: what fit, evaluate and predict have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import _core, tree
from striate.losses import SparseCategoricalCrossentropy
from striate.training import feeding
from striate.training.compiled import Compiled
from striate.training.feeding import ArrayFeed, Batch, Spec, StreamFeed
from striate.training.functions import Tracer
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
        if self.built:
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
        return self._batch(x, y, weight, class_weight)

    def _batch(self, x: Any, y: Any, weight: Any, class_weight: Any) -> Batch:
        inputs, targets, weights = self._checked(x, y, weight, class_weight)
        return Batch(
            [np.ascontiguousarray(a, spec.dtype) for a, spec in zip(inputs, self.input_specs(inputs), strict=True)],
            [np.ascontiguousarray(a, feeding.engine_dtype(a.dtype)) for a in targets],
            [np.ascontiguousarray(a, "float32") for a in weights],
        )

    def _checked(
        self, x: Any, y: Any, weight: Any, class_weight: Any
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """Arrays that fit the model and each other."""
        specs = self.input_specs(x)
        inputs = feeding.fitted_inputs(x, specs, self.name)
        if y is None:
            feeding.check_cardinality(x=inputs)
            return inputs, [], []
        goals = self._make_objectives()
        targets = feeding.listed(y, goals.output_names, "y")
        for target, name in zip(targets, goals.output_names, strict=True):
            feeding.check_numbers(target, "y", name if len(targets) > 1 else "")
        feeding.check_cardinality(x=inputs, y=targets)
        goals.check_labels(targets, self.output_shapes)
        if weight is not None and class_weight is not None:
            raise ValueError("You cannot give `class_weight` and `sample_weight` at the same time.")
        weights: list[np.ndarray] = []
        if class_weight is not None:
            weights = weights_from_classes(class_weight, targets)
        elif weight is not None:
            weights = checked_weights(weight, targets, goals.output_names)
        return inputs, targets, weights

    def _function(self, kind: str, batch: Batch) -> Any:
        """The traced function for batches like this one."""
        key = (kind, bool(batch.weights), *((t.dtype.char, t.shape[1:]) for t in batch.targets))
        found = self._functions.get(key)
        if found is not None:
            return found
        specs = self.input_specs(batch.inputs)
        if kind != "predict" and not batch.targets and any(loss is not None for loss in self._make_objectives().losses):
            raise ValueError("The loss needs labels, but `y` is None. Give y, or batches (x, y).")
        if self._workspace is None:
            self._workspace = _core.Workspace()
        tracer = Tracer(self, self._objectives, self.training_state, self._workspace)
        if kind == "predict":
            function = tracer.predict(specs)
        else:
            targets = [
                Spec(f"y_{i}" if len(batch.targets) > 1 else "y", t.dtype.name, (None, *t.shape[1:]))
                for i, t in enumerate(batch.targets)
            ]
            trace = tracer.train if kind == "train" else tracer.test
            function = trace(specs, targets, bool(batch.weights))
        if len(self._functions) >= _FUNCTIONS_KEPT:
            self.forget_functions()
        self._functions[key] = function
        return function

    def _run_batch(self, kind: str, x: Any, y: Any, weight: Any, class_weight: Any) -> Any:
        """The outputs of the function for one batch that a user gave."""
        ready = self._ready.get(kind)
        if ready is not None and weight is None and class_weight is None and ready.takes(x, y):
            return ready.function.run([x] if y is None else [x, y])
        batch = self._batch(x, y, weight, class_weight)
        function = self._function(kind, batch)
        outputs = function.run([*batch.inputs, *batch.targets, *batch.weights])
        losses = self._objectives.losses if self._objectives else []
        if found := ready_for(function, batch, x, y, losses, self.output_shapes):
            self._ready[kind] = found
        return outputs

    def _structured(self, outputs: list[np.ndarray]) -> Any:
        structure = self.graph.outputs if self.graph is not None else self._output_structure
        arrays = iter(outputs)
        return tree.map_leaves(lambda _: next(arrays), structure)

    # --- looking inside --------------------------------------------------------------------------------------------

    def memory(self, batch_size: int = 32, training: bool = False) -> Any:
        """What a prediction, or a training step, on a batch of this size takes: bytes by purpose, and their `total`.

        It is exact, and known before the first run. The workspace that `fit`, `evaluate` and `predict` share is as
        large as the largest of them.

        Raises:
            ValueError: the model is not built or not compiled, or an input has unknown sizes beside the batch's.
            MemoryError: a training step cannot do with the `max_memory` that `compile` was given.
        """
        function = self._function("train" if training else "predict", self._empty_batch(training))
        shapes = [(batch_size, *value.shape[1:]) for value in function.inputs]
        if any(size is None for shape in shapes for size in shape):
            raise ValueError(f"Model '{self.name}' has inputs of unknown size, {shapes}: what they take is not known.")
        return function.memory(shapes)

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
        if self.graph is None and not self.built:
            raise ValueError(
                f"Model '{self.name}' is not built yet: its inputs' shapes are unknown. Call it on data first."
            )
        specs = self.input_specs([])
        inputs = [np.empty((0, *(size or 0 for size in spec.shape[1:])), spec.dtype) for spec in specs]
        if not labelled:
            return Batch(inputs, [], [])
        self._require_compiled()
        targets = [
            np.empty((0, *(shape[1:-1] if isinstance(loss, SparseCategoricalCrossentropy) else shape[1:])), dtype)
            for loss, shape in zip(self._make_objectives().losses, self.output_shapes, strict=True)
            for dtype in ["int64" if isinstance(loss, SparseCategoricalCrossentropy) else "float32"]
        ]
        return Batch(inputs, targets, [])
