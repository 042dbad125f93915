"""Bounds on weights. None exist yet: layers take `None` for their constraint arguments."""

from typing import Any


def get(identifier: Any) -> Any:
    """None for None; constraints come in a later version.

    Raises:
        ValueError: identifier is not None.
    """
    if identifier is None:
        return
    raise ValueError(f"Constraints come in a later version of striate. Received: {identifier!r}.")
