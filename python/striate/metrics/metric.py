"""Base of metrics."""

import re
from typing import Any

import numpy as np

from striate import _core

Shape = tuple[int, ...]
Updates = list[tuple[Any, Any]]


class Metric:
    """A figure gathered over many batches.

    What is gathered lives in Variables, so training updates it inside the compiled step and nobody waits for it;
    `result` reads the Variables, and is called only when a progress bar or a callback asks.

    Subclasses make Variables by `add_variable`, have `traced_update(y_true, y_pred, sample_weight=None)`, which returns
    [(Variable, new value)], and `result()`, which returns a float.

    Args:
        name: the key in logs; None means the class's name in snake case.
        dtype: None; other values come in a later version.

    Example:
        >>> accuracy = striate.metrics.SparseCategoricalAccuracy()
        >>> accuracy.update_state(np.int64([0, 1]), np.float32([[0.9, 0.1], [0.8, 0.2]]))
        >>> accuracy.result()
        0.5
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        if dtype not in (None, "float32"):
            raise ValueError(f"The argument `dtype` comes in a later version of striate. Received: dtype={dtype!r}.")
        self.name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()
        self.dtype = "float32"
        self.variables: list[Any] = []

    def add_variable(self, shape: Shape = (), name: str = "total") -> Any:
        """A float32 Variable of zeros, which `reset_state` makes zeros again."""
        variable = _core.Variable(f"{self.name}/{name}", np.zeros(shape, "float32"))
        self.variables.append(variable)
        return variable

    def traced_update(self, *args: Any, **kwargs: Any) -> Updates:
        """[(Variable, new value)]: what this batch adds; the arguments are (y_true, y_pred, sample_weight=None).

        Written in `striate.ops`, for values of a graph and for arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} needs traced_update(y_true, y_pred, sample_weight=None).")

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds one batch of arrays now; the arguments are `traced_update`'s."""
        for variable, value in self.traced_update(*args, **kwargs):
            variable.assign(np.asarray(value))

    def result(self) -> float:
        """The figure so far, a float."""
        raise NotImplementedError(f"{type(self).__name__} needs result().")

    def reset_state(self) -> None:
        """Forgets all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, "float32"))

    reset_states = reset_state  # Keras 2's name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
