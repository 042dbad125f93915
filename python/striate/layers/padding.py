"""Zeros around, and margins off."""

from typing import Any

from striate import ops
from striate.layers.argument_validation import Pairs, Shape, check_data_format, check_input, standardize_pairs
from striate.layers.layer import Layer


class BaseSpatialMargins(Layer):
    """What layers share that add to or take from both ends of each spatial axis; `rank` is the number of those."""

    rank = 0
    argument = ""

    def __init__(self, margins: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margins: Pairs = standardize_pairs(margins, self.rank, type(self).__name__, self.argument)
        self.data_format = check_data_format(data_format, type(self).__name__)

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=self.rank + 2)

    def _sides(self, inputs: Any) -> tuple[list[int], list[int]]:
        check_input(self.name, inputs.shape, ndim=self.rank + 2)
        return [0, *(lo for lo, _ in self.margins), 0], [0, *(hi for _, hi in self.margins), 0]

    def get_config(self) -> dict[str, Any]:
        margins = self.margins[0] if self.rank == 1 else self.margins
        return {**super().get_config(), self.argument: margins, "data_format": self.data_format}


class BaseZeroPadding(BaseSpatialMargins):
    """What ZeroPadding1D, ZeroPadding2D and ZeroPadding3D share."""

    argument = "padding"

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.pad(inputs, list(zip(*self._sides(inputs), strict=True)))


class BaseCropping(BaseSpatialMargins):
    """What Cropping1D, Cropping2D and Cropping3D share."""

    argument = "cropping"

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        lo, hi = self._sides(inputs)
        for axis, size in enumerate(inputs.shape):
            if size is not None and lo[axis] + hi[axis] >= size:
                raise ValueError(
                    f'Layer "{self.name}": cropping {(lo[axis], hi[axis])} leaves nothing of axis {axis}, which has '
                    f"size {size}. Received: inputs.shape={tuple(inputs.shape)}, cropping={self.margins}."
                )
        return ops.crop(inputs, lo, hi)


class ZeroPadding1D(BaseZeroPadding):
    """Zeros before and after a sequence.

    Args:
        padding: how many steps; a pair (before, after) or one integer for both.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, before + steps + after, channels).

    Raises:
        ValueError: padding is nothing of these, or the input has other than three axes.

    Example:
        >>> ZeroPadding1D((1, 2))(np.ones((1, 1, 1), "float32")).reshape(-1).tolist()
        [0.0, 1.0, 0.0, 0.0]
    """

    rank = 1


class ZeroPadding2D(BaseZeroPadding):
    """Rows and columns of zeros around images.

    Args:
        padding: ((top, bottom), (left, right)); (height, width) for both sides each; or one integer for all four.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, top + rows + bottom, left + columns + right, channels).

    Raises:
        ValueError: padding is nothing of these, or the input has other than four axes.

    Example:
        >>> ZeroPadding2D(((1, 0), (2, 2)))(np.ones((1, 3, 3, 1), "float32")).shape
        (1, 4, 7, 1)
    """

    rank = 2


class ZeroPadding3D(BaseZeroPadding):
    """Zeros around volumes. The argument is `ZeroPadding2D`'s with three pairs or integers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        The same with each spatial size grown.

    Example:
        >>> ZeroPadding3D(1)(np.ones((1, 2, 2, 2, 1), "float32")).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3


class Cropping1D(BaseCropping):
    """Steps off both ends of a sequence.

    Args:
        cropping: how many; a pair (before, after) or one integer for both.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, steps - before - after, channels).

    Raises:
        ValueError: cropping is nothing of these, or leaves nothing; the input has other than three axes.

    Example:
        >>> Cropping1D((1, 0))(np.float32([[[1], [2], [3]]])).reshape(-1).tolist()
        [2.0, 3.0]
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping2D(BaseCropping):
    """Margins off images.

    Args:
        cropping: ((top, bottom), (left, right)); (height, width) for both sides each; or one integer for all four.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, rows - top - bottom, columns - left - right, channels).

    Raises:
        ValueError: cropping is nothing of these, or leaves nothing; the input has other than four axes.

    Example:
        >>> Cropping2D(((1, 0), (0, 0)))(np.ones((1, 3, 3, 1), "float32")).shape
        (1, 2, 3, 1)
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(BaseCropping):
    """Margins off volumes. The argument is `Cropping2D`'s with three pairs or integers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        The same with each spatial size shrunk.

    Example:
        >>> Cropping3D(1)(np.ones((1, 3, 3, 3, 1), "float32")).shape
        (1, 1, 1, 1, 1)
    """

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
