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
        self.loss_mean = new_mean("loss")
        self.output_means = [new_mean(f"{name}_loss") for name in output_names] if len(output_names) > 1 else []
        self.metrics: list[list[Any]] | None = None  # made when the shapes of labels and predictions are known

    def resolve_metrics(self, target_shapes: list[Any], output_shapes: list[Any]) -> list[list[Any]]:
        """The metric objects of each output; "accuracy" becomes the one that the shapes ask for."""
        if self.metrics is None:
            self.metrics = []
            for name, wanted, target, output in zip(
                self.output_names, self.wanted, target_shapes, output_shapes, strict=True
            ):
                prefix = f"{name}_" if len(self.output_names) > 1 else ""
                self.metrics.append([resolved(item, prefix, target, output) for item in wanted])
        return self.metrics

    def trackers(self) -> list[Any]:
        """All metric objects: the loss first, each output's loss if there are several, then metrics by output."""
        return [self.loss_mean, *self.output_means, *(item for group in self.metrics or [] for item in group)]

    def logs(self) -> dict[str, float]:
        """The figures so far, read from their Variables."""
        return {tracker.name: tracker.result() for tracker in self.trackers()}

    def reset(self) -> None:
        """Forgets all batches."""
        for tracker in self.trackers():
            tracker.reset_state()

    def check_labels(self, targets: list[np.ndarray], output_shapes: list[Any]) -> None:
        """Class numbers must be in range: the kernels can only answer NaN.

        Raises:
            ValueError: names the value and the range.
        """
        for target, loss, shape in zip(targets, self.losses, output_shapes, strict=True):
            if not isinstance(loss, losses.SparseCategoricalCrossentropy) or target.size == 0 or shape[-1] is None:
                continue
            low, high, classes = target.min(), target.max(), int(shape[-1])
            if low < 0 or high >= classes:
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
            raise ValueError(f"`{what}` has {len(value)} items, the model has {len(names)} outputs: {names}.")
        return list(value)
    if value is None or len(names) == 1 or repeat:
        return [value] * len(names)
    raise ValueError(f"`{what}` must be a list or a dict for a model of {len(names)} outputs. Received: {value!r}.")


def spread_metrics(value: Any, names: list[str]) -> list[Any]:
    """One list of metrics for each output; a flat list is the only output's, or repeated for several."""
    if isinstance(value, dict):
        return spread(value, names, "metrics")
    if isinstance(value, (list, tuple)) and len(names) > 1 and any(isinstance(item, (list, tuple)) for item in value):
        return spread(value, names, "metrics")
    return [value] * len(names)


def wanted_metrics(value: Any) -> list[Any]:
    """Metrics in nested lists as one list."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in wanted_metrics(part)]
    return [value]


def resolved(item: Any, prefix: str, target: Any, output: Any) -> Any:
    """A metric object; its log key is the string as the user typed it."""
    if isinstance(item, str) and item.lower() in ("accuracy", "acc"):
        metric = metrics.accuracy_for(target, output)()
    elif isinstance(item, str) and item.lower() in ("crossentropy", "ce"):
        sparse = metrics.accuracy_for(target, output) is metrics.SparseCategoricalAccuracy
        metric = metrics.SparseCategoricalCrossentropy() if sparse else metrics.CategoricalCrossentropy()
    else:
        metric = metrics.get(item)
    return named(metric, prefix + (item if isinstance(item, str) else metric.name))


def new_mean(name: str) -> Any:
    """A mean that stands in logs under this name."""
    return named(metrics.Mean(), name)


def named(metric: Any, name: str) -> Any:
    """The metric under another name."""
    metric.name = name
    return metric
