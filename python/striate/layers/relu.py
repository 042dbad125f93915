"""Rectifiers as layers."""

import warnings
from typing import Any

from striate import activations
from striate.layers.layer import Layer


class ReLU(Layer):
    """`max(x, 0)`, with a bound above, a slope below and a threshold if asked.

    `y = x` where `x >= threshold`, else `negative_slope * (x - threshold)`, and at most `max_value`.

    Args:
        max_value: the largest value that comes out; None: no bound.
        negative_slope: the slope below the threshold.
        threshold: values below it are damped (or zeroed).
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: an argument is negative.

    Example:
        >>> ReLU(max_value=6)(np.float32([-1, 2, 8])).tolist()
        [0.0, 2.0, 6.0]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0:
            raise ValueError(f"ReLU: `max_value` must be 0 or more, or None. Received: max_value={max_value!r}.")
        for name, value in (("negative_slope", negative_slope), ("threshold", threshold)):
            if value is None or value < 0:
                raise ValueError(f"ReLU: `{name}` must be 0 or more. Received: {name}={value!r}.")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """`x` where it is positive, else `negative_slope * x` (Maas et al. 2013).

    Args:
        negative_slope: the slope below 0.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape; and `alpha`, Keras 2's name for negative_slope.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: negative_slope is negative or None.

    Example:
        >>> LeakyReLU(0.5)(np.float32([-1, 2])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=2)
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"LeakyReLU: `negative_slope` must be 0 or more. Received: {negative_slope!r}.")
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}
