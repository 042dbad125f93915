"""Checks of layers' arguments, with the same messages everywhere."""

from typing import Any

Shape = tuple[int | None, ...]
Pairs = tuple[tuple[int, int], ...]


def is_integer(value: Any) -> bool:
    """Whether value is a whole number, NumPy's included; True and False are not."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def positive_integer(value: Any, layer: str, name: str) -> int:
    """value, or ValueError if it is not a whole number above 0."""
    if not is_integer(value) or value <= 0:
        raise ValueError(f"{layer}: `{name}` must be a positive integer. Received: {name}={value!r}.")
    return int(value)


def standardize_tuple(value: Any, rank: int, layer: str, name: str) -> tuple[int, ...]:
    """An integer, or one per spatial axis, as a tuple.

    Raises:
        ValueError: there are too few or too many, or one is not a positive integer.

    Example:
        >>> standardize_tuple(3, 2, "Conv2D", "kernel_size")
        (3, 3)
    """
    values = (value,) * rank if is_integer(value) else value
    if isinstance(values, (list, tuple)) and len(values) == rank and all(is_integer(v) and v > 0 for v in values):
        return tuple(int(v) for v in values)
    tuples = f"a tuple of {rank} positive integers" if rank > 1 else "a tuple of one"
    raise ValueError(f"{layer}: `{name}` must be a positive integer or {tuples}. Received: {name}={value!r}.")


def standardize_padding(padding: Any, rank: int, layer: str) -> str | Pairs:
    """ "valid", "same", or (before, after) for each spatial axis.

    Beyond Keras, `padding` may be an integer, one integer per axis, or one pair per axis.

    Raises:
        ValueError: it is none of these.

    Example:
        >>> standardize_padding(1, 2, "Conv2D")
        ((1, 1), (1, 1))
    """
    if isinstance(padding, str):
        if padding.lower() in ("valid", "same"):
            return padding.lower()
        if padding.lower() == "causal":
            raise ValueError(f"{layer}: padding='causal' comes in a later version of striate.")
    else:
        values = (padding,) * rank if is_integer(padding) else padding
        if isinstance(values, (list, tuple)) and len(values) == rank:
            pairs = [(v, v) if is_integer(v) else tuple(v) if isinstance(v, (list, tuple)) else () for v in values]
            if all(len(pair) == 2 and all(is_integer(v) and v >= 0 for v in pair) for pair in pairs):
                return tuple((int(lo), int(hi)) for lo, hi in pairs)
    raise ValueError(
        f"{layer}: The `padding` argument must be a list/tuple or one of {{'valid', 'same'}}: an integer of 0 or more, "
        f"or one integer or (before, after) pair for each of {rank} spatial axes. Received: {padding}"
    )


def standardize_pairs(value: Any, rank: int, layer: str, name: str) -> Pairs:
    """Amounts before and after each spatial axis: an integer, one per axis (for one axis: a pair), or a pair per axis.

    Raises:
        ValueError: value is none of these.

    Example:
        >>> standardize_pairs((1, 2), 2, "ZeroPadding2D", "padding")
        ((1, 1), (2, 2))
    """
    values = (value,) * rank if is_integer(value) else value
    if rank == 1 and isinstance(values, (list, tuple)) and len(values) == 2:
        values = (values,)
    if isinstance(values, (list, tuple)) and len(values) == rank:
        pairs = [(v, v) if is_integer(v) else tuple(v) if isinstance(v, (list, tuple)) else () for v in values]
        if all(len(pair) == 2 and all(is_integer(v) and v >= 0 for v in pair) for pair in pairs):
            return tuple((int(lo), int(hi)) for lo, hi in pairs)
    per_axis = "an integer or a pair of integers" if rank == 1 else f"an integer, {rank} integers or {rank} pairs"
    raise ValueError(f"{layer}: `{name}` must be {per_axis}, all 0 or more. Received: {name}={value!r}.")


def check_data_format(data_format: str | None, layer: str) -> str:
    """ "channels_last".

    Raises:
        ValueError: data_format is something else.
    """
    if data_format not in (None, "channels_last"):
        later = " comes in a later version of striate" if data_format == "channels_first" else " is unknown"
        raise ValueError(
            f"{layer}: data_format={data_format!r}{later}; for now it must be 'channels_last': (batch, rows, columns, "
            "channels)."
        )
    return "channels_last"


def check_input(
    layer: str,
    shape: Shape,
    *,
    ndim: int | None = None,
    min_ndim: int | None = None,
    channels: int | None = None,
) -> None:
    """Checks the shape a layer is called with, in Keras's words.

    Args:
        layer: the layer's name.
        shape: the input's shape with the batch axis.
        ndim: how many axes it has to have.
        min_ndim: how many at least.
        channels: the size of the last axis.

    Raises:
        ValueError: it does not fit.
    """
    prefix = f'Input 0 of layer "{layer}" is incompatible with the layer: '
    if ndim is not None and len(shape) != ndim:
        raise ValueError(f"{prefix}expected ndim={ndim}, found ndim={len(shape)}. Full shape received: {shape}")
    if min_ndim is not None and len(shape) < min_ndim:
        raise ValueError(f"{prefix}expected min_ndim={min_ndim}, found ndim={len(shape)}. Full shape received: {shape}")
    if channels is not None and shape[-1] not in (None, channels):
        raise ValueError(
            f"{prefix}expected axis -1 of input shape to have value {channels}, but received input with shape {shape}"
        )


def known_channels(layer: str, shape: Shape) -> int:
    """The size of the last axis, which weights depend on.

    Raises:
        ValueError: it is unknown.
    """
    if shape[-1] is None:
        raise ValueError(
            f'The last axis of the inputs of layer "{layer}" must have a known size: its weights depend on it. '
            f"Received: input_shape={shape}. Give the size to Input(shape=...)."
        )
    return shape[-1]
