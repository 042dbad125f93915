"""An activation function as a layer."""

from typing import Any

from striate import activations
from striate.layers.layer import Layer


class Activation(Layer):
    """Applies a function to each value.

    Args:
        activation: a name ("relu", "tanh") or a function.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> Activation("relu")(np.float32([-1, 2])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
