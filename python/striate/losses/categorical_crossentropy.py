"""Cross-entropy against one-hot labels or probabilities."""

from typing import Any

from striate import ops
from striate.losses import shapes
from striate.losses.loss import LossFunctionWrapper
from striate.utils.later import refuse_later


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-sum(y_true * log(y_pred))` over the classes, one number a sample.

    Args:
        y_true: one-hot labels (or probabilities), shape (..., classes).
        y_pred: probabilities, or logits, of the same shape. Probabilities are divided by their sum and clipped to
            [1e-7, 1 - 1e-7].
        from_logits: whether y_pred holds logits, which a softmax has yet to turn into probabilities.
        label_smoothing: 0; other values come in a later version.
        axis: -1; other values come in a later version.

    Returns:
        Losses of shape y_pred.shape[:-1].

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> print(categorical_crossentropy(np.float32([[0, 1]]), np.float32([[0.5, 0.5]])).round(4))
        [0.6931]
    """
    refuse_later("categorical_crossentropy", {"label_smoothing": (label_smoothing, 0.0), "axis": (axis, -1)})
    y_true, y_pred = shapes.tensor(y_true), shapes.floating(shapes.tensor(y_pred))
    shapes.check_same(tuple(y_true.shape), tuple(y_pred.shape))
    return ops.cross_entropy(y_pred, shapes.as_type_of(y_true, y_pred), from_logits=from_logits)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy between one-hot labels and predicted probabilities of two or more classes.

    `loss = -sum(y_true * log(y_pred))` for each sample. After a softmax layer, training computes it from the logits, so
    `from_logits` is a matter of what the last layer gives, not of precision.

    Args:
        from_logits: whether predictions are logits instead of probabilities.
        label_smoothing: 0; other values come in a later version.
        axis: -1, the classes' axis; other values come in a later version.
        reduction: see `Loss`.
        name: stands in configurations.

    Example:
        >>> loss = CategoricalCrossentropy()
        >>> round(float(loss(np.float32([[0, 1], [1, 0]]), np.float32([[0.5, 0.5], [1, 0]]))), 4)
        0.3466
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        refuse_later("CategoricalCrossentropy", {"label_smoothing": (label_smoothing, 0.0), "axis": (axis, -1)})
        super().__init__(categorical_crossentropy, reduction, name, dtype, from_logits=from_logits)
