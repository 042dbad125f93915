"""What training makes small, by class, by function or by name."""

from typing import Any

from striate.losses.binary_crossentropy import BinaryCrossentropy, binary_crossentropy
from striate.losses.categorical_crossentropy import CategoricalCrossentropy, categorical_crossentropy
from striate.losses.loss import Loss, LossFunctionWrapper, reduce_losses
from striate.losses.mean_squared_error import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from striate.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from striate.utils import identifiers

_CLASSES = [
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
]
_TABLE = identifiers.table_of(_CLASSES, bce=BinaryCrossentropy, mae=MeanAbsoluteError, mse=MeanSquaredError)

bce = binary_crossentropy
mae = MAE = mean_absolute_error
mse = MSE = mean_squared_error

serialize = identifiers.serialize


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss that `serialize` described."""
    return identifiers.deserialize(config, _TABLE, "loss", custom_objects)


def get(identifier: Any) -> Any:
    """A `Loss` from its name ("mse", "SparseCategoricalCrossentropy"), a config, a class, an instance or a function.

    A function `f(y_true, y_pred)` that returns one loss a sample is wrapped, this module's own in their classes; None
    stays None.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("mse").name
        'mean_squared_error'
    """
    found = identifiers.get(identifier, _TABLE, "loss", Loss)
    if found is None or isinstance(found, Loss):
        return found
    known = (cls() for cls in _CLASSES)
    return next((loss for loss in known if loss.fn is found), None) or LossFunctionWrapper(found)


__all__ = [
    "MAE",
    "MSE",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "bce",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mae",
    "mean_absolute_error",
    "mean_squared_error",
    "mse",
    "reduce_losses",
    "serialize",
    "sparse_categorical_crossentropy",
]
