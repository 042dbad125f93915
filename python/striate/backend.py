"""What scripts for Keras 1 and 2 ask of `keras.backend`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from striate import absent, ops
from striate.config import epsilon, floatx, image_data_format, set_floatx, set_image_data_format
from striate.naming import clear_session


def int_shape(x: Any) -> tuple[int | None, ...]:
    """A tensor's shape; None where a size is unknown."""
    return tuple(x.shape)


def get_value(x: Any) -> Any:
    """A variable's elements, as an array; a number if there is one."""
    array = np.asarray(x)
    return array.item() if array.ndim == 0 else array


def set_value(x: Any, value: Any) -> None:
    """Assigns a variable."""
    x.assign(np.asarray(value, str(x.dtype)))


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over axes, or all."""
    return ops.mean(x, axis=axis, keepdims=keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes, or all."""
    return ops.sum(x, axis=axis, keepdims=keepdims)


def square(x: Any) -> Any:
    """`x * x`."""
    return ops.square(x)


def sqrt(x: Any) -> Any:
    """The square root."""
    return ops.sqrt(x)


def maximum(x: Any, y: Any) -> Any:
    """The larger of two, value by value."""
    return ops.maximum(x, y)


__all__ = [
    "clear_session",
    "epsilon",
    "floatx",
    "get_value",
    "image_data_format",
    "int_shape",
    "maximum",
    "mean",
    "set_floatx",
    "set_image_data_format",
    "set_value",
    "sqrt",
    "square",
    "sum",
]

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
