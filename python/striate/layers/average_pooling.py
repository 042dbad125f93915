"""Means of windows."""

from typing import Any

from striate import ops
from striate.layers.base_pooling import BasePooling


class BaseAveragePooling(BasePooling):
    """What AveragePooling1D, AveragePooling2D and AveragePooling3D share."""

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: Any = "valid",
        data_format: str | None = None,
        name: str | None = None,
        *,
        count_include_pad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)
        self.count_include_pad = count_include_pad

    def call(self, inputs: Any) -> Any:
        return ops.avg_pool(inputs, self.pool_size, count_include_pad=self.count_include_pad, **self._options(inputs))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {**config, "count_include_pad": True} if self.count_include_pad else config


class AveragePooling1D(BaseAveragePooling):
    """The mean of each window of a sequence. The arguments are `AveragePooling2D`'s with one number where that has two.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, new steps, channels).

    Example:
        >>> AveragePooling1D()(np.float32([[[1], [3], [2], [6]]])).reshape(-1).tolist()
        [2.0, 4.0]
    """

    rank = 1


class AveragePooling2D(BaseAveragePooling):
    """The mean of each window, channel by channel.

    Sizes are as `MaxPooling2D`'s. What lies outside the input does not count, in the sum or the divisor, unless
    `count_include_pad`.

    Args:
        pool_size: the window's height and width; one integer stands for both. It may be left out, as in Keras 2.
        strides: by how far it moves; None: by its size.
        padding: "valid", "same", or, beyond Keras, numbers; see `MaxPooling2D`.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        name: the layer's name.
        ceil_mode: whether the last window may reach beyond the input (beyond Keras).
        count_include_pad: whether the divisor is the whole window, its part outside the input included (beyond Keras).
        strict: whether a stride that does not fit is an error (beyond Keras).
        **kwargs: `Layer`'s: dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, new rows, new columns, channels).

    Raises:
        ValueError: as `MaxPooling2D`.

    Example:
        >>> AveragePooling2D(2)(np.ones((1, 5, 4, 3), "float32")).shape
        (1, 2, 2, 3)
    """

    rank = 2


class AveragePooling3D(BaseAveragePooling):
    """The mean of each window of a volume. The arguments are `AveragePooling2D`'s, three numbers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        (batch, new depth, new rows, new columns, channels).

    Example:
        >>> AveragePooling3D(2)(np.ones((1, 4, 4, 4, 2), "float32")).shape
        (1, 2, 2, 2, 2)
    """

    rank = 3
