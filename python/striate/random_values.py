"""Random numbers that a run draws, at each training step anew, where `striate.random` is used in a layer's `call`.

The engine has one random operation, dropout, whose choices are independent bits, a function of (seed, step, stream).
24 of them make an even draw, exactly, and that a normal one by the inverse of its distribution, as XLA does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from striate import _core, tracing
from striate.composed import number

_b = _core.ops
_BITS = 24  # of a float32

# Giles, "Approximating the erfinv function" (2010), for float32: from the highest power, in the middle and far out.
_MIDDLE = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_FAR = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


def uniform(shape: Any, low: float, high: float, dtype: Any, seed: int | None) -> Any:
    """Even draws from [low, high), which are multiples of `(high - low) / 2**24` above low."""
    return _cast(_scaled(_draws(tuple(shape), seed), high - low, low), dtype)


def normal(shape: Any, mean: float, stddev: float, truncated: bool, dtype: Any, seed: int | None) -> Any:
    """Normal draws; truncated ones lie within two standard deviations."""
    x = _scaled(_draws(tuple(shape), seed), 2, 2.0**-_BITS - 1)  # in (-1, 1), the ends left out
    if truncated:
        x = _scaled(x, math.erf(math.sqrt(2)))
    return _cast(_scaled(_erfinv(x), stddev * math.sqrt(2), mean), dtype)


def _draws(shape: tuple[Any, ...], seed: int | None) -> Any:
    """Even draws from [0, 1): multiples of 2**-24, bit by bit."""
    halves = _halves(shape)
    drawn = None
    for bit in range(_BITS):
        rng, stream = _key(seed, bit)
        flip = _b.dropout(halves, rng, 0.5, stream)
        drawn = flip if drawn is None else _b.add(_scaled(drawn, 0.5), flip)
    return _scaled(drawn, 0.5)


def _key(seed: int | None, bit: int) -> Any:
    trace = tracing.current()
    assert trace is not None
    if seed is None:
        return trace.random_key()
    return _core.constant(np.array([seed, 0], np.int64)), _core.stream_id(f"bit/{bit}")


def _halves(shape: tuple[Any, ...]) -> Any:
    """0.5 everywhere, of which dropout makes 0 and 1."""
    if None not in shape:
        return _core.constant(np.full(shape, 0.5, np.float32))
    trace = tracing.current()
    like = trace.batch_like if trace is not None else None
    if like is None or None in shape[1:]:
        raise NotImplementedError(
            f"[random] draws of shape {shape} cannot be made while a function is traced: of the sizes only the first "
            "may be None, in the `call` of a layer: the batch's. Give the sizes to Input, or give the noise to the "
            "model as one more input."
        )
    ones = _b.ones_like(like if like.dtype == "float32" else _b.cast(like, "float32"))
    column = _b.max(ones, list(range(1, like.ndim)), False) if like.ndim > 1 else ones
    column = _b.reshape(column, [-1, *[1] * (len(shape) - 1)])
    return _b.multiply(column, _core.constant(np.full((1, *shape[1:]), 0.5, np.float32)))


def _erfinv(x: Any) -> Any:
    w = _b.negate(_b.log(_b.multiply(_b.subtract(number(1, x), x), _b.add(number(1, x), x))))
    middle = _polynomial(_MIDDLE, _scaled(w, 1, -2.5))
    far = _polynomial(_FAR, _scaled(_b.sqrt(_b.abs(w)), 1, -3))
    return _b.multiply(_b.where(_b.less(w, number(5, w)), middle, far), x)


def _polynomial(coefficients: tuple[float, ...], w: Any) -> Any:
    total = number(coefficients[0], w)
    for coefficient in coefficients[1:]:
        total = _b.add(_b.multiply(total, w), number(coefficient, w))
    return total


def _scaled(x: Any, factor: float, plus: float = 0) -> Any:
    x = x if factor == 1 else _b.multiply(x, number(factor, x))
    return x if plus == 0 else _b.add(x, number(plus, x))


def _cast(x: Any, dtype: Any) -> Any:
    wanted = "float32" if dtype is None else np.dtype(dtype).name
    return x if wanted == "float32" else _b.cast(x, wanted)
