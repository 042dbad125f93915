"""Weights drawn from one distribution, whatever their shape."""

from typing import Any

from striate.initializers.initializer import RandomInitializer

Shape = tuple[int, ...]


class RandomNormal(RandomInitializer):
    """Draws from a normal distribution.

    Args:
        mean: its mean.
        stddev: its standard deviation.
        seed: an integer: the same values each time; None: others each time.

    Example:
        >>> RandomNormal(stddev=0.1, seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return self._normal(shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Draws from a normal distribution, again where a value lies beyond two standard deviations.

    The result's standard deviation is 0.8796 of `stddev`.

    Args:
        mean: the mean.
        stddev: the standard deviation before truncation.
        seed: an integer: the same values each time; None: others each time.

    Example:
        >>> abs(TruncatedNormal(stddev=1.0, seed=1)((1000,))).max() <= 2.0
        np.True_
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return self._normal(shape, self.mean, self.stddev, dtype, truncated=True)


class RandomUniform(RandomInitializer):
    """Draws evenly from [minval, maxval).

    Args:
        minval: the lower bound, which may be drawn.
        maxval: the upper bound, which is not.
        seed: an integer: the same values each time; None: others each time.

    Example:
        >>> RandomUniform(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return self._uniform(shape, self.minval, self.maxval, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}
