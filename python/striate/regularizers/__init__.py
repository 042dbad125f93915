"""Penalties on weights. None exist yet: layers take `None` for their regularizer arguments."""

from typing import Any


def get(identifier: Any) -> Any:
    """None for None; regularizers come in a later version.

    Raises:
        ValueError: identifier is not None.
    """
    if identifier is None:
        return
    raise ValueError(f"Regularizers come in a later version of striate. Received: {identifier!r}.")
