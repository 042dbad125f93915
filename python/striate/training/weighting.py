"""Weights of samples, given as such or by class."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.training import feeding


def checked_weights(weight: Any, targets: list[np.ndarray], names: list[str]) -> list[np.ndarray]:
    """One array of weights of shape (n,) for each output; one array serves all.

    Raises:
        ValueError: the shape does not fit, or a weight is not finite.
    """
    many = isinstance(weight, (list, tuple, dict))
    arrays = feeding.listed(weight, names if many else [], "sample_weight")
    if len(arrays) == 1:
        arrays *= len(targets)
    for array, target in zip(arrays, targets, strict=True):
        if array.ndim != 1 or len(array) != len(target):
            raise ValueError(
                f"`sample_weight` must have one weight a sample: expected shape ({len(target)},), received "
                f"{array.shape}."
            )
        if not np.isfinite(array).all():
            raise ValueError("`sample_weight` holds NaN or infinite weights. Use finite numbers.")
    return arrays


def weights_from_classes(class_weight: Any, targets: list[np.ndarray]) -> list[np.ndarray]:
    """The weight of each sample's class; classes that are not named weigh 1.

    Raises:
        ValueError: it is no dict of class number to weight, or the model has several outputs.
    """
    if not isinstance(class_weight, dict) or not all(isinstance(key, (int, np.integer)) for key in class_weight):
        raise ValueError(f"`class_weight` must be a dict of class number to weight. Received: {class_weight!r}.")
    if len(targets) != 1:
        raise ValueError("`class_weight` is for models of one output. Use `sample_weight` for several.")
    target = targets[0]
    one_hot = target.ndim > 1 and target.shape[-1] > 1
    classes = target.argmax(axis=-1) if one_hot else target.reshape(len(target), -1)[:, 0].astype(np.int64)
    weights = np.ones(len(target), np.float32)
    for number, weight in class_weight.items():
        weights[classes == number] = weight
    return [weights]
