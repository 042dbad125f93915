"""The process's seed, what every draw without a seed of its own is keyed by, and draws."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from striate import _core, absent
from striate.tensors import EagerTensor

# Between one seed and the next: the golden ratio in 64 bits spreads them evenly (a Weyl sequence).
_STRIDE = 0x9E3779B97F4A7C15
_MASK = 0x7FFFFFFFFFFFFFFF  # seeds fit into int64, which is what a program's variables hold

_seed = int.from_bytes(os.urandom(8), "little") & _MASK
_drawn = 0


def set_seed(seed: int) -> None:
    """Starts the sequence of seeds anew. Two processes that do so with one seed and then make the same calls draw the
    same numbers."""
    global _seed, _drawn
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ValueError(f"`seed` must be an integer. Received: seed={seed!r} of type {type(seed).__name__}.")
    _seed = int(seed) & _MASK
    _drawn = 0


def next_seed() -> int:
    """A seed for an initializer, a model or a layer that was given none: a function of the process's seed and of how
    many were handed out before."""
    global _drawn
    seed = (_seed + _drawn * _STRIDE) & _MASK
    _drawn += 1
    return seed


def uniform(
    shape: Sequence[int | None],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Any:
    """Even draws from [minval, maxval); the same for the same seed and shape.

    In a layer's `call`, which is traced once and run many times, draws without a seed are others at each step:
    a function of the model's seed and step, as `Dropout`'s are. There the first size may be None: the batch's.

    Example:
        >>> bool((uniform((2, 3), seed=1) == uniform((2, 3), seed=1)).all())
        True
    """
    if _in_call(seed, shape):
        from striate import random_values

        return random_values.uniform(shape, minval, maxval, dtype, seed)
    key = next_seed() if seed is None else seed
    return _core.random_uniform(tuple(shape), key, 0, minval, maxval, dtype or "float32").view(EagerTensor)


def normal(
    shape: Sequence[int | None], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Normal draws; the same for the same seed and shape. In a layer's `call` as `uniform`."""
    return _normal(shape, mean, stddev, False, dtype, seed)


def truncated_normal(
    shape: Sequence[int | None], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Normal draws, each redrawn until it lies within two standard deviations. In a layer's `call` as `uniform`."""
    return _normal(shape, mean, stddev, True, dtype, seed)


def _normal(shape: Any, mean: float, stddev: float, truncated: bool, dtype: Any, seed: int | None) -> Any:
    if _in_call(seed, shape):
        from striate import random_values

        return random_values.normal(shape, mean, stddev, truncated, dtype, seed)
    key = next_seed() if seed is None else seed
    drawn = _core.random_normal(tuple(shape), key, 0, mean, stddev, truncated, dtype or "float32")
    return drawn.view(EagerTensor)


def _in_call(seed: int | None, shape: Any) -> bool:
    """Whether draws are to be part of what is being traced. Those with a seed are the same numbers at each run."""
    from striate import tracing  # which needs seeds

    return tracing.current() is not None and (seed is None or None in tuple(shape))


if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
