"""Labels and predictions as losses want them, and checks that they fit each other."""

from typing import Any

from striate import ops

Shape = tuple[int | None, ...]


def tensor(x: Any) -> Any:
    """Numbers and lists of them as an array; tensors and None stay."""
    return x if x is None or hasattr(x, "dtype") else ops.convert_to_tensor(x)


def floating(x: Any) -> Any:
    """x in its own type if that is a floating one, else in float32."""
    return x if str(x.dtype).startswith("float") else ops.cast(x, "float32")


def as_type_of(y_true: Any, y_pred: Any) -> Any:
    """y_true in y_pred's type."""
    return y_true if y_true.dtype == y_pred.dtype else ops.cast(y_true, y_pred.dtype)


def fits(a: Shape, b: Shape) -> bool:
    """Whether two shapes may be the same; unknown sizes fit any."""
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b, strict=True))


def same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both in one rank, where a last axis of size 1 is all that is between them: (n,) becomes (n, 1), and so on; else
    both as they are. Without it, (n,) and (n, 1) would broadcast to (n, n)."""
    target, output = tuple(y_true.shape), tuple(y_pred.shape)
    if len(target) == len(output) + 1 and target[-1] == 1:
        if len(output) == 1:
            return y_true, ops.reshape(y_pred, [0, 1])
        return ops.reshape(y_true, [0] * len(output)), y_pred
    if len(output) == len(target) + 1 and output[-1] == 1:
        return ops.reshape(y_true, [0] * len(target) + [1]), y_pred
    return y_true, y_pred


def align(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both in y_pred's type, or float32 if that is an integer one, and in one rank, as `same_rank` says.

    Raises:
        ValueError: the shapes do not fit then.
    """
    y_pred = floating(tensor(y_pred))
    y_true, y_pred = same_rank(as_type_of(tensor(y_true), y_pred), y_pred)
    check_same(tuple(y_true.shape), tuple(y_pred.shape))
    return y_true, y_pred


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
