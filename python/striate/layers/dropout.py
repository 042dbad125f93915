"""Dropout."""

from numbers import Real
from typing import Any

from striate import ops
from striate.layers.argument_validation import is_integer
from striate.layers.layer import Layer
from striate.utils.later import refuse_later


class Dropout(Layer):
    """Sets a random share of the values to 0 in training, so that no unit relies on another (Srivastava et al. 2014).

    The rest is divided by `1 - rate`, so that sums keep their expectation. Outside training it does nothing.

    Which values is a function of the model's seed, the step and the layer's place among the model's random layers: the
    same for any number of threads, in Python and in C++, and after training is resumed.

    Args:
        rate: the share, from 0 to less than 1.
        noise_shape: None; other values come in a later version.
        seed: an integer: the same choice in every model with that seed and this name; None: the model's seed.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: rate is out of its range, or seed is no integer.

    Example:
        >>> y = Dropout(0.5)(np.ones((4, 4), "float32"), training=True)
        >>> sorted(set(y.reshape(-1).tolist()) | {0.0, 2.0})
        [0.0, 2.0]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        refuse_later("Dropout", {"noise_shape": (noise_shape, None)})
        if isinstance(rate, bool) or not isinstance(rate, (float, Real)) or not 0 <= rate < 1:
            raise ValueError(f"Dropout: `rate` must be a number from 0 to less than 1. Received: rate={rate!r}.")
        if seed is not None and not is_integer(seed):
            raise ValueError(f"Dropout: `seed` must be an integer or None. Received: seed={seed!r}.")
        self.rate = float(rate)
        self.seed = seed

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return inputs
        return ops.dropout(inputs, self.rate, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": None, "seed": self.seed}
