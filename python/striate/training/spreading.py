"""What compile() was given, spread over a model's outputs, and metrics as objects with names."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import metrics

_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")  # what these mean, labels and predictions tell


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


def weights_of_losses(value: Any, names: list[str]) -> list[float]:
    """A factor for each output's loss.

    Raises:
        ValueError: one is no number: metrics, perhaps, which come after `loss_weights`.
    """
    found = spread(value, names, "loss_weights")
    if wrong := [item for item in found if not isinstance(item, (int, float, np.number, type(None)))]:
        raise ValueError(
            f"`loss_weights` must hold numbers. Received: {wrong[0]!r}. The third argument of compile() is "
            "`loss_weights`: if these are metrics, write metrics=[...]."
        )
    return [1.0 if item is None else float(item) for item in found]


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


def prepared(item: Any) -> Any:
    """A metric object, or the name of one that shapes have yet to tell. What a string asks for has the string as its
    name, as the user typed it, but for a registered name's package."""
    if isinstance(item, str) and item.lower() in _BY_SHAPE:
        return item
    metric = metrics.get(item)
    return named(metric, item.rpartition(">")[2]) if isinstance(item, str) else metric


def resolved(item: Any, target: Any, output: Any) -> Any:
    """A metric object from what `prepared` gives, for labels and predictions of these shapes."""
    if not isinstance(item, str):
        return item
    cls = metrics.accuracy_for(target, output)
    if item.lower() in ("crossentropy", "ce"):
        sparse = cls is metrics.SparseCategoricalAccuracy
        cls = metrics.SparseCategoricalCrossentropy if sparse else metrics.CategoricalCrossentropy
    return named(cls(), item)


def named(metric: Any, name: str) -> Any:
    """The metric under another name."""
    metric.name = name
    return metric


def figure(name: str, value: Any) -> float:
    """What a metric's `result` gave, as a number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, float):
        return float(value)
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind not in "fiub":
        raise ValueError(
            f"Metric '{name}': `result` must give one number. Received: {value!r}. Make a metric for each figure."
        )
    return float(array)
