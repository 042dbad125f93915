"""What compile() is given: an optimizer, losses and metrics, matched with the model's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import losses, metrics, optimizers

# Arguments of compile() whose meaning comes later (or that have none here), and what they may be.
_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "weighted_metrics": (None, []),
    "run_eagerly": (False, None),
    "steps_per_execution": (1, None),
    "jit_compile": ("auto", True, False, None),
    "auto_scale_loss": (True, False),
}


class Objectives:
    """The optimizer, and for each output of a model its loss, the loss's weight and its metrics.

    Args:
        output_names: the model's outputs.
        optimizer, loss, loss_weights, metrics: as `Model.compile` takes them.
        max_memory: bytes that a training step may take, or None.
        **others: `compile`'s other arguments, which take their defaults alone.

    Raises:
        ValueError: an argument is unknown, comes in a later version, or does not fit the outputs.
    """

    def __init__(
        self,
        output_names: list[str],
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        max_memory: int | None = None,
        **others: Any,
    ) -> None:
        for name, value in others.items():
            if name not in _ACCEPTED:
                raise ValueError(f"compile() got an unexpected argument `{name}`.")
            if not any(value is known or value == known for known in _ACCEPTED[name]):
                raise ValueError(
                    f"compile(): the argument `{name}` comes in a later version of striate. Received: {name}={value!r}"
                    f"; use {_ACCEPTED[name][0]!r}."
                )
        self.output_names = output_names
        self.given = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics}
        self.optimizer = optimizers.get(optimizer)
        self.max_memory = max_memory
        self.losses = [losses.get(item) for item in spread(loss, output_names, "loss", repeat=True)]
        self.loss_weights = [1.0 if w is None else float(w) for w in spread(loss_weights, output_names, "loss_weights")]
        self.wanted = [wanted_metrics(item) for item in spread_metrics(metrics, output_names)]
        check_apart([item for wanted in self.wanted for item in wanted])
        self.loss_mean = new_mean("loss")
        self.output_means = [new_mean(f"{name}_loss") for name in output_names] if len(output_names) > 1 else []
        self.metrics: list[list[Any]] | None = None  # made when the shapes of labels and predictions are known
        self.trackers = self._by_log_name()

    def resolve_metrics(self, target_shapes: list[Any], output_shapes: list[Any]) -> list[list[Any]]:
        """The metric objects of each output; "accuracy" becomes the one that the shapes ask for."""
        if self.metrics is None:
            self.metrics = [
                [resolved(item, target, output) for item in wanted]
                for wanted, target, output in zip(self.wanted, target_shapes, output_shapes, strict=True)
            ]
            self.trackers = self._by_log_name()
        return self.metrics

    def forget_metrics(self) -> None:
        """Lets the next labels say again what "accuracy" means."""
        self.metrics = None
        self.trackers = self._by_log_name()

    def _by_log_name(self) -> dict[str, Any]:
        """All metric objects: the loss first, each output's loss if there are several, then metrics by output."""
        means = [self.loss_mean, *self.output_means]
        named = [(mean.name, mean) for mean in means]
        for output, group in zip(self.output_names, self.metrics or [], strict=False):
            named += [(f"{output}_{metric.name}" if self.output_means else metric.name, metric) for metric in group]
        return dict(zip(unique_names([name for name, _ in named]), [metric for _, metric in named], strict=True))

    def logs(self) -> dict[str, float]:
        """The figures so far, read from their Variables."""
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def reset(self) -> None:
        """Forgets all batches."""
        for tracker in self.trackers.values():
            tracker.reset_state()

    def likely_labels(self, output_shapes: list[Any]) -> list[tuple[str, tuple[int | None, ...]]]:
        """The type and the shape, without the batch's axis, of the labels that each loss takes by its nature."""
        return [
            ("int64", tuple(shape[1:-1]))
            if isinstance(loss, losses.SparseCategoricalCrossentropy)
            else ("float32", tuple(shape[1:]))
            for loss, shape in zip(self.losses, output_shapes, strict=True)
        ]

    def check_labels(self, targets: list[np.ndarray], output_shapes: list[Any]) -> None:
        """Class numbers must be in range: the kernels can only answer NaN.

        Raises:
            ValueError: names the value and the range.
        """
        for target, loss, shape in zip(targets, self.losses, output_shapes, strict=True):
            if not isinstance(loss, losses.SparseCategoricalCrossentropy) or target.size == 0 or shape[-1] is None:
                continue
            low, high, classes = target.min(), target.max(), int(shape[-1])
            if not (low >= 0 and high < classes):  # so written, NaN is wrong too
                wrong = low if low < 0 else high
                raise ValueError(
                    f"Received a label value of {wrong} which is outside the valid range of [0, {classes}). Labels are "
                    f"class numbers; the model's last layer has {classes} outputs. Count classes from 0, or give the "
                    "last layer more units."
                )


def spread(value: Any, names: list[str], what: str, repeat: bool = False) -> list[Any]:
    """One item for each output, from one, a list or a dict by output name."""
    if isinstance(value, dict) and not ("class_name" in value and "config" in value):
        if unknown := [key for key in value if key not in names]:
            raise ValueError(f"`{what}` names outputs that the model has not: {unknown}. Its outputs are {names}.")
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(
                f"`{what}` has {len(value)} items, the model has {len(names)} outputs: {names}. Give one for each."
            )
        return list(value)
    if value is None or len(names) == 1 or repeat:
        return [value] * len(names)
    raise ValueError(f"`{what}` must be a list or a dict for a model of {len(names)} outputs. Received: {value!r}.")


def spread_metrics(value: Any, names: list[str]) -> list[Any]:
    """What is wanted of each output. A list is the only output's, or has an entry for each of several, as in Keras."""
    return spread(value, names, "metrics") if isinstance(value, dict) or len(names) > 1 else [value]


def wanted_metrics(value: Any) -> list[Any]:
    """Metrics in nested lists as one list."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in wanted_metrics(part)]
    return [value]


def check_apart(wanted: list[Any]) -> None:
    """Raises ValueError if a metric object is wanted twice: it would gather two figures as one."""
    for number, item in enumerate(wanted):
        if isinstance(item, metrics.Metric) and any(item is other for other in wanted[:number]):
            raise ValueError(
                f"`metrics` holds {item!r} twice: one object cannot gather two figures. Make an object for each."
            )


def unique_names(names: list[str]) -> list[str]:
    """The names, with a number behind those that are taken: loss, loss_1; no number makes a name that is given."""
    found: list[str] = []
    for name in names:
        free, number = name, 0
        while free in found or (number and free in names):
            number += 1
            free = f"{name}_{number}"
        found.append(free)
    return found


def resolved(item: Any, target: Any, output: Any) -> Any:
    """A metric object; the name of one that a string asks for is the string as the user typed it."""
    if isinstance(item, str) and item.lower() in ("accuracy", "acc"):
        metric = metrics.accuracy_for(target, output)()
    elif isinstance(item, str) and item.lower() in ("crossentropy", "ce"):
        sparse = metrics.accuracy_for(target, output) is metrics.SparseCategoricalAccuracy
        metric = metrics.SparseCategoricalCrossentropy() if sparse else metrics.CategoricalCrossentropy()
    else:
        metric = metrics.get(item)
    return named(metric, item) if isinstance(item, str) else metric


def new_mean(name: str) -> Any:
    """A mean that stands in logs under this name."""
    return named(metrics.Mean(), name)


def named(metric: Any, name: str) -> Any:
    """The metric under another name."""
    metric.name = name
    return metric
