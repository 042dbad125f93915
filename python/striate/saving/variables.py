"""Names of a model's variables in a file: the same list when it is written and when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

Named = list[tuple[str, Any]]


def unique(pairs: Iterable[tuple[str, Any]]) -> Named:
    """Each variable once, each under a name of its own: the second 'kernel' is 'kernel#1'."""
    found: Named = []
    seen, taken = set(), set()
    for wanted, variable in pairs:
        if variable in seen:
            continue
        name, number = wanted, 0
        while name in taken:
            number += 1
            name = f"{wanted}#{number}"
        seen.add(variable)
        taken.add(name)
        found.append((name, variable))
    return found


def of_model(model: Any) -> Named:
    """Weights; after compile() also the optimizer's variables and metrics; the training state."""
    pairs = [(weight.name, weight) for weight in model.weights]
    if model.optimizer is not None:
        pairs += [(variable.name, variable) for variable in model.optimizer.variables]
    pairs += [(variable.name, variable) for variable in model.training_state.variables]
    for name, tracker in zip(model.metrics_names, model.metrics, strict=True):
        pairs += [(f"metrics/{name}/{v.name.rpartition('/')[2]}", v) for v in tracker.variables]
    return unique(pairs)


def order_in(metadata: dict[str, str]) -> list[str] | None:
    """The names of a file's weights in the model's order; None where it does not tell, as files of other libraries."""
    try:
        order = json.loads(metadata["weights"])
    except (KeyError, ValueError):
        return None
    return order if isinstance(order, list) and all(isinstance(name, str) for name in order) else None


def of_file(model: Any, weights: list[str], path: str) -> Named:
    """A rebuilt model's variables by the names that the file gave them.

    Weights are matched in order: layers that a model makes in its constructor get their automatic names anew, and with
    them their weights and the optimizer's slots. Metrics start from nothing.

    Raises:
        ValueError: the file has another number of weights.
    """
    own = unique((weight.name, weight) for weight in model.weights)
    if len(own) != len(weights):
        raise ValueError(f"'{path}' holds {len(weights)} weights, model '{model.name}' has {len(own)} weights.")
    in_file = {name: stored for stored, (name, _) in zip(weights, own, strict=True)}
    found = []
    for name, variable in of_model(model):
        start, _, rest = name.partition("/")
        weight, _, slot = rest.rpartition("/")
        if name in in_file:
            found.append((in_file[name], variable))
        elif start == "optimizer" and weight in in_file:
            found.append((f"optimizer/{in_file[weight]}/{slot}", variable))
        elif start != "metrics":
            found.append((name, variable))
    return found


def assign(named: Named, arrays: dict[str, np.ndarray], path: str) -> None:
    """Gives variables the values of the file.

    Raises:
        ValueError: a name is not in the file, or a shape or a type differs; nothing is assigned then.
    """
    for name, variable in named:
        if name not in arrays:
            raise ValueError(f"'{path}' lacks the variable '{name}' of shape {tuple(variable.shape)}.")
        array = arrays[name]
        if array.shape != tuple(variable.shape) or array.dtype != variable.dtype:
            raise ValueError(
                f"'{path}': variable '{name}' is {array.dtype} {array.shape}, the model's is {variable.dtype} "
                f"{tuple(variable.shape)}."
            )
    for name, variable in named:
        variable.assign(arrays[name])
