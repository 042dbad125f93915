"""Convolutions over one, two or three spatial axes."""

from typing import Any

from striate import activations, initializers, ops
from striate.layers.argument_validation import (
    Shape,
    check_data_format,
    check_input,
    known_channels,
    positive_integer,
    standardize_padding,
    standardize_tuple,
)
from striate.layers.layer import Layer
from striate.utils.later import refuse_later


class BaseConv(Layer):
    """What Conv1D, Conv2D and Conv3D share; `rank` is the number of spatial axes."""

    rank = 0

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        strict: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        layer = type(self).__name__
        refuse_later(
            layer,
            {
                "groups": (groups, 1),
                "kernel_regularizer": (kernel_regularizer, None),
                "bias_regularizer": (bias_regularizer, None),
                "activity_regularizer": (activity_regularizer, None),
                "kernel_constraint": (kernel_constraint, None),
                "bias_constraint": (bias_constraint, None),
            },
        )
        self.filters = positive_integer(filters, layer, "filters")
        self.kernel_size = standardize_tuple(kernel_size, self.rank, layer, "kernel_size")
        self.strides = standardize_tuple(strides, self.rank, layer, "strides")
        self.dilation_rate = standardize_tuple(dilation_rate, self.rank, layer, "dilation_rate")
        self.padding = standardize_padding(padding, self.rank, layer)
        self.data_format = check_data_format(data_format, layer)
        self.groups = groups
        self.strict = strict
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=self.rank + 2)
        channels = known_channels(self.name, input_shape)
        self.kernel = self.add_weight(
            name="kernel", shape=(*self.kernel_size, channels, self.filters), initializer=self.kernel_initializer
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        check_input(self.name, inputs.shape, ndim=self.rank + 2, channels=self.kernel.shape[-2])
        y = ops.conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            strict=self.strict,
        )
        if self.use_bias:
            y = ops.add(y, self.bias)
        return self.activation(y)

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
        return {**config, "strict": True} if self.strict else config


class Conv1D(BaseConv):
    """Convolution over one spatial axis: sequences, signals.

    `y[n, i, f] = activation(sum over u, c of x[n, i * stride + u * dilation - before, c] * kernel[u, c, f] + bias[f])`.
    The arguments are `Conv2D`'s with one number where that has two.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, new steps, filters).

    Raises:
        ValueError: as `Conv2D`.

    Example:
        >>> Conv1D(8, 3)(np.zeros((2, 10, 4), "float32")).shape
        (2, 8, 8)
    """

    rank = 1


class Conv2D(BaseConv):
    """Convolution over two spatial axes: images.

    The kernel slides over the input and is not flipped:
    `y[n, i, j, f] = activation(sum over u, v, c of x[n, i * stride + u * dilation - before, ..., c] * kernel[u, v, c,
    f] + bias[f])`.

    A size n becomes `floor((n + before + after - (dilation * (kernel - 1) + 1)) / stride) + 1`; with padding="same"
    that is `ceil(n / stride)`. A stride that does not fit leaves the last rows and columns unused, unless `strict`.

    Args:
        filters: the number of output channels.
        kernel_size: the kernel's height and width; one integer stands for both.
        strides: by how far it moves.
        padding: "valid": none; "same": as many zeros as give `ceil(n / stride)`, the odd one after; or, beyond Keras,
            an integer, one integer or one (before, after) pair for each spatial axis. Strings in any case.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        dilation_rate: the distance between the kernel's taps.
        groups: 1; other values come in a later version.
        activation: a name or a function; None: none.
        use_bias: whether a number is added to each output channel.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint: None; other
            values come in a later version.
        strict: whether a stride that does not fit is an error (beyond Keras).
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, new rows, new columns, filters).

    Raises:
        ValueError: an argument is out of its range or comes in a later version; the input has other than four axes or
            channels than before; the kernel is larger than the padded input.

    Example:
        >>> Conv2D(8, 3, strides=2, padding="same")(np.zeros((1, 7, 7, 3), "float32")).shape
        (1, 4, 4, 8)
    """

    rank = 2


class Conv3D(BaseConv):
    """Convolution over three spatial axes: volumes, video.

    The arguments are `Conv2D`'s with three numbers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        (batch, new depth, new rows, new columns, filters).

    Raises:
        ValueError: as `Conv2D`.

    Example:
        >>> Conv3D(2, (1, 3, 3))(np.zeros((1, 4, 5, 5, 1), "float32")).shape
        (1, 4, 3, 3, 2)
    """

    rank = 3
