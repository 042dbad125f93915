"""Weights that keep lengths."""

import math
from typing import Any

import numpy as np

from striate.initializers.initializer import RandomInitializer

Shape = tuple[int, ...]


class Orthogonal(RandomInitializer):
    """Draws a matrix whose columns (or rows, whichever are fewer) are orthogonal and of length `gain`.

    It is the Q of a normal matrix's QR factors, with signs such that R's diagonal is positive, which makes Q evenly
    distributed (Saxe et al. 2014). All axes but the last count as one.

    Args:
        gain: a factor.
        seed: an integer: the same values each time; None: others each time.

    Raises:
        ValueError: called with a shape of fewer than two axes.

    Example:
        >>> q = Orthogonal(seed=1)((4, 2), "float64")
        >>> np.allclose(q.T @ q, np.eye(2))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal makes weights of two axes or more. Received: shape={shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draws = np.asarray(self._normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, "float64"))
        q, r = np.linalg.qr(draws)
        q = q * np.sign(np.diag(r))
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed}
