"""Names for objects: "adam", a class, an instance and {"class_name": "Adam", "config": {}} may mean one thing."""

from collections.abc import Iterable
from typing import Any

from striate.saving import registry

Table = dict[str, Any]


def key_of(name: str) -> str:
    """What two spellings of one name have in common: 'glorot_uniform' and 'GlorotUniform' both give 'glorotuniform'."""
    return name.replace("_", "").lower()


def table_of(classes: Iterable[Any], **aliases: Any) -> Table:
    """A table from names to classes (or functions): each under its own name, the aliases under theirs."""
    table = {key_of(cls.__name__): cls for cls in classes}
    table.update({key_of(alias): cls for alias, cls in aliases.items()})
    return table


def look_up(name: str, table: Table, kind: str) -> Any:
    """The class (or function) that a string names.

    Raises:
        ValueError: nothing in the table has that name and nothing is registered under it; the message lists the table.
    """
    found = table.get(key_of(name)) or registry.get_registered_object(name)
    if found is None:
        known = ", ".join(sorted({entry.__name__ for entry in table.values()}, key=str.lower))
        raise ValueError(f"Unknown {kind}: {name!r}. Known: {known}.")
    return found


def registered_name(item: Any) -> str:
    """What files call a class or a function: the name it was registered under, else its own."""
    return str(registry.get_registered_name(item))


def serialize(instance: Any) -> dict[str, Any]:
    """The JSON form of an object with a `get_config()`."""
    return {"class_name": registered_name(type(instance)), "config": instance.get_config()}


def deserialize(config: dict[str, Any], table: Table, kind: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The object that `serialize` described.

    Args:
        config: a dict with "class_name" and "config".
        table: the classes of this kind, made by `table_of`.
        kind: what to call them in an error.
        custom_objects: more classes by name; they win over registered ones, and those over the table's.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f'A {kind} is described by a dict with "class_name" and "config". Received: {config!r}.')
    name = config["class_name"]
    cls = registry.get_registered_object(name, custom_objects) or look_up(name, table, kind)
    if not hasattr(cls, "from_config"):
        return cls
    return cls.from_config(config.get("config") or {})


def get(identifier: Any, table: Table, kind: str, base: type) -> Any:
    """An instance of `base` from a string, a config, a class or an instance; None stays None."""
    if isinstance(identifier, str):
        identifier = look_up(identifier, table, kind)
    elif isinstance(identifier, dict):
        identifier = deserialize(identifier, table, kind)
    if isinstance(identifier, type) and issubclass(identifier, base):
        identifier = identifier()
    if identifier is None or isinstance(identifier, base) or callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret {kind} {identifier!r} of type {type(identifier).__name__}.")
