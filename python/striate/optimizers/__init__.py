"""What turns gradients into new weights, by class or by name."""

from typing import Any

from striate.optimizers.adam import Adam
from striate.optimizers.optimizer import Optimizer, refuse_own_updates
from striate.optimizers.rmsprop import RMSprop
from striate.optimizers.sgd import SGD
from striate.utils import identifiers

_TABLE = identifiers.table_of([SGD, Adam, RMSprop])

serialize = identifiers.serialize


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` described."""
    return identifiers.deserialize(config, _TABLE, "optimizer", custom_objects)


def get(identifier: Any) -> Any:
    """An `Optimizer` from its name in any case ("adam", "SGD"), a config, a class or an instance.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("adam").beta_1
        0.9
    """
    found = identifiers.get(identifier, _TABLE, "optimizer", Optimizer)
    if isinstance(found, Optimizer):
        return found
    raise ValueError(f"Could not interpret optimizer {identifier!r} of type {type(identifier).__name__}.")


__all__ = [
    "SGD",
    "Adam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "serialize",
]
