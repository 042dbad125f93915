"""Cross-entropy of yes-or-no predictions."""

from typing import Any

from striate import config, ops
from striate.losses import shapes
from striate.losses.loss import LossFunctionWrapper
from striate.utils.later import refuse_later


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))`, averaged over the last axis.

    Args:
        y_true: zeros and ones (or probabilities), y_pred's shape.
        y_pred: probabilities, clipped to [1e-7, 1 - 1e-7], or logits.
        from_logits: whether y_pred holds logits, which a sigmoid has yet to turn into probabilities.
        label_smoothing: 0; other values come in a later version.
        axis: -1; other values come in a later version.

    Returns:
        Losses of shape y_pred.shape[:-1].

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> print(binary_crossentropy(np.float32([[1, 0]]), np.float32([[0.5, 0.5]])).round(4))
        [0.6931]
    """
    refuse_later("binary_crossentropy", {"label_smoothing": (label_smoothing, 0.0), "axis": (axis, -1)})
    y_true, y_pred = shapes.align(y_true, y_pred)
    if from_logits:
        # softplus(x) - x * t, whose large parts cancel before the small one is added: else rounding would eat it.
        near = ops.subtract(ops.relu(y_pred), ops.multiply(y_pred, y_true))
        return ops.mean(ops.add(near, ops.softplus(ops.negate(ops.abs(y_pred)))), axis=-1)
    p = ops.clip(y_pred, config.epsilon(), 1.0 - config.epsilon())
    yes = ops.multiply(y_true, ops.log(p))
    no = ops.multiply(ops.subtract(1.0, y_true), ops.log(ops.subtract(1.0, p)))
    return ops.negate(ops.mean(ops.add(yes, no), axis=-1))


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy between zeros and ones and predicted probabilities of one.

    `loss = -(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))`, averaged over the last axis and the batch.

    Args:
        from_logits: whether predictions are logits instead of probabilities; prefer it where the choice is free, a
            sigmoid that has reached 1 in float32 has lost how certain it was.
        label_smoothing: 0; other values come in a later version.
        axis: -1; other values come in a later version.
        reduction: see `Loss`.
        name: stands in configurations.

    Example:
        >>> round(float(BinaryCrossentropy()(np.float32([[1, 0]]), np.float32([[0.5, 0.5]]))), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        refuse_later("BinaryCrossentropy", {"label_smoothing": (label_smoothing, 0.0), "axis": (axis, -1)})
        super().__init__(binary_crossentropy, reduction, name, dtype, from_logits=from_logits)
