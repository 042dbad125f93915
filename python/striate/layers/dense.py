"""Fully connected layers."""

from typing import Any

from striate import activations, initializers, ops
from striate.layers.argument_validation import Shape, check_input, known_channels, positive_integer
from striate.layers.layer import Layer
from striate.utils.later import refuse_later


class Dense(Layer):
    """A fully connected layer: `y = activation(x @ kernel + bias)` along the last axis.

    Args:
        units: the size of the output's last axis.
        activation: a name or a function; None: none.
        use_bias: whether a number is added to each unit.
        kernel_initializer: first values of the kernel, of shape (inputs, units).
        bias_initializer: first values of the bias.
        kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, lora_rank,
            lora_alpha, quantization_config: None; other values come in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        (batch, ..., inputs).

    Output shape:
        (batch, ..., units).

    Raises:
        ValueError: an argument is out of its range or comes in a later version; the input has fewer than two axes or
            another last axis than before.

    Example:
        >>> Dense(3)(np.zeros((2, 5), "float32")).shape
        (2, 3)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse_later(
            "Dense",
            {
                "kernel_regularizer": (kernel_regularizer, None),
                "bias_regularizer": (bias_regularizer, None),
                "activity_regularizer": (activity_regularizer, None),
                "kernel_constraint": (kernel_constraint, None),
                "bias_constraint": (bias_constraint, None),
                "lora_rank": (lora_rank, None),
                "lora_alpha": (lora_alpha, None),
                "quantization_config": (quantization_config, None),
            },
        )
        self.units = positive_integer(units, "Dense", "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, min_ndim=2)
        inputs = known_channels(self.name, input_shape)
        self.kernel = self.add_weight(name="kernel", shape=(inputs, self.units), initializer=self.kernel_initializer)
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.units,), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        check_input(self.name, inputs.shape, min_ndim=2, channels=self.kernel.shape[0])
        y = ops.matmul(inputs, self.kernel)
        if self.use_bias:
            y = ops.add(y, self.bias)
        return self.activation(y)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
