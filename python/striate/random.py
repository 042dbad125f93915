"""The process's seed: what every draw without a seed of its own is keyed by."""

import os

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
