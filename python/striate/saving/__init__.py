"""Files: whole models, weights alone, and the names by which files know your own classes.

Everything but the registry is imported when it is first used: layers need the registry, and the rest needs layers.
"""

from typing import Any

from striate.saving.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)

_LAZY = {
    "load_model": "striate.saving.model_file",
    "save_model": "striate.saving.model_file",
    "load_weights": "striate.saving.weights",
    "save_weights": "striate.saving.weights",
    "PredictOnlyModel": "striate.saving.predict_only",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'striate.saving' has no attribute {name!r}")


__all__ = [
    "CustomObjectScope",
    "PredictOnlyModel",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
]
