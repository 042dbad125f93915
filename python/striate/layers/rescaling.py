"""Pixels to the range that networks like."""

from typing import Any

import numpy as np

from striate import ops
from striate.layers.layer import Layer


class Rescaling(Layer):
    """`x * scale + offset`: `Rescaling(1 / 255)` takes bytes to [0, 1], `Rescaling(1 / 127.5, offset=-1)` to [-1, 1].

    Args:
        scale: a number, or one for each channel.
        offset: a number, or one for each channel.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any.

    Output shape:
        The input's.

    Example:
        >>> Rescaling(0.5, offset=1)(np.float32([0, 2])).tolist()
        [1.0, 2.0]
    """

    accepts_integers = True  # images come as bytes

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = _plain(scale)
        self.offset = _plain(offset)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.dtype)
        return ops.add(ops.multiply(x, np.asarray(self.scale, self.dtype)), np.asarray(self.offset, self.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
