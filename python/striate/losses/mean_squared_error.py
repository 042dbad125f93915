"""Mean squared and absolute differences."""

from typing import Any

from striate import ops
from striate.losses import shapes
from striate.losses.loss import LossFunctionWrapper


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((y_true - y_pred)**2)` over the last axis.

    Args:
        y_true: what was to be predicted.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape y_pred.shape[:-1].

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> mean_squared_error(np.float32([[0, 2]]), np.float32([[0, 0]])).tolist()
        [2.0]
    """
    return ops.mean(ops.square(ops.subtract(*shapes.align(y_true, y_pred))), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)` over the last axis.

    Args:
        y_true: what was to be predicted.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape y_pred.shape[:-1].

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> mean_absolute_error(np.float32([[0, 2]]), np.float32([[0, 0]])).tolist()
        [1.0]
    """
    return ops.mean(ops.abs(ops.subtract(*shapes.align(y_true, y_pred))), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """The mean of squared differences between labels and predictions: `loss = mean((y_true - y_pred)**2)`.

    Args:
        reduction: see `Loss`.
        name: stands in configurations.

    Example:
        >>> float(MeanSquaredError()(np.float32([[0, 2]]), np.float32([[0, 0]])))
        2.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of absolute differences between labels and predictions: `loss = mean(|y_true - y_pred|)`.

    Args:
        reduction: see `Loss`.
        name: stands in configurations.

    Example:
        >>> float(MeanAbsoluteError()(np.float32([[0, 2]]), np.float32([[0, 0]])))
        1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)
