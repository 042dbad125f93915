"""A model and its objectives, traced into the functions that the engine runs: one each for a training step, a test step
and a prediction, over shared Variables and one workspace."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from striate import _core, ops, random, tracing, tree
from striate.losses.shapes import as_type_of
from striate.training.feeding import Spec
from striate.training.objectives import Objectives


class TrainingState:
    """What makes a run repeatable beside the weights: Variables of shape (1,), int64, which files keep.

    Attributes:
        seed: keys the order of samples and all random layers.
        step: training steps done; random layers draw anew at each.
        epoch: epochs done, over all calls of fit, so that fit(3) and fit(2) are fit(5).
        draws: batches that predictions and tests with random layers have taken. It is not among `variables`: only
            functions that draw know it, and training does not depend on it.
    """

    def __init__(self, seed: int | None = None) -> None:
        def counter(name: str, value: int) -> Any:
            return _core.Variable(f"training/{name}", np.array([value], np.int64))

        self.seed = counter("seed", random.next_seed() if seed is None else seed)
        self.step = counter("step", 0)
        self.epoch = counter("epoch", 0)
        self.draws = counter("draws", -1)  # downwards, so that no draw is one of training's

    @property
    def variables(self) -> list[Any]:
        return [self.seed, self.step, self.epoch]

    def rng(self) -> Any:
        """The value of shape (2,), seed and step, that random layers are keyed by."""
        return ops.concatenate([self.seed.value(), self.step.value()], axis=0)

    def test_rng(self) -> Any:
        """Likewise for layers that draw outside training (`Dropout(...)(x, training=True)`): seed and draws."""
        return ops.concatenate([self.seed.value(), self.draws.value()], axis=0)


class Drawing(tracing.Trace):
    """A trace outside training that knows whether anything in it is random."""

    def __init__(self, state: TrainingState) -> None:
        super().__init__(training=False, rng=state.test_rng())
        self._state = state
        self._drew = False

    def random_key(self, seed: int | None = None) -> tuple[Any, int]:
        self._drew = True
        return super().random_key(seed)

    def all_updates(self) -> list[tuple[Any, Any]]:
        """What layers assign, and what makes each run draw anew; nothing where nothing is, so that runs only read."""
        drawn = [(self._state.draws, ops.increment(self._state.draws.value(), -1))] if self._drew else []
        return [*self.updates.items(), *drawn]


def input_values(specs: list[Spec]) -> list[Any]:
    """Leaves of a graph, one for each spec."""
    return [_core.input(spec.name, spec.dtype, list(spec.shape)) for spec in specs]


class Tracer:
    """Traces one model.

    Args:
        model: has `trace(values, training=)`, `trainable_weights` and `name`.
        objectives: what compile() was given.
        state: the model's training state.
        workspace: shared by all functions of the model.
    """

    def __init__(self, model: Any, objectives: Objectives | None, state: TrainingState, workspace: Any) -> None:
        self.model = model
        self.objectives = objectives
        self.state = state
        self.workspace = workspace

    def predict(self, inputs: list[Spec]) -> Any:
        """inputs -> the model's outputs."""
        x = input_values(inputs)
        with Drawing(self.state) as trace:
            outputs = self.model.trace(x, training=False)
        return _core.Function("predict", x, outputs, trace.all_updates(), self.workspace)

    def test(self, inputs: list[Spec], targets: list[Spec], sample_weights: list[Spec]) -> Any:
        """inputs, targets (, weights) -> loss; adds to the metrics."""
        x, y, w = input_values(inputs), input_values(targets), input_values(sample_weights)
        with Drawing(self.state) as trace:
            outputs = self.model.trace(x, training=False)
            loss, updates = self._score(trace, x, y, outputs, w)
        return _core.Function("evaluate", [*x, *y, *w], [loss], [*updates, *trace.all_updates()], self.workspace)

    def train(self, inputs: list[Spec], targets: list[Spec], sample_weights: list[Spec]) -> Any:
        """inputs, targets (, weights) -> loss; forward, backward and the optimizer's update are one program."""
        x, y, w = input_values(inputs), input_values(targets), input_values(sample_weights)
        weights = self.model.trainable_weights
        with tracing.Trace(training=True, rng=self.state.rng()) as trace:
            outputs = self.model.trace(x, training=True)
            loss, updates = self._score(trace, x, y, outputs, w)
        assigned = trace.updates  # by layers
        updates += [(v, value) for v, value in assigned.items() if not any(v is weight for weight in weights)]
        if weights:
            gradients = _gradients(loss, weights, assigned)
            with trace:  # where a weight reads as what a layer has assigned to it
                updates += self.objectives.optimizer.apply(list(zip(weights, gradients, strict=True)))
        updates.append((self.state.step, ops.increment(self.state.step.value())))
        function = _core.Function("train_step", [*x, *y, *w], [loss], updates, self.workspace)
        function.max_memory = self.objectives.max_memory or 0
        return function

    def activations(self, inputs: list[Spec], training: bool) -> tuple[Any, list[str]]:
        """inputs -> every layer's output in the order of calls, and the layers' paths: to find where numbers break."""
        x = input_values(inputs)
        with tracing.Trace(training=training, rng=self.state.rng()) as trace:
            trace.activations = []
            self.model.trace(x, training=training)
        names = [path for path, _ in trace.activations]
        return _core.Function("activations", x, [v for _, v in trace.activations], [], self.workspace), names

    def _score(self, trace: Any, x: list[Any], y: list[Any], outputs: list[Any], w: list[Any]) -> tuple[Any, list[Any]]:
        """The loss, and the updates of the metrics. Sums are weighted by batch size: a short last batch does not bias
        them."""
        goals = self.objectives
        groups = goals.resolve_metrics([tuple(v.shape) for v in y], [tuple(v.shape) for v in outputs])
        parts: list[tuple[int, Any]] = []
        if goals.own_loss:
            total = self._own_loss(trace, x, y, outputs, w)
        else:
            parts = goals.parts(y, outputs, w)
            total = goals.total(parts, trace.losses)
        updates = []
        if any(groups):
            for i, target in zip(goals.places(len(y)), y, strict=True):
                for metric in groups[i]:
                    updates += _metric_updates(metric, target, outputs[i])
        count = ops.size_of(x[0], 0)
        updates += _mean_update(goals.loss_mean, total, count)
        for i, part in parts:
            if i in goals.output_means:
                updates += _mean_update(goals.output_means[i], part, count)
        return total, updates

    def _own_loss(self, trace: Any, x: list[Any], y: list[Any], outputs: list[Any], w: list[Any]) -> Any:
        """What the model's own `compute_loss` gives.

        Raises:
            ValueError: it is no scalar value.
        """
        inputs, predictions = (
            _arranged(values, structure) for values, structure in zip((x, outputs), self.model.structures, strict=True)
        )
        keys = list(predictions) if isinstance(predictions, dict) and len(predictions) == len(y) else None
        given = {
            "x": inputs,
            "y": dict(zip(keys, y, strict=True)) if keys else _one_or_all(y),
            "y_pred": predictions,
            "sample_weight": _one_or_all(w),
        }
        parameters = inspect.signature(self.model.compute_loss).parameters.values()
        if any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters):
            given["training"] = trace.training
        total = self.model.compute_loss(**given)
        if not isinstance(total, _core.Value) or tuple(total.shape) != ():
            raise ValueError(
                f"`compute_loss` of model '{self.model.name}' must return a scalar that is computed from its arguments "
                f"by striate.ops. Received: {total!r}. Reduce losses of samples by striate.ops.mean."
            )
        return total


def _gradients(loss: Any, weights: list[Any], assigned: dict[Any, Any]) -> list[Any]:
    """By all readings of each weight: what a run finds in it, and what a layer has assigned to it, which for the
    gradient does not depend on weights."""
    gradients = _core.gradients(loss, [tracing.leaf(weight) for weight in weights])
    for i, weight in enumerate(weights):
        if weight in assigned:
            gradients[i] = ops.add(gradients[i], _core.gradients(loss, [assigned[weight]])[0])
    return gradients


def _arranged(values: list[Any], structure: Any) -> Any:
    remaining = iter(values)
    return tree.map_leaves(lambda _: next(remaining), structure)


def _one_or_all(values: list[Any]) -> Any:
    return values if len(values) > 1 else values[0] if values else None


def _metric_updates(metric: Any, target: Any, output: Any) -> list[tuple[Any, Any]]:
    """What a batch adds to a metric; as Keras: sample weights are the loss's alone. Labels come as they are, or, where
    the metric computes with them what it cannot with integers, in the predictions' type."""
    try:
        return list(metric.step_updates(target, output))
    except TypeError as error:
        try:
            return list(metric.step_updates(as_type_of(target, output), output))
        except TypeError:
            raise error from None  # it tells of the labels that were given


def _mean_update(mean: Any, value: Any, count: Any) -> list[tuple[Any, Any]]:
    """A batch's mean counts as many times as the batch has samples."""
    value = ops.cast(value, "float32")
    return [
        (mean.total, ops.add(mean.total.value(), ops.multiply(value, count))),
        (mean.count, ops.add(mean.count.value(), count)),
    ]
