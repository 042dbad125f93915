"""The mean of each channel."""

from typing import Any

from striate import ops
from striate.layers.base_global_pooling import BaseGlobalPooling


class BaseGlobalAveragePooling(BaseGlobalPooling):
    """What the layers share that average over all of space."""

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes(inputs), keepdims=self.keepdims)


class GlobalAveragePooling1D(BaseGlobalAveragePooling):
    """The mean of each channel of a sequence, whatever the input's size.

    Args:
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, channels), or (batch, 1, channels) with keepdims.

    Raises:
        ValueError: the input has other than 3 axes.

    Example:
        >>> GlobalAveragePooling1D()(np.ones((2, 5, 3), "float32")).shape
        (2, 3)
    """

    rank = 1


class GlobalAveragePooling2D(BaseGlobalAveragePooling):
    """The mean of each channel of an image, whatever the input's size.

    Args:
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, channels), or (batch, 1, 1, channels) with keepdims.

    Raises:
        ValueError: the input has other than 4 axes.

    Example:
        >>> GlobalAveragePooling2D()(np.ones((2, 5, 4, 3), "float32")).shape
        (2, 3)
    """

    rank = 2


class GlobalAveragePooling3D(BaseGlobalAveragePooling):
    """The mean of each channel of a volume, whatever the input's size.

    Args:
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        (batch, channels), or (batch, 1, 1, 1, channels) with keepdims.

    Raises:
        ValueError: the input has other than 5 axes.

    Example:
        >>> GlobalAveragePooling3D()(np.ones((2, 5, 4, 4, 3), "float32")).shape
        (2, 3)
    """

    rank = 3
