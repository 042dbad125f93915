"""Lists, tuples and dicts of tensors, as layers take and give them."""

from collections.abc import Callable
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """Everything in nested lists, tuples and dicts, in order; a dict's in the order of its insertion.

    Example:
        >>> leaves([1, (2, {"a": 3})])
        [1, 2, 3]
    """
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    if isinstance(structure, dict):
        return [leaf for part in structure.values() for leaf in leaves(part)]
    return [structure]


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function` applied to everything in it.

    Example:
        >>> map_leaves(str, [1, (2,)])
        ['1', ('2',)]
    """
    if isinstance(structure, list):
        return [map_leaves(function, part) for part in structure]
    if isinstance(structure, tuple):
        return tuple(map_leaves(function, part) for part in structure)
    if isinstance(structure, dict):
        return {key: map_leaves(function, part) for key, part in structure.items()}
    return function(structure)
