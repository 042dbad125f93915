"""Convolutions the other way round, over one, two or three spatial axes: decoders, generators."""

from typing import Any

from striate import ops
from striate.layers.argument_validation import Shape, check_input, is_integer, known_channels
from striate.layers.convolution import BaseConv


class BaseConvTranspose(BaseConv):
    """What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share; `rank` is the number of spatial axes."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: Any = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.output_padding = self._checked(output_padding)

    def _checked(self, output_padding: Any) -> tuple[int, ...] | None:
        if output_padding is None:
            return None
        values = (output_padding,) * self.rank if is_integer(output_padding) else output_padding
        fits = isinstance(values, (list, tuple)) and len(values) == self.rank and all(map(is_integer, values))
        if fits and all(0 <= extra < stride for extra, stride in zip(values, self.strides, strict=True)):
            return tuple(int(extra) for extra in values)
        raise ValueError(
            f"{type(self).__name__}: `output_padding` must be None, or an integer of 0 or more for each of {self.rank} "
            f"spatial axes that is smaller than the stride. Received: output_padding={output_padding!r}, "
            f"strides={self.strides}."
        )

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=self.rank + 2)
        channels = known_channels(self.name, input_shape)
        self.kernel = self.add_weight(
            name="kernel", shape=(*self.kernel_size, self.filters, channels), initializer=self.kernel_initializer
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        check_input(self.name, inputs.shape, ndim=self.rank + 2, channels=self.kernel.shape[-1])
        y = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation_rate=self.dilation_rate,
        )
        if self.use_bias:
            y = ops.add(y, self.bias)
        return self.activation(y)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return {**config, "output_padding": self.output_padding}


class Conv1DTranspose(BaseConvTranspose):
    """Convolution the other way round over one spatial axis.

    The arguments are `Conv2DTranspose`'s with one number where that has two.

    Input shape:
        (batch, steps, channels).

    Output shape:
        (batch, new steps, filters).

    Raises:
        ValueError: as `Conv2DTranspose`.

    Example:
        >>> Conv1DTranspose(8, 3, strides=2)(np.zeros((2, 10, 4), "float32")).shape
        (2, 21, 8)
    """

    rank = 1


class Conv2DTranspose(BaseConvTranspose):
    """Convolution the other way round over two spatial axes: images become larger.

    Every pixel adds its kernel, times its value, to the output. That is the gradient of `Conv2D` with respect to its
    input, so it leads from the shape of that layer's output to that of its input:
    `y[n, i * stride + u * dilation - before, ..., f] += x[n, i, j, c] * kernel[u, v, f, c]`; then the bias and the
    activation.

    A size n becomes `n * stride` with padding="same" and `n * stride + max(span - stride, 0)` with "valid", where
    `span = dilation * (kernel - 1) + 1`. With `output_padding` it becomes `(n - 1) * stride + span + output_padding`,
    with "same" `(n - 1) * stride + span % 2 + output_padding`.

    Args:
        filters: the number of output channels.
        kernel_size: the kernel's height and width; one integer stands for both.
        strides: how far one input pixel's kernel lies from the next one's.
        padding: "valid": none; "same": the output is `stride` times as large; or, beyond Keras, an integer, one integer
            or one (before, after) pair for each spatial axis: what is cut off the output.
        output_padding: None, or an integer below the stride, or one for each spatial axis: how many rows and columns
            follow those that a kernel reaches.
        data_format: None or "channels_last"; "channels_first" comes in a later version.
        dilation_rate: the distance between the kernel's taps.
        activation: a name or a function; None: none.
        use_bias: whether a number is added to each output channel.
        kernel_initializer: first values of the kernel, (height, width, filters, channels).
        bias_initializer: first values of the bias.
        kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint: None; other
            values come in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, rows, columns, channels).

    Output shape:
        (batch, new rows, new columns, filters).

    Raises:
        ValueError: an argument is out of its range or comes in a later version; the input has other than four axes or
            channels than before; nothing is left of the output.

    Example:
        >>> Conv2DTranspose(8, 2, strides=2)(np.zeros((1, 7, 7, 3), "float32")).shape
        (1, 14, 14, 8)
    """

    rank = 2


class Conv3DTranspose(BaseConvTranspose):
    """Convolution the other way round over three spatial axes.

    The arguments are `Conv2DTranspose`'s with three numbers where that has two.

    Input shape:
        (batch, depth, rows, columns, channels).

    Output shape:
        (batch, new depth, new rows, new columns, filters).

    Raises:
        ValueError: as `Conv2DTranspose`.

    Example:
        >>> Conv3DTranspose(2, (1, 3, 3), padding="same", strides=2)(np.zeros((1, 2, 3, 3, 1), "float32")).shape
        (1, 4, 6, 6, 2)
    """

    rank = 3
