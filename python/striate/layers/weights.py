"""Who owns which weights: a layer, the layers in it, and theirs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from striate.variables import Variable

_changes = 0  # how often any layer's `trainable` was set


def trainable_changes() -> int:
    """Grows whenever a layer's `trainable` is set: a cheap way to see that nothing has changed."""
    return _changes


def frozen_layers(owner: WeightOwner) -> tuple[int, ...]:
    """Which layers, of this one and those in it, training leaves alone."""
    return tuple(id(layer) for layer in owner.flattened() if not layer.trainable)


class WeightOwner:
    """The part of a layer that knows its weights and sublayers.

    Layers held in attributes, or in lists, tuples and dicts that are attributes, belong to the layer, in the order in
    which the attributes were first set; variables in attributes do, too.
    """

    name: str
    _trainable: bool

    def __init__(self) -> None:
        self._weights: list[Any] = []

    def own(self, name: str, initial: Any, trainable: bool) -> Any:
        """A new variable that is one of the layer's weights."""
        variable = Variable(name, initial)
        variable.trainable = trainable
        self._weights.append(variable)
        return variable

    def sublayers(self) -> list[Any]:
        """The layers directly in this one."""
        found: dict[int, Any] = {}
        for key, value in vars(self).items():
            if key not in ("inbound_nodes", "_weights"):
                for layer in _within(value, WeightOwner):
                    found.setdefault(id(layer), layer)
        found.pop(id(self), None)
        return list(found.values())

    def flattened(self, trainable: bool = False) -> list[Any]:
        """This layer, the layers in it, and theirs, each once: a layer may hold the model that it is part of.

        Args:
            trainable: whether those that training leaves alone stay out, with all that is in them.
        """
        found: dict[int, Any] = {}
        left: list[Any] = [self]
        while left:
            layer = left.pop()
            if id(layer) not in found and (layer.trainable or not trainable):
                found[id(layer)] = layer
                left += reversed(layer.sublayers())
        return list(found.values())

    def _own_weights(self) -> list[Any]:
        found = dict.fromkeys(self._weights)
        for key, value in vars(self).items():
            if key != "_weights":
                found.update(dict.fromkeys(_within(value, Variable)))
        return list(found)

    @property
    def weights(self) -> list[Any]:
        """All weights: the layer's own, then its sublayers'."""
        return list(dict.fromkeys(weight for layer in self.flattened() for weight in layer._own_weights()))

    variables = weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets the sublayers' too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        global _changes
        _changes += 1
        for layer in self.flattened():
            layer._trainable = bool(value)

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        own = (weight for layer in self.flattened(trainable=True) for weight in layer._own_weights())
        return list(dict.fromkeys(weight for weight in own if weight.trainable))

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights that training leaves alone, or changes otherwise (moving means)."""
        trained = set(self.trainable_weights)
        return [weight for weight in self.weights if weight not in trained]

    @property
    def trainable_variables(self) -> list[Any]:
        """`trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """`non_trainable_weights`."""
        return self.non_trainable_weights

    def get_weights(self) -> list[Any]:
        """Copies of the weights, in the order of `weights`."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replaces the weights.

        Raises:
            ValueError: there are too few or too many, or shapes differ; no weight has changed then.
        """
        mine = self.weights
        if len(weights) != len(mine):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length "
                f"{len(weights)}, "
                f"but the layer was expecting {len(mine)} weights."
            )
        for weight, value in zip(mine, weights, strict=True):
            if np.shape(value) != weight.shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {weight.shape} is not compatible with provided weight shape "
                    f"{np.shape(value)} (weight '{weight.name}')."
                )
        for weight, value in zip(mine, weights, strict=True):
            weight.assign(np.asarray(value, weight.dtype))

    def count_params(self) -> int:
        """The number of values in the weights."""
        return sum(math.prod(weight.shape) for weight in self.weights)


def _within(value: Any, kind: type) -> Iterator[Any]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _within(part, kind)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _within(part, kind)
