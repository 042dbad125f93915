"""How often predictions are right."""

from typing import Any

from striate import ops
from striate.losses import shapes
from striate.metrics.mean import MeanMetricWrapper

Shape = tuple[int | None, ...]


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true equals y_pred, else 0."""
    return ops.cast(ops.equal(*shapes.align(y_true, y_pred)), "float32")


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where `y_pred > threshold` says what y_true does, else 0, averaged over the last axis."""
    y_true, y_pred = shapes.align(y_true, y_pred)
    return ops.mean(ops.cast(ops.equal(y_true, ops.greater(y_pred, threshold)), "float32"), axis=-1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_true and of y_pred are in the same place, else 0."""
    y_true, y_pred = shapes.tensor(y_true), shapes.floating(shapes.tensor(y_pred))
    shapes.check_same(tuple(y_true.shape), tuple(y_pred.shape))
    return _same_class(ops.argmax(shapes.as_type_of(y_true, y_pred), axis=-1), y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true is the place of the largest of y_pred, else 0."""
    y_true, y_pred = shapes.tensor(y_true), shapes.floating(shapes.tensor(y_pred))
    shapes.check_sparse(tuple(y_true.shape), tuple(y_pred.shape))
    if len(y_true.shape) == len(y_pred.shape):
        y_true = ops.reshape(y_true, [0] * (len(y_pred.shape) - 1))
    return _same_class(y_true, y_pred)


def _same_class(numbers: Any, y_pred: Any) -> Any:
    # Compared as float32, which is exact for up to 2**24 classes.
    return ops.equal(ops.cast(numbers, "float32"), ops.cast(ops.argmax(y_pred, axis=-1), "float32"))


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels.

    Args:
        name: the key in logs.

    Example:
        >>> Accuracy()(np.float32([1, 2]), np.float32([1, 3]))
        0.5
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often `prediction > threshold` says what the label, 0 or 1, does.

    Args:
        name: the key in logs.
        threshold: a prediction above it means 1.

    Raises:
        ValueError: threshold is not between 0 and 1.

    Example:
        >>> BinaryAccuracy()(np.float32([1, 0]), np.float32([0.6, 0.7]))
        0.5
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"Argument `threshold` must be between 0 and 1. Received: threshold={threshold}.")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the most probable class is the one that one-hot labels name.

    Args:
        name: the key in logs.

    Example:
        >>> CategoricalAccuracy()(np.float32([[0, 1], [0, 1]]), np.float32([[0.1, 0.9], [0.8, 0.2]]))
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the most probable class is the one that labels, class numbers, name.

    Args:
        name: the key in logs.

    Example:
        >>> SparseCategoricalAccuracy()(np.int64([1, 1]), np.float32([[0.1, 0.9], [0.8, 0.2]]))
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


def accuracy_for(target_shape: Shape, output_shape: Shape) -> Any:
    """The class that "accuracy" means for labels and predictions of these shapes: binary for predictions of one value,
    sparse for labels with one axis less or a last axis of size 1, else categorical."""
    if output_shape[-1] == 1:
        return BinaryAccuracy
    if len(target_shape) < len(output_shape) or target_shape[-1] == 1:
        return SparseCategoricalAccuracy
    return CategoricalAccuracy
