"""Arrays prepared for training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_categorical(x: Any, num_classes: int | None = None) -> NDArray[np.float64]:
    """One-hot rows of class numbers.

    Args:
        x: class numbers from 0 to num_classes - 1: a list or an array of any shape. A last axis of size 1 is dropped.
        num_classes: the number of classes; None means the largest number in x plus 1.

    Returns:
        A float64 array of shape x.shape + (num_classes,).

    Raises:
        ValueError: a number is negative, not below num_classes, or not whole.

    Example:
        >>> to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    values = np.asarray(x)
    numbers = values.astype(np.int64)
    if not np.array_equal(numbers, values):
        raise ValueError(
            f"to_categorical takes whole class numbers. Received: x of type {values.dtype} with fractions."
        )
    shape = numbers.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    numbers = numbers.reshape(-1)
    if num_classes is None:
        num_classes = int(numbers.max()) + 1 if numbers.size else 0
    if numbers.size and (numbers.min() < 0 or numbers.max() >= num_classes):
        raise ValueError(
            f"to_categorical takes class numbers from 0 to num_classes - 1 = {num_classes - 1}. "
            f"Received: numbers from {numbers.min()} to {numbers.max()}."
        )
    rows = np.zeros((numbers.size, num_classes))
    rows[np.arange(numbers.size), numbers] = 1
    return rows.reshape(*shape, num_classes)


def normalize(x: Any, axis: int = -1, order: int = 2) -> NDArray[Any]:
    """Rows divided by their norm; a row of zeros stays.

    Args:
        x: an array.
        axis: the axis the norm runs over.
        order: the norm's order: 2 is Euclid's.

    Returns:
        An array of x's shape.

    Example:
        >>> normalize([[3.0, 4.0]])
        array([[0.6, 0.8]])
    """
    x = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    divided: NDArray[Any] = x / np.expand_dims(norms, axis)
    return divided
