"""Base of metrics."""

import re
from typing import Any

import numpy as np

from striate import initializers
from striate.losses import shapes
from striate.metrics.state import Updates, updates_of
from striate.utils.later import refuse_later
from striate.variables import Variable

Shape = tuple[int, ...]


class Figure(float):
    """A number that also answers `.numpy()`, as scripts expect of what a metric returns."""

    def numpy(self) -> Any:
        """The number as NumPy has it."""
        return np.float32(self)


class Metric:
    """A figure gathered over many batches.

    What is gathered lives in Variables, so training updates it inside the compiled step and nobody waits for it;
    `result` reads the Variables, and is called only when a progress bar or a callback asks.

    Subclasses make Variables by `add_weight` and have `update_state(y_true, y_pred, sample_weight=None)`, which assigns
    to them, and `result()`, which computes the figure from them. `update_state` is written in `striate.ops`: in `fit`
    and `evaluate` it is traced once, and its assignments happen with each batch. In its place there may be
    `traced_update`, of the same arguments, which returns [(Variable, new value)].

    Args:
        name: the key in logs; None means the class's name in snake case.
        dtype: None; other values come in a later version.

    Example:
        >>> class Largest(Metric):
        ...     def __init__(self, name="largest", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.largest = self.add_weight(name="largest", initializer="zeros")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest.assign(striate.ops.maximum(self.largest, striate.ops.max(y_pred)))
        ...     def result(self):
        ...         return self.largest
        >>> float(Largest()(np.float32([0, 1]), np.float32([0.5, 0.75])))
        0.75
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        refuse_later(type(self).__name__, {"dtype": (None if dtype == "float32" else dtype, None)})
        self.name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()
        self.dtype = "float32"
        self.variables: list[Any] = []

    def add_weight(
        self, shape: Shape = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Any:
        """A new Variable, which `reset_state` makes zeros.

        Args:
            shape: sizes; (): a scalar.
            initializer: what makes the first values: a name, an initializer, or a function of (shape, dtype).
            dtype: the element type; None: float32.
            name: unique in the metric; None: "variable".
        """
        sizes = (shape,) if hasattr(shape, "__index__") else tuple(shape)
        dtype = str(np.dtype(dtype or self.dtype))
        first = np.asarray(initializers.get(initializer or "zeros")(sizes, dtype), dtype)
        variable = Variable(f"{self.name}/{name or 'variable'}", first)
        self.variables.append(variable)
        return variable

    def add_variable(
        self,
        shape: Shape = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Any:
        """`add_weight`; `aggregation`, how several machines would be one, means nothing here."""
        return self.add_weight(shape, initializer, dtype, name)

    def traced_update(self, *args: Any, **kwargs: Any) -> Updates:
        """[(Variable, new value)]: what this batch adds; the arguments are (y_true, y_pred, sample_weight=None).

        Written in `striate.ops`, for values of a graph and for arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} needs update_state(y_true, y_pred, sample_weight=None).")

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds one batch now, of arrays or lists of numbers; the arguments are `traced_update`'s."""
        given = [shapes.tensor(x) for x in args]
        named = {key: shapes.tensor(x) for key, x in kwargs.items()}
        for variable, value in self.traced_update(*given, **named):
            variable.assign(value)

    def step_updates(self, y_true: Any, y_pred: Any) -> Updates:
        """What each batch adds in a compiled step, from values of a graph.

        Raises:
            NotImplementedError: `update_state` keeps what it gathers elsewhere than in Variables.
        """
        own = type(self).update_state is not Metric.update_state
        return updates_of(self, y_true, y_pred) if own else self.traced_update(y_true, y_pred)

    def result(self) -> Any:
        """The figure so far: a number, or a scalar tensor."""
        raise NotImplementedError(f"{type(self).__name__} needs result().")

    def reset_state(self) -> None:
        """Forgets all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, str(variable.dtype)))

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
