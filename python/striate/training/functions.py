"""A model and its objectives, traced into the functions that the engine runs: one each for a training step, a test step
and a prediction, over shared Variables and one workspace."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import _core, ops, random, tracing
from striate.training.feeding import Spec
from striate.training.objectives import Objectives


class TrainingState:
    """What makes a run repeatable beside the weights: Variables of shape (1,), int64, which files keep.

    Attributes:
        seed: keys the order of samples and all random layers.
        step: training steps done; random layers draw anew at each.
        epoch: epochs done, over all calls of fit, so that fit(3) and fit(2) are fit(5).
    """

    def __init__(self, seed: int | None = None) -> None:
        def counter(name: str, value: int) -> Any:
            return _core.Variable(f"training/{name}", np.array([value], np.int64))

        self.seed = counter("seed", random.next_seed() if seed is None else seed)
        self.step = counter("step", 0)
        self.epoch = counter("epoch", 0)

    @property
    def variables(self) -> list[Any]:
        return [self.seed, self.step, self.epoch]

    def rng(self) -> Any:
        """The value of shape (2,), seed and step, that random layers are keyed by."""
        return ops.concatenate([self.seed.value(), self.step.value()], axis=0)


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
        with tracing.Trace(training=False, rng=self.state.rng()):
            outputs = self.model.trace(x, training=False)
        return _core.Function("predict", x, outputs, [], self.workspace)

    def test(self, inputs: list[Spec], targets: list[Spec], weighted: bool) -> Any:
        """inputs, targets (, weights) -> loss; adds to the metrics."""
        x, y, w = self._leaves(inputs, targets, weighted)
        with tracing.Trace(training=False, rng=self.state.rng()) as trace:
            outputs = self.model.trace(x, training=False)
            loss, updates = self._score(trace, x, y, outputs, w)
        return _core.Function("evaluate", [*x, *y, *w], [loss], updates, self.workspace)

    def train(self, inputs: list[Spec], targets: list[Spec], weighted: bool) -> Any:
        """inputs, targets (, weights) -> loss; forward, backward and the optimizer's update are one program."""
        x, y, w = self._leaves(inputs, targets, weighted)
        weights = self.model.trainable_weights
        with tracing.Trace(training=True, rng=self.state.rng()) as trace:
            outputs = self.model.trace(x, training=True)
            loss, updates = self._score(trace, x, y, outputs, w)
        gradients = _core.gradients(loss, [weight.value() for weight in weights]) if weights else []
        updates += trace.updates.items()
        if weights:
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

    @staticmethod
    def _leaves(inputs: list[Spec], targets: list[Spec], weighted: bool) -> tuple[list[Any], list[Any], list[Any]]:
        w = [Spec(f"sample_weight_{i}", "float32", (None,)) for i in range(len(targets))] if weighted else []
        return input_values(inputs), input_values(targets), input_values(w)

    def _score(self, trace: Any, x: list[Any], y: list[Any], outputs: list[Any], w: list[Any]) -> tuple[Any, list[Any]]:
        """The loss, and the updates of the metrics. Sums are weighted by batch size: a short last batch does not bias
        them."""
        goals = self.objectives
        groups = goals.resolve_metrics([tuple(v.shape) for v in y], [tuple(v.shape) for v in outputs])
        weights = w or [None] * len(y)
        total, updates, parts = None, [], []
        for i, (target, output) in enumerate(zip(y, outputs, strict=True)):
            if goals.losses[i] is not None:
                part = goals.losses[i](target, output, weights[i])
                parts.append((i, part))
                scaled = part if goals.loss_weights[i] == 1 else ops.multiply(part, goals.loss_weights[i])
                total = scaled if total is None else ops.add(total, scaled)
            for metric in groups[i]:
                updates += metric.traced_update(target, output)  # as Keras: sample weights are the loss's alone
        for extra in trace.losses:
            total = extra if total is None else ops.add(total, extra)
        if total is None:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`, or add one with `add_loss`."
            )
        count = ops.size_of(x[0], 0)
        updates += _mean_update(goals.loss_mean, total, count)
        for i, part in parts:
            if goals.output_means:
                updates += _mean_update(goals.output_means[i], part, count)
        return total, updates


def _mean_update(mean: Any, value: Any, count: Any) -> list[tuple[Any, Any]]:
    """A batch's mean counts as many times as the batch has samples."""
    value = ops.cast(value, "float32")
    return [
        (mean.total, ops.add(mean.total.value(), ops.multiply(value, count))),
        (mean.count, ops.add(mean.count.value(), count)),
    ]
