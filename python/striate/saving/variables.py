"""Names of a model's variables in a file: the same list when it is written and when it is read."""

from __future__ import annotations

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
    for tracker in model.metrics:
        pairs += [(f"metrics/{tracker.name}/{v.name.rpartition('/')[2]}", v) for v in tracker.variables]
    return unique(pairs)


def assign(named: Named, arrays: dict[str, np.ndarray], path: str, required: bool = True) -> None:
    """Gives variables the values of the file.

    Raises:
        ValueError: a required name is not in the file, or a shape or a type differs; nothing is assigned then.
    """
    for name, variable in named:
        if name not in arrays:
            if required:
                raise ValueError(f"'{path}' lacks the variable '{name}' of shape {variable.shape}.")
            continue
        array = arrays[name]
        if array.shape != tuple(variable.shape) or array.dtype != variable.dtype:
            raise ValueError(
                f"'{path}': variable '{name}' is {array.dtype} {array.shape}, the model's is {variable.dtype} "
                f"{tuple(variable.shape)}."
            )
    for name, variable in named:
        if name in arrays:
            variable.assign(arrays[name])
