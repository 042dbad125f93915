"""Cross-entropy against class numbers."""

from typing import Any

from striate import ops
from striate.losses import shapes
from striate.losses.loss import LossFunctionWrapper
from striate.utils.later import refuse_later


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """`-log(y_pred[y_true])`, one number a sample.

    Args:
        y_true: class numbers, shape y_pred.shape[:-1], or with one more axis of size 1.
        y_pred: probabilities, or logits, of shape (..., classes). Probabilities are divided by their sum and clipped to
            [1e-7, 1 - 1e-7].
        from_logits: whether y_pred holds logits.
        ignore_class: None; other values come in a later version.
        axis: -1; other values come in a later version.

    Returns:
        Losses of shape y_pred.shape[:-1].

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> print(sparse_categorical_crossentropy(np.int64([1]), np.float32([[0.5, 0.5]])).round(4))
        [0.6931]
    """
    refuse_later("sparse_categorical_crossentropy", {"ignore_class": (ignore_class, None), "axis": (axis, -1)})
    y_true, y_pred = shapes.tensor(y_true), shapes.floating(shapes.tensor(y_pred))
    shapes.check_sparse(tuple(y_true.shape), tuple(y_pred.shape))
    return ops.cross_entropy(y_pred, class_numbers(y_true), from_logits=from_logits)


def class_numbers(y_true: Any) -> Any:
    """Labels as int64, whatever number type they came in."""
    return y_true if str(y_true.dtype) in ("int32", "int64") else ops.cast(y_true, "int64")


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy between class numbers and predicted probabilities of two or more classes.

    `loss = -log(y_pred[y_true])` for each sample: what `CategoricalCrossentropy` gives for the one-hot form of the same
    labels, without forming it.

    Args:
        from_logits: whether predictions are logits instead of probabilities.
        ignore_class: None; other values come in a later version.
        reduction: see `Loss`.
        axis: -1, the classes' axis; other values come in a later version.
        name: stands in configurations.

    Example:
        >>> loss = SparseCategoricalCrossentropy(from_logits=True)
        >>> round(float(loss(np.int64([0, 1]), np.float32([[0, 0], [0, 0]]))), 4)
        0.6931
    """

    _casts_labels = False  # class numbers stay integers

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        refuse_later("SparseCategoricalCrossentropy", {"ignore_class": (ignore_class, None), "axis": (axis, -1)})
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, from_logits=from_logits)
