"""Operations made of others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate import _core, config
from striate.dispatch import is_float, is_tensor, operation

_b = _core.ops  # the builders


# --- elementwise -------------------------------------------------------------------------------------------------
def number(value: float, like: Any) -> Any:
    """A constant of another value's type."""
    return _core.constant(np.asarray(value, like.dtype))


@operation()
def clip(x: Any, x_min: float, x_max: float) -> Any:
    """x, at least x_min and at most x_max."""
    return _b.minimum(_b.maximum(x, number(x_min, x)), number(x_max, x))


def power(x: Any, exponent: Any) -> Any:
    """x to a power. Of the two, one is a number: the exponent, or else x, which then is above 0.

    Whole and half exponents are products and square roots. Others are computed by a logarithm: negative numbers have no
    such power, and give NaN as in NumPy.

    Raises:
        ValueError: both are tensors, or x is a number of 0 or less.
    """
    if not is_tensor(exponent):
        return power_of(x, exponent)
    if np.ndim(exponent) == 0 and isinstance(exponent, (np.ndarray, np.generic)):
        return power_of(x, exponent.item())
    base = float(x) if isinstance(x, (int, float, np.ndarray, np.generic)) and np.ndim(x) == 0 else 0.0
    if not base > 0:
        raise ValueError(
            "[power] the exponent must be a number, or x a number above 0. For tensors that are positive write "
            f"ops.exp(exponent * ops.log(x)). Received: x={x!r}, exponent={exponent!r}."
        )
    return exponential(exponent, base)


@operation()
def exponential(x: Any, base: float) -> Any:
    """A number, above 0, to the power of a tensor."""
    x = x if is_float(x) else _b.cast(x, config.floatx())
    return _b.exp(_b.multiply(x, number(math.log(base), x)))


@operation()
def power_of(x: Any, exponent: float) -> Any:
    """A tensor to the power of a number."""
    if not isinstance(exponent, (int, float)):
        raise ValueError(f"[power] the exponent must be a number or a tensor. Received: {exponent!r}.")
    if not is_float(x):
        exact = isinstance(exponent, int) and exponent >= 0
        return _b.cast(_power(_b.cast(x, "float64"), exponent), x.dtype if exact else config.floatx())
    return _power(x, exponent)


def _power(x: Any, exponent: float) -> Any:
    if exponent < 0:
        return _b.reciprocal(_power(x, -exponent))
    if exponent == 0:
        return _b.ones_like(x)
    if exponent == 0.5:
        return _b.sqrt(x)
    whole = int(exponent)
    if exponent == whole:
        half = _power(x, whole // 2) if whole > 1 else None  # by squaring
        squared = _b.square(half) if half is not None else x
        return _b.multiply(squared, x) if half is not None and whole % 2 else squared
    # 0 aside: roots and logarithms have no gradient there, of which these powers have one, or none either.
    zero = _b.equal(x, number(0, x))
    safe = _b.where(zero, number(1, x), x)
    if 2 * exponent == int(2 * exponent):
        found = _b.multiply(_power(safe, whole), _b.sqrt(safe))
    else:
        found = _b.exp(_b.multiply(_b.log(safe), number(exponent, x)))
    return _b.where(zero, number(0, x), found)


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
@operation(lists=True)
def stack(x: Any, axis: int = 0) -> Any:
    """Tensors of one shape along a new axis."""
    return _b.concatenate([expand_dims(part, axis) for part in x], axis)


@operation()
def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """A new axis of size 1 at this place of the result, or at each of several."""
    axes = axes_of(axis)
    rank = x.ndim + len(axes)
    new = {axis_of(at, rank, "expand_dims") for at in axes}
    if len(new) < len(axes):
        raise ValueError(f"[expand_dims] axis={axis!r} names an axis of the result's {rank} twice. Name each once.")
    old = iter(range(x.ndim))
    return _with_sizes(x, [None if at in new else next(old) for at in range(rank)], "expand_dims")


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
    for item in items:
        if is_tensor(item) and not (isinstance(item, (np.ndarray, np.integer)) and item.ndim == 0):
            raise TypeError(
                f"[get_item] a tensor cannot be the index of one: {item!r}. Multiply by a mask, or use ops.where; for "
                "the number in an array write int(...)."
            )
    at = next((i for i, item in enumerate(items) if item is Ellipsis), None)  # not `in`, which asks `==`
    if at is not None:
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
        start = 0 if item.start is None else item.start
        if start >= 0 and (item.stop is None or item.stop < 0):
            return start, 0 if item.stop is None else -item.stop
    elif hasattr(item, "__index__") and size is not None:
        if not -size <= item < size:
            raise IndexError(f"[get_item] index {item} is out of range for axis {axis} of size {size}.")
        return item % size, size - 1 - item % size
    raise ValueError(
        f"[get_item] {item!r} cannot be taken of axis {axis}, whose size is {size or 'unknown'}. Of an axis of unknown "
        "size slices are taken that leave out so many at its ends: [2:], [:-1], [2:-1]. Give Input the size."
    )


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
