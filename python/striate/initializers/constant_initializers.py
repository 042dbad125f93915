"""Weights that start at a given value."""

from typing import Any

import numpy as np

from striate.initializers.initializer import Initializer

Shape = tuple[int, ...]


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: a number, or an array that broadcasts to the weight's shape.

    Example:
        >>> Constant(3.0)((2,)).tolist()
        [3.0, 3.0]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return np.broadcast_to(np.asarray(self.value, dtype or "float32"), tuple(shape)).copy()

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}


class Zeros(Initializer):
    """Zeros everywhere.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return np.zeros(tuple(shape), dtype or "float32")


class Ones(Initializer):
    """Ones everywhere.

    Example:
        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return np.ones(tuple(shape), dtype or "float32")
