"""Checks that labels and predictions fit each other."""

from typing import Any

from striate import ops

Shape = tuple[int | None, ...]


def as_type_of(y_true: Any, y_pred: Any) -> Any:
    """y_true in y_pred's type."""
    return y_true if y_true.dtype == y_pred.dtype else ops.cast(y_true, y_pred.dtype)


def fits(a: Shape, b: Shape) -> bool:
    """Whether two shapes may be the same; unknown sizes fit any."""
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b, strict=True))


def align(y_true: Any, y_pred: Any) -> Any:
    """y_true in y_pred's type and rank: a last axis of size 1 is added or dropped as need be.

    Raises:
        ValueError: the shapes do not fit then.
    """
    y_true = as_type_of(y_true, y_pred)
    target, output = tuple(y_true.shape), tuple(y_pred.shape)
    if len(target) + 1 == len(output) and output[-1] == 1:
        y_true = ops.reshape(y_true, [0] * len(target) + [1])
    elif len(target) == len(output) + 1 and target[-1] == 1:
        y_true = ops.reshape(y_true, [0] * len(output))
    check_same(tuple(y_true.shape), output)
    return y_true


def check_same(target: Shape, output: Shape) -> None:
    """Raises ValueError, with advice, unless the shapes fit."""
    if fits(target, output):
        return
    advice = ""
    if target in ((), output[:-1], (*output[:-1], 1)) or fits(target, output[:-1]) or fits(target, (*output[:-1], 1)):
        advice = (
            " The labels look like class numbers: use the loss 'sparse_categorical_crossentropy', or make them one-hot "
            f"with striate.utils.to_categorical(labels, {output[-1]})."
        )
    raise ValueError(
        f"Arguments `target` and `output` must have the same shape. Received: target.shape={target}, "
        f"output.shape={output}.{advice}"
    )


def check_sparse(target: Shape, output: Shape) -> None:
    """Raises ValueError, with advice, unless target holds one class number for each row of output."""
    rows = output[:-1]
    if fits(target, rows) or fits(target, (*rows, 1)):
        return
    advice = " The labels look one-hot: use the loss 'categorical_crossentropy'." if fits(target, output) else ""
    raise ValueError(
        "Arguments `target` and `output` must have the same shape up until the last dimension: one class number for "
        f"each row of scores. Received: target.shape={target}, output.shape={output}.{advice}"
    )
