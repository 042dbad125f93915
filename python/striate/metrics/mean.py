"""Weighted means over batches."""

from collections.abc import Callable
from typing import Any

from striate import ops
from striate.losses import shapes
from striate.losses.loss import broadcastable
from striate.metrics.metric import Figure, Metric
from striate.metrics.state import Updates


class BaseMean(Metric):
    """What means share: a sum and a count, in Variables."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def add(self, values: Any, sample_weight: Any = None) -> Updates:
        """[(Variable, new value)]: what these values add."""
        if sample_weight is None:
            total, count = ops.sum(values), ops.count_like(values)
        else:
            weights = ops.broadcast_like(broadcastable(sample_weight, values), values)
            total, count = ops.sum(ops.multiply(values, weights)), ops.sum(weights)
        return [
            (self.total, ops.add(self.total, ops.cast(total, "float32"))),
            (self.count, ops.add(self.count, ops.cast(count, "float32"))),
        ]

    def result(self) -> float:
        """The mean so far; 0 before the first batch."""
        count = float(self.count.read())
        return Figure(float(self.total.read()) / count if count else 0.0)


class Mean(BaseMean):
    """The mean of values: `sum(weights * values) / sum(weights)`.

    Each batch counts by its size, so a short last batch does not bias the mean. Before the first batch it is 0.

    Args:
        name: the key in logs.

    Example:
        >>> mean = Mean()
        >>> mean.update_state(np.float32([1, 3, 5]))
        >>> mean.result()
        3.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def traced_update(self, values: Any, sample_weight: Any = None) -> Updates:
        """[(Variable, new value)]: what this batch adds."""
        return self.add(values, sample_weight)


class MeanMetricWrapper(BaseMean):
    """The mean of a function of (y_true, y_pred). The function gets both in one rank: labels of shape (n,) have (n, 1)
    where predictions do.

    Args:
        fn: a function that returns one value a sample, such as a loss.
        name: the key in logs; None means the function's name.
        **kwargs: further arguments of the function.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def traced_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Updates:
        """[(Variable, new value)]: what this batch adds."""
        return self.add(self._fn(*shapes.same_rank(y_true, y_pred), **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._fn_kwargs}
