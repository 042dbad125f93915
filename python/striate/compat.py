"""Scripts written for Keras, run as they are."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from typing import Any

# Keras 1's and 2's places for layers, all of which are in `striate.layers`.
_MOVED = {
    f"layers.{old}": "layers"
    for old in ("advanced_activations", "convolutional", "core", "merge", "normalization", "pooling", "reshaping")
}


def install_as(*names: str) -> None:
    """Makes `import keras` (or whatever the names say) give striate, for the rest of the process.

    Submodules follow: `from keras.layers import Conv2D` gives striate's. A name "tensorflow.keras" also answers
    `import tensorflow as tf; tf.keras`, by a stand-in that holds nothing else, where TensorFlow is not installed.

    Args:
        *names: module names, such as "keras" and "tensorflow.keras".

    Raises:
        RuntimeError: a module of that name has been imported already.

    Example:
        >>> striate.install_as("keras")
        >>> from keras.layers import Conv2D
        >>> Conv2D is striate.layers.Conv2D
        True
    """
    striate = sys.modules[__package__]
    for name in names:
        if sys.modules.get(name, striate) is not striate:
            raise RuntimeError(
                f"`{name}` has been imported already, from {getattr(sys.modules[name], '__file__', 'elsewhere')}. Call "
                f"striate.install_as({name!r}) before anything imports it."
            )
    for name in names:
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(_stand_in(parent), child, striate)
        if name not in _finder.prefixes:
            _finder.prefixes.append(name)
        if not parent or parent in sys.modules:
            sys.modules[name] = striate
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _AliasFinder(importlib.abc.MetaPathFinder):
    """Finds `<prefix>.x.y` where `striate.x.y` is: the same module object under a second name."""

    def __init__(self) -> None:
        self.prefixes: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        for prefix in self.prefixes:
            if fullname == prefix or fullname.startswith(prefix + "."):
                below = fullname[len(prefix) + 1 :]
                below = _MOVED.get(below, below)
                actual = f"{__package__}.{below}" if below else str(__package__)
                if actual not in sys.modules and importlib.util.find_spec(actual) is None:
                    return None
                return importlib.machinery.ModuleSpec(fullname, _AliasLoader(actual))
        return None


class _AliasLoader(importlib.abc.Loader):
    def __init__(self, actual: str) -> None:
        self.actual = actual

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(self.actual)
        self.spec = module.__spec__  # the import system is about to write the alias's over it
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self.spec


_finder = _AliasFinder()


class _StandIn(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"module {self.__name__!r} has no attribute {name!r}: {self.__name__} is not installed, and striate stands "
            f"in for {self.__name__}.keras alone"
        )


def _stand_in(name: str) -> types.ModuleType:
    """The module of that name if it is loaded; an empty one if it is not installed; else one nobody will see: the real
    one answers for itself when it is imported."""
    if name in sys.modules:
        return sys.modules[name]
    module = _StandIn(name)
    module.__path__ = []  # a package: `import tensorflow.keras` looks below it
    module.__version__ = sys.modules[str(__package__)].__version__  # type: ignore[attr-defined]
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = module
    return module
