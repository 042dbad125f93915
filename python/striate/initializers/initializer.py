"""Base of initializers."""

from typing import Any

from striate import _core, random

Shape = tuple[int, ...]


class Initializer:
    """Makes the first values of a weight.

    Subclasses have `__call__(shape, dtype=None)`, which returns an array, and `get_config()`.
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs __call__(shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def clone(self) -> Any:
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class RandomInitializer(Initializer):
    """Base of initializers that draw.

    Element i is a function of (seed, i) alone, so the same seed and shape give the same values each time, in any
    process and on any machine. Without a seed, each call draws anew from the process's seed
    (`striate.utils.set_random_seed`)."""

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not hasattr(seed, "__index__")):
            raise ValueError(f"`seed` must be an integer or None. Received: seed={seed!r}.")
        self.seed = None if seed is None else int(seed)

    def _uniform(self, shape: Shape, low: float, high: float, dtype: Any) -> Any:
        return _core.random_uniform(tuple(shape), self._key(), 0, low, high, dtype or "float32")

    def _normal(self, shape: Shape, mean: float, stddev: float, dtype: Any, truncated: bool = False) -> Any:
        return _core.random_normal(tuple(shape), self._key(), 0, mean, stddev, truncated, dtype or "float32")

    def _key(self) -> int:
        return random.next_seed() if self.seed is None else self.seed

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}
