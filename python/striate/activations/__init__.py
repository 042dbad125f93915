"""Activation functions, by function or by name."""

from typing import TYPE_CHECKING, Any

from striate import absent
from striate.activations.activations import (
    exponential,
    leaky_relu,
    linear,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from striate.utils import identifiers

_FUNCTIONS = [
    exponential,
    leaky_relu,
    linear,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
]
_TABLE = identifiers.table_of(_FUNCTIONS, swish=silu)
swish = silu


def get(identifier: Any) -> Any:
    """An activation from its name ("relu"), a callable, or None, which means `linear`.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("relu").__name__
        'relu'
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return identifiers.look_up(identifier, _TABLE, "activation")
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret activation {identifier!r} of type {type(identifier).__name__}.")


def serialize(activation: Any) -> Any:
    """The JSON form of an activation: its name, or the config of a layer that serves as one."""
    if hasattr(activation, "get_config"):
        return identifiers.serialize(activation)
    return identifiers.registered_name(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation that `serialize` described."""
    if isinstance(config, str):
        return (custom_objects or {}).get(config) or get(config)
    from striate import layers

    return layers.deserialize(config, custom_objects)


__all__ = [
    "deserialize",
    "exponential",
    "get",
    "leaky_relu",
    "linear",
    "log_softmax",
    "relu",
    "relu6",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
