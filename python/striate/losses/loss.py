"""Base of losses."""

from collections.abc import Callable
from typing import Any

from striate import ops
from striate.losses import shapes
from striate.utils.later import refuse_later

_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """A number that training makes small.

    Subclasses have `call(y_true, y_pred)`, which returns one loss a sample (or a row, or a pixel); labels come in the
    predictions' type, whatever type they were given in. What reduces losses to one number is `reduction`:

    - "sum_over_batch_size", "mean": `sum(weights * losses) / number of losses`;
    - "mean_with_sample_weight": `sum(weights * losses) / sum(weights)`;
    - "sum": `sum(weights * losses)`;
    - "none", None: nothing.

    Args:
        name: stands in configurations.
        reduction: one of these strings.
        dtype: None; other values come in a later version.

    Raises:
        ValueError: the reduction is unknown, or dtype is another.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return striate.ops.abs(striate.ops.subtract(y_true, y_pred))
        >>> float(Distance()(np.float32([1, 2]), np.float32([1, 4])))
        1.0
    """

    _casts_labels = True

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in _REDUCTIONS:
            known = ", ".join(repr(known) for known in _REDUCTIONS)
            raise ValueError(f"Argument `reduction` must be one of {known}. Received: reduction={reduction!r}.")
        refuse_later(type(self).__name__, {"dtype": (None if dtype == "float32" else dtype, None)})
        self.name = name or type(self).__name__
        self.reduction = reduction
        self.dtype = "float32"

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = shapes.tensor(y_true), shapes.floating(shapes.tensor(y_pred))
        if self._casts_labels:
            y_true = shapes.as_type_of(y_true, y_pred)
        return reduce_losses(self.call(y_true, y_pred), self.reduction, shapes.tensor(sample_weight))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs call(y_true, y_pred), one loss a sample.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class LossFunctionWrapper(Loss):
    """A function of (y_true, y_pred) as a Loss. The function gets both in one rank: labels of shape (n,) have (n, 1)
    where predictions do.

    Args:
        fn: the function; it returns one loss a sample.
        reduction: see `Loss`.
        name: None means the function's name.
        **kwargs: further arguments of the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", type(fn).__name__), reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(*shapes.same_rank(y_true, y_pred), **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._fn_kwargs}


def reduce_losses(losses: Any, reduction: str | None, sample_weight: Any = None) -> Any:
    """One number from losses of any shape and weights whose leading axes are theirs."""
    if sample_weight is not None:
        weights = broadcastable(sample_weight, losses)
        losses = ops.multiply(losses, weights)
        if reduction == "mean_with_sample_weight":
            return ops.divide(ops.sum(losses), ops.sum(ops.broadcast_like(weights, losses)))
    if reduction in ("none", None):
        return losses
    if reduction == "sum":
        return ops.sum(losses)
    return ops.mean(losses)


def broadcastable(sample_weight: Any, losses: Any) -> Any:
    """Weights in the losses' type, with axes of size 1 behind until they have the losses' rank.

    Raises:
        ValueError: they have more axes than the losses.
    """
    weights = ops.cast(sample_weight, losses.dtype)
    rank = len(weights.shape)
    missing = len(losses.shape) - rank
    while missing < 0 and weights.shape[-1] == 1:  # (n, 1) weights for n losses
        weights = ops.reshape(weights, [0] * (rank - 1))
        rank, missing = rank - 1, missing + 1
    if missing < 0:
        raise ValueError(
            f"sample_weight has more axes than the losses it weighs. Received: sample_weight.shape={weights.shape}, "
            f"losses.shape={losses.shape}. Give one weight a sample, shape (batch size,)."
        )
    return ops.reshape(weights, [0] * rank + [1] * missing) if missing else weights
