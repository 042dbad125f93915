"""The short way for batches like the last one: small networks take less time than looking at their data does."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from striate.layers.weights import trainable_changes
from striate.losses import SparseCategoricalCrossentropy
from striate.training.feeding import Batch


class Ready(NamedTuple):
    """A function, and the one array, or the two, that it takes as they are: all that was looked at when the first such
    batch came is true of every array of these types and shapes, but for the range of class numbers.

    Attributes:
        function: the traced function.
        changes: of what is trainable, when it was traced.
        x_dtype, x_shape, y_dtype, y_shape: of the arrays, without the batch's axis; y's None if there is none.
        classes: the labels' upper bound if they are class numbers, else 0.
    """

    function: Any
    changes: int
    x_dtype: np.dtype[Any]
    x_shape: tuple[int, ...]
    y_dtype: np.dtype[Any] | None
    y_shape: tuple[int, ...]
    classes: int

    def takes(self, x: Any, y: Any = None) -> bool:
        """Whether the function can be given these."""
        return (
            type(x) is np.ndarray
            and x.dtype is self.x_dtype
            and x.shape[1:] == self.x_shape
            and len(x) > 0
            and self.changes == trainable_changes()
            and (y is None if self.y_dtype is None else self._takes_labels(x, y))
        )

    def _takes_labels(self, x: np.ndarray, y: Any) -> bool:
        if type(y) is not np.ndarray or y.dtype is not self.y_dtype or y.shape[1:] != self.y_shape or len(y) != len(x):
            return False
        # As an unsigned number a negative one is the largest.
        return not self.classes or int(y.view(f"u{y.itemsize}").max()) < self.classes


def ready_for(function: Any, batch: Batch, x: Any, y: Any, loss: Any, output_shape: Any) -> Ready | None:
    """What makes the next batch like this one ready, or None if something had to be made of the arrays first."""

    def unchanged(given: Any, made: list[np.ndarray]) -> bool:
        if type(given) is not np.ndarray or len(made) != 1:
            return False
        return (made[0].dtype, made[0].shape) == (given.dtype, given.shape)

    if batch.weights or not unchanged(x, batch.inputs) or (y is not None and not unchanged(y, batch.targets)):
        return None
    classes = 0
    if y is not None and isinstance(loss, SparseCategoricalCrossentropy):
        classes = output_shape[-1] or 0
        if not classes or y.dtype.kind not in "iu" or not y.flags.c_contiguous:
            return None
    y_dtype, y_shape = (None, ()) if y is None else (y.dtype, y.shape[1:])
    return Ready(function, trainable_changes(), x.dtype, x.shape[1:], y_dtype, y_shape, classes)
