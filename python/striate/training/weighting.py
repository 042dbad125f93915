"""Weights of samples, given as such or by class."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.training import feeding


def as_array(weight: Any) -> Any:
    """A list of numbers as an array; everything else stays."""
    numbers = isinstance(weight, (list, tuple)) and len(weight) > 0
    return np.asarray(weight) if numbers and all(isinstance(w, (int, float, np.number)) for w in weight) else weight


def checked_weights(weight: Any, targets: list[np.ndarray], names: list[str], places: list[int]) -> list[np.ndarray]:
    """An array of weights for each target: of shape (n,), or with more of the target's axes, one weight for each
    element that has a loss of its own; one array serves all targets.

    Args:
        weight: an array, a list of numbers, or arrays in a list or a dict, where None means that all weigh 1.
        targets: the labels.
        names: of the model's outputs.
        places: the numbers of those that the targets belong to.

    Raises:
        ValueError: the shape does not fit, or a weight is not finite.
    """
    weight = as_array(weight)
    if isinstance(weight, (list, tuple, dict)):
        arrays = feeding.listed(weight, names, "sample_weight", optional=names)
        arrays = [arrays[i] for i in places]
    else:
        arrays = feeding.listed(weight, [], "sample_weight") * len(targets)
    if len(arrays) != len(targets):  # labels that belong to no output
        raise ValueError("`sample_weight` must be one array where labels are not those of the outputs.")
    return [_checked(array, target) for array, target in zip(arrays, targets, strict=True)]


def _checked(array: np.ndarray | None, target: np.ndarray) -> np.ndarray:
    if array is None:
        return np.ones(len(target), np.float32)
    fitted = array
    while fitted.ndim > 1 and fitted.shape[-1] == 1:
        fitted = fitted[..., 0]
    if fitted.ndim == 0 or fitted.shape != target.shape[: fitted.ndim]:
        raise ValueError(
            f"`sample_weight` must have one weight a sample, or one for each element of it that has a loss of its own: "
            f"expected shape ({len(target)},), or the first axes of the labels' shape {target.shape}. Received: "
            f"shape {array.shape}."
        )
    if fitted.dtype.kind not in "fiub" or not np.isfinite(fitted).all():
        raise ValueError("`sample_weight` holds NaN, infinite weights or no numbers. Use finite numbers.")
    return fitted


def weights_from_classes(class_weight: Any, targets: list[np.ndarray], output_shapes: list[Any]) -> list[np.ndarray]:
    """The weight of each sample's class, or of each element's where samples have a class for each, as in segmentation;
    classes that are not named weigh 1.

    Raises:
        ValueError: it is no dict of class number to weight, or the model has several outputs.
    """
    if not isinstance(class_weight, dict) or not all(isinstance(key, (int, np.integer)) for key in class_weight):
        raise ValueError(f"`class_weight` must be a dict of class number to weight. Received: {class_weight!r}.")
    if len(targets) != 1 or len(output_shapes) != 1:
        raise ValueError("`class_weight` is for models of one output. Use `sample_weight` for several.")
    target, output = targets[0], output_shapes[0]
    if target.ndim == len(output) and target.ndim > 1:  # one-hot, or class numbers with a last axis of size 1
        classes = target.argmax(axis=-1) if target.shape[-1] > 1 else target[..., 0].astype(np.int64)
    else:
        classes = target.astype(np.int64)
    weights = np.ones(classes.shape, np.float32)
    for number, weight in class_weight.items():
        weights[classes == number] = weight
    return [weights]
