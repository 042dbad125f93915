"""Sizes of memory as people write them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_UNITS = {"B": 1}
_UNITS |= {f"{prefix}B": 1000**power for power, prefix in enumerate("KMGT", 1)}
_UNITS |= {f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)}
_READ = {unit.lower(): size for unit, size in _UNITS.items()}


def checked_max_memory(value: Any) -> int | None:
    """The argument `max_memory` of `Model.compile` in bytes, or None for no limit.

    Raises:
        ValueError: it is neither a number of bytes above 0 nor such a number with a unit.

    Example:
        >>> checked_max_memory("1.5 GB")
        1500000000
    """
    if value is None:
        return None
    size: float = 0
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        size = int(value)
    elif isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", value)):
        size = float(match[1]) * _READ.get(match[2].lower(), 0)
    if not 1 <= size < 2**63:
        raise ValueError(
            f"`max_memory` must be a number of bytes above 0, as an integer or as a text like '512 MB' or '2 GB' "
            f"(units: {', '.join(_UNITS)}), or None for no limit. Received: max_memory={value!r}."
        )
    return int(size)
