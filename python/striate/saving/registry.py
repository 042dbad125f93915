"""Which class or function a name in a file means, when it is not striate's own."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

_registered: dict[str, Any] = {}  # "package>Name" -> class or function
_names: dict[Any, str] = {}
_NOTHING: dict[str, Any] = {}  # never changed
_scoped: contextvars.ContextVar[dict[str, Any]] = contextvars.ContextVar("custom_objects", default=_NOTHING)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator: files may name this class or function, and `load_model` finds it without `custom_objects`.

    Args:
        package: a prefix that keeps names of different projects apart.
        name: the name; None means the object's own.

    Raises:
        ValueError: a class has no `get_config`.

    Example:
        >>> @register_keras_serializable("my_project")
        ... class Doubling(layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs + inputs
    """

    def decorate(item: T) -> T:
        if isinstance(item, type) and not hasattr(item, "get_config"):
            raise ValueError(f"Cannot register {item.__name__}: a class needs a `get_config()` method to be saved.")
        key = f"{package}>{name or item.__name__}"  # type: ignore[attr-defined]
        _registered[key] = item
        _names[item] = key
        return item

    return decorate


def get_registered_name(item: Any) -> str:
    """What files call this class or function: "package>Name" if it was registered, else its own name, or its class's if
    it has none."""
    registered = _names.get(item) if getattr(item, "__hash__", None) else None
    return registered or str(getattr(item, "__name__", type(item).__name__))


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function of this name, or None."""
    return all_custom_objects(custom_objects).get(name)


def get_custom_objects() -> dict[str, Any]:
    """What the surrounding `custom_object_scope` has given, by name."""
    return dict(_scoped.get())


def all_custom_objects(custom_objects: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything a name may mean: what is registered, by full name and by the part after ">"; over that the scope's;
    over that these."""
    found = {key.partition(">")[2]: item for key, item in _registered.items()}
    return {**found, **_registered, **_scoped.get(), **(custom_objects or {})}


class custom_object_scope:  # noqa: N801  (Keras's name)
    """Within it, files may name these classes and functions.

    Args:
        custom_objects: by name.

    Example:
        >>> with custom_object_scope({"Doubling": Doubling}):
        ...     model = load_model("net.striate")
    """

    def __init__(self, custom_objects: Mapping[str, Any]) -> None:
        self.custom_objects = dict(custom_objects)

    def __enter__(self) -> custom_object_scope:
        self._token = _scoped.set({**_scoped.get(), **self.custom_objects})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _scoped.reset(self._token)


CustomObjectScope = custom_object_scope
