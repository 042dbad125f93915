"""Layers that move values and change none."""

from typing import Any

import numpy as np

from striate import ops
from striate.layers.argument_validation import Shape, check_data_format, check_input, is_integer, positive_integer
from striate.layers.layer import Layer


class Flatten(Layer):
    """All axes but the batch's as one, in row-major order: rows, columns, channels.

    Args:
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, ...).

    Output shape:
        (batch, size); (batch, 1) for inputs of shape (batch,).

    Example:
        >>> Flatten()(np.zeros((2, 3, 4), "float32")).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format, "Flatten")

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (0, 1) if len(inputs.shape) == 1 else (0, -1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """The same values in the same row-major order, in other axes behind the batch's.

    Args:
        target_shape: the sizes without the batch's; one of them may be -1: what is left.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, ...).

    Output shape:
        (batch, *target_shape).

    Raises:
        ValueError: a size is neither positive nor -1, there are several -1, or the sizes do not fit the input.

    Example:
        >>> Reshape((2, -1))(np.zeros((5, 6), "float32")).shape
        (5, 2, 3)
    """

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = tuple(target_shape)
        if not all(is_integer(size) and (size > 0 or size == -1) for size in sizes) or sizes.count(-1) > 1:
            raise ValueError(
                "Reshape: `target_shape` must hold positive integers, and -1 at most once. Received: "
                f"target_shape={target_shape!r}."
            )
        self.target_shape = tuple(int(size) for size in sizes)

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (0, *self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Axes in another order.

    Args:
        dims: the input's axis that each of the output's is, counted from 1 and without the batch's: (2, 1) exchanges
        two. **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, ...), as many axes behind the batch's as dims has.

    Output shape:
        The same sizes in the order dims says.

    Raises:
        ValueError: dims are not 1 to n in some order, or the input has other than n axes behind the batch's.

    Example:
        >>> Permute((2, 1))(np.zeros((10, 64, 32), "float32")).shape
        (10, 32, 64)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={dims}"
            )

    def call(self, inputs: Any) -> Any:
        check_input(self.name, inputs.shape, ndim=len(self.dims) + 1)
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """A vector several times over.

    Args:
        n: how many times.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, features).

    Output shape:
        (batch, n, features).

    Raises:
        ValueError: n is not a positive integer, or the input has other than two axes.

    Example:
        >>> RepeatVector(3)(np.float32([[1, 2]])).tolist()
        [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_integer(n, "RepeatVector", "n")

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=2)

    def call(self, inputs: Any) -> Any:
        check_input(self.name, inputs.shape, ndim=2)
        # Broadcasting against ones repeats; a product with 1 changes no bit.
        return ops.multiply(ops.reshape(inputs, (0, 1, -1)), np.ones((1, self.n, 1), "float32"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
