"""Models, and how to copy them."""

import json
from typing import Any

from striate.models import configuration
from striate.models.model import Model
from striate.models.sequential import Sequential
from striate.utils.later import refuse_later

Functional = Model


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None) -> Any:
    """A model of the same layers with new weights."""
    refuse_later("clone_model", {"input_tensors": (input_tensors, None), "clone_function": (clone_function, None)})
    return configuration.deserialize_layer(configuration.serialize_layer(model))


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model that `to_json` described, with new weights."""
    return configuration.deserialize_layer(json.loads(json_string), custom_objects)


def __getattr__(name: str) -> Any:
    if name in ("load_model", "save_model"):
        from striate import saving

        return getattr(saving, name)
    raise AttributeError(f"module 'striate.models' has no attribute {name!r}")


__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
