"""Which names files may have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Formats of Keras that scripts may name.
_LATER = (".keras", ".h5", ".hdf5")


def to_write(filepath: Any, endings: tuple[str, ...], overwrite: bool, what: str) -> str:
    """The path as text, if a file may be written there.

    Raises:
        ValueError: the ending is not one of these, or belongs to a format that comes later; no file can have the name.
        FileExistsError: the file is there and may not be overwritten.
    """
    path = _text(filepath)
    if not path.endswith(endings):
        later = next((ending for ending in _LATER if path.endswith(ending)), None)
        reason = f"writing {later} files comes in a later version of striate" if later else "the ending is unknown"
        wanted = " or ".join(repr(ending) for ending in endings)
        raise ValueError(f"Cannot write {what} to {path!r}: {reason}. Give a name that ends in {wanted}.")
    if not overwrite and Path(path).exists():
        raise FileExistsError(f"{path!r} is there already, and overwrite=False.")
    return path


def to_read(filepath: Any) -> str:
    """The path as text, if a file is there.

    Raises:
        ValueError: there is none, its format comes later, or no file can have the name.
    """
    path = _text(filepath)
    if not Path(path).is_file():
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is there, and is a file.")
    if path.endswith(_LATER):
        raise ValueError(f"Cannot read {path!r}: Keras's own files come in a later version of striate.")
    return path


def _text(filepath: Any) -> str:
    """The path as the engine takes it, which knows UTF-8 up to a zero."""
    path = os.fsdecode(filepath)
    if "\0" in path:
        raise ValueError(f"A file's name cannot hold a zero character. Received: filepath={path!r}. Leave it out.")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"striate's files have names in UTF-8. Received: filepath={path!r}, which holds other bytes. Give another "
            "name."
        ) from None
    return path
