"""striate: convolutional networks on the CPU, with the Keras API.

model = striate.Sequential([striate.Input((28, 28, 1)), striate.layers.Conv2D(6, 5), ...])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
"""

import importlib
from typing import TYPE_CHECKING, Any

from striate._core import __version__

if TYPE_CHECKING:
    from striate.compat import install_as
    from striate.layers import Input, Layer
    from striate.models import Functional, Model, Sequential
    from striate.tensors import SymbolicTensor as KerasTensor
    from striate.variables import Variable

# Loaded when used: importing striate alone takes 10 ms, and not even NumPy is imported before the first array.
_MODULES = {
    *("activations", "applications", "backend", "callbacks", "cli", "compat", "config", "constraints", "datasets"),
    *("errors", "initializers", "keras", "layers", "losses", "metrics", "models", "ops", "optimizers", "random"),
    *("regularizers", "saving", "training", "utils"),
}
_NAMES = {
    "Functional": "models",
    "Input": "layers",
    "KerasTensor": "tensors",
    "Layer": "layers",
    "Model": "models",
    "Sequential": "models",
    "Variable": "variables",
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
    from striate.absent import explained

    return explained("striate", depth=2)(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_NAMES})
