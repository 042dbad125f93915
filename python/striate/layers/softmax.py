"""Softmax as a layer."""

from typing import Any

from striate import activations
from striate.layers.layer import Layer


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along an axis.

    Args:
        axis: the axis that then sums to 1.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any of two axes or more.

    Output shape:
        The input's.

    Raises:
        ValueError: the input has no such axis.

    Example:
        >>> Softmax()(np.float32([[0, 0]])).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return activations.softmax(inputs, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
