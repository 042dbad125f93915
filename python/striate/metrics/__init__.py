"""Figures gathered over batches, by class or by name."""

from typing import Any

from striate.losses import mean_absolute_error, mean_squared_error
from striate.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    accuracy_for,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from striate.metrics.losses_as_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from striate.metrics.mean import Mean, MeanMetricWrapper
from striate.metrics.metric import Metric
from striate.utils import identifiers

_CLASSES = [
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    Mean,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
]
_TABLE = identifiers.table_of(_CLASSES, bce=BinaryCrossentropy, mae=MeanAbsoluteError, mse=MeanSquaredError)

mae = MAE = mean_absolute_error
mse = MSE = mean_squared_error

serialize = identifiers.serialize


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric that `serialize` described."""
    return identifiers.deserialize(config, _TABLE, "metric", custom_objects)


def get(identifier: Any) -> Any:
    """A `Metric` from its name ("mse", "SparseCategoricalAccuracy"), a config, a class, an instance or a function.

    A function `f(y_true, y_pred)` that returns one value a sample is averaged; None stays None. What "accuracy" means
    depends on shapes: `fit` asks `accuracy_for`.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("mse").name
        'mean_squared_error'
    """
    found = identifiers.get(identifier, _TABLE, "metric", Metric)
    return found if found is None or isinstance(found, Metric) else MeanMetricWrapper(found)


__all__ = [
    "MAE",
    "MSE",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "accuracy_for",
    "binary_accuracy",
    "categorical_accuracy",
    "deserialize",
    "get",
    "mae",
    "mean_absolute_error",
    "mean_squared_error",
    "mse",
    "serialize",
    "sparse_categorical_accuracy",
]
