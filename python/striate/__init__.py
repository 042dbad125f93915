"""striate: convolutional networks on the CPU, with the Keras API.

model = striate.Sequential([striate.Input((28, 28, 1)), striate.layers.Conv2D(6, 5), ...])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
"""

import importlib
from typing import TYPE_CHECKING, Any

from striate._core import Variable, __version__

if TYPE_CHECKING:
    from striate.compat import install_as
    from striate.layers import Input, Layer
    from striate.models import Functional, Model, Sequential
    from striate.tensors import SymbolicTensor as KerasTensor

# Loaded when used: importing striate alone takes little more than importing NumPy.
_MODULES = {
    *("activations", "applications", "backend", "callbacks", "cli", "compat", "config", "constraints", "datasets"),
    *("errors", "initializers", "keras", "layers", "losses", "metrics", "models", "ops", "optimizers", "random"),
    *("regularizers", "saving", "training", "utils", "visualization"),
}
_NAMES = {
    "Functional": "models",
    "Input": "layers",
    "KerasTensor": "tensors",
    "Layer": "layers",
    "Model": "models",
    "Sequential": "models",
    "install_as": "compat",
}

__all__ = [
    "Functional",
    "Input",
    "KerasTensor",
    "Layer",
    "Model",
    "Sequential",
    "Variable",
    "__version__",
    "install_as",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        try:
            return importlib.import_module(f"striate.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"striate.{name}":
                raise
    elif name in _NAMES:
        module = importlib.import_module(f"striate.{_NAMES[name]}")
        value = getattr(module, "SymbolicTensor" if name == "KerasTensor" else name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'striate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_NAMES})
