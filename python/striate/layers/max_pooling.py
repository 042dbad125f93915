"""Maxima of windows."""

from typing import Any

from striate import ops
from striate.layers.base_pooling import BasePooling


class BaseMaxPooling(BasePooling):
    """What MaxPooling1D, MaxPooling2D and MaxPooling3D share."""

    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, self.pool_size, **self._options(inputs))


class MaxPooling1D(BaseMaxPooling):
    """The maximum of each window of a sequence. The arguments are `MaxPooling2D`'s with one number where that has two.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, new steps, channels).

    Example:
        >>> MaxPooling1D()(np.float32([[[1], [3], [2], [5]]])).reshape(-1).tolist()
        [3.0, 5.0]
    """

    rank = 1


class MaxPooling2D(BaseMaxPooling):
    """The maximum of each window, channel by channel.

    A size n becomes `floor((n + before + after - pool) / stride) + 1`, with `ceil` instead of `floor` in ceil mode (a
    window that would start in the padding after the input is dropped); with padding="same" it is `ceil(n / stride)`.
    What lies outside the input never is the maximum.

    Args:
        pool_size: the window's height and width; one integer stands for both.
        strides: by how far it moves; None: by its size.
        padding: "valid": none; "same": as much as gives `ceil(n / stride)`; or, beyond Keras, an integer, one integer
            or one (before, after) pair for each spatial axis.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        name: the layer's name.
        ceil_mode: whether the last window may reach beyond the input (beyond Keras).
        strict: whether a stride that does not fit is an error (beyond Keras).
        **kwargs: `Layer`'s: dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, new rows, new columns, channels).

    Raises:
        ValueError: an argument is out of its range or comes in a later version; the input has other than four axes; the
            window is larger than the padded input.

    Example:
        >>> MaxPooling2D()(np.zeros((1, 5, 4, 3), "float32")).shape
        (1, 2, 2, 3)
    """

    rank = 2


class MaxPooling3D(BaseMaxPooling):
    """The maximum of each window of a volume. The arguments are `MaxPooling2D`'s with three numbers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        (batch, new depth, new rows, new columns, channels).

    Example:
        >>> MaxPooling3D()(np.zeros((1, 4, 4, 4, 2), "float32")).shape
        (1, 2, 2, 2, 2)
    """

    rank = 3
