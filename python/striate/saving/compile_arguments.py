"""What compile() was given, as JSON and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.saving import registry
from striate.utils import identifiers

_KEPT = ("loss", "loss_weights", "metrics", "max_memory")


def serialize(model: Any) -> dict[str, Any] | None:
    """The arguments of `model.compile`, or None if it was not called."""
    if not model.compiled:
        return None
    arguments = model._compile_arguments
    described = {name: _plain(arguments[name]) for name in _KEPT if arguments[name] is not None}
    return {"optimizer": identifiers.serialize(model.optimizer), **described}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, np.generic)):
        return value
    if hasattr(value, "get_config") and not isinstance(value, type):
        return identifiers.serialize(value)
    if callable(value):
        return registry.get_registered_name(value)  # `losses.get` and `metrics.get` look it up
    raise TypeError(f"compile() was given {value!r}, which cannot be written to a file.")


def restore(model: Any, described: dict[str, Any]) -> None:
    """Compiles the model as `serialize` found it; names of your own are looked up in the surrounding scope."""
    model.compile(**described)
