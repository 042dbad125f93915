"""Operations made of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate import _core
from striate.dispatch import operation

_b = _core.ops  # the builders


# --- elementwise -------------------------------------------------------------------------------------------------
def number(value: float, like: Any) -> Any:
    """A constant of another value's type."""
    return _core.constant(np.asarray(value, like.dtype))


@operation()
def clip(x: Any, x_min: float, x_max: float) -> Any:
    """x, at least x_min and at most x_max."""
    return _b.minimum(_b.maximum(x, number(x_min, x)), number(x_max, x))


@operation()
def power(x: Any, exponent: int) -> Any:
    """x multiplied by itself; the exponent is a whole number, or 0.5."""
    if exponent == 0.5:
        return _b.sqrt(x)
    if not isinstance(exponent, (int, float)) or exponent != int(exponent):
        raise ValueError(f"[power] the exponent must be a whole number or 0.5. Received: {exponent!r}.")
    if exponent < 0:
        return _b.reciprocal(power(x, -exponent))
    if exponent == 0:
        return _b.ones_like(x)
    half = power(x, int(exponent) // 2) if exponent > 1 else None  # by squaring
    squared = _b.square(half) if half is not None else x
    return _b.multiply(squared, x) if half is not None and exponent % 2 else squared


@operation()
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return _b.minimum(_b.relu(x), number(6, x))


@operation()
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return _b.multiply(x, _b.sigmoid(x))


@operation()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where it is positive, else negative_slope * x."""
    return _b.where(_b.greater(x, number(0, x)), x, _b.multiply(x, number(negative_slope, x)))


@operation()
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), computed so that large x do not overflow."""
    return _b.add(_b.relu(x), _b.log(_b.add(number(1, x), _b.exp(_b.negate(_b.abs(x))))))


# --- reductions --------------------------------------------------------------------------------------------------
@operation()
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, over an axis, several, or all."""
    over = axes_of(axis)
    return _b.mean(_b.square(_b.subtract(x, _b.mean(x, over, True))), over, keepdims)


# --- sizes and indices -------------------------------------------------------------------------------------------
@operation()
def stack(x: Any, axis: int = 0) -> Any:
    """Tensors of one shape along a new axis."""
    return _b.concatenate([expand_dims(part, axis) for part in x], axis)


@operation()
def expand_dims(x: Any, axis: int) -> Any:
    """A new axis of size 1 at this place."""
    at = axis_of(axis, x.ndim + 1, "expand_dims")
    return _with_sizes(x, [*range(at), None, *range(at, x.ndim)], "expand_dims")


@operation()
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Without axes of size 1: these, or all whose size is known to be 1."""
    if axis is None:
        gone = {i for i, size in enumerate(x.shape) if size == 1}
    else:
        gone = {axis_of(i, x.ndim, "squeeze") for i in ([axis] if isinstance(axis, int) else axis)}
    wrong = [i for i in gone if x.shape[i] != 1]
    if wrong:
        raise ValueError(f"[squeeze] axis {wrong[0]} has size {x.shape[wrong[0]]}, not 1: x.shape={x.shape}.")
    return _with_sizes(x, [i for i in range(x.ndim) if i not in gone], "squeeze")


def _with_sizes(x: Any, sources: Sequence[int | None], name: str) -> Any:
    """Axes of size 1 put in (None) or left out; at most one size that moves to another axis may be unknown."""
    sizes = []
    for place, source in enumerate(sources):
        size = 1 if source is None else x.shape[source]
        sizes.append(0 if size is None and place == source else -1 if size is None else size)
    if sizes.count(-1) > 1:
        raise ValueError(f"[{name}] several sizes behind the axis are unknown: x.shape={x.shape}. Give Input more.")
    return _b.reshape(x, sizes)


@operation()
def get_item(x: Any, index: Any) -> Any:
    """x[index] for whole numbers, slices without a step, `...` and None."""
    items = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [slice(None)] * (x.ndim - len([i for i in items if i is not None]) + 1)
    lo, hi, axis = [0] * x.ndim, [0] * x.ndim, 0
    sources: list[int | None] = []
    for item in items:
        if item is None:
            sources.append(None)
            continue
        if axis == x.ndim:
            raise IndexError(f"[get_item] {len(items)} indices for {x.ndim} axes: x.shape={x.shape}.")
        lo[axis], hi[axis] = _margins(item, x.shape[axis], axis)
        if isinstance(item, slice):
            sources.append(axis)
        axis += 1
    sources += range(axis, x.ndim)
    x = _b.crop(x, lo, hi) if any(lo) or any(hi) else x
    return x if sources == list(range(x.ndim)) else _with_sizes(x, sources, "get_item")


def _margins(item: Any, size: int | None, axis: int) -> tuple[int, int]:
    """How many elements an index leaves out before and behind."""
    if isinstance(item, slice):
        if item.step not in (None, 1):
            raise ValueError(f"[get_item] slices take no step. Received: step={item.step} on axis {axis}.")
        if size is not None:
            start, stop, _ = item.indices(size)
            return start, size - max(start, stop)
        start, stop = item.start or 0, item.stop or 0
        if start >= 0 and stop <= 0:
            return start, -stop
    elif hasattr(item, "__index__") and size is not None:
        if not -size <= item < size:
            raise IndexError(f"[get_item] index {item} is out of range for axis {axis} of size {size}.")
        return item % size, size - 1 - item % size
    raise ValueError(f"[get_item] {item!r} cannot be taken of axis {axis}, whose size is {size}.")


def axis_of(axis: int, rank: int, name: str) -> int:
    """The axis counted from the front.

    Raises:
        IndexError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise IndexError(f"[{name}] axis {axis} is out of range for {rank} axes.")
    return axis % rank


def axes_of(axis: Any) -> list[int]:
    """None, one axis or several as a list; the empty list means all."""
    return [] if axis is None else [axis] if hasattr(axis, "__index__") else list(axis)
