"""What pooling layers share."""

from typing import Any

from striate.layers.argument_validation import (
    Shape,
    check_data_format,
    check_input,
    standardize_padding,
    standardize_tuple,
)
from striate.layers.layer import Layer


class BasePooling(Layer):
    """What the pooling layers share; `rank` is the number of spatial axes."""

    rank = 0

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: Any = "valid",
        data_format: str | None = None,
        name: str | None = None,
        *,
        ceil_mode: bool = False,
        strict: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        layer = type(self).__name__
        self.pool_size = standardize_tuple(pool_size, self.rank, layer, "pool_size")
        self.strides = self.pool_size if strides is None else standardize_tuple(strides, self.rank, layer, "strides")
        self.padding = standardize_padding(padding, self.rank, layer)
        self.data_format = check_data_format(data_format, layer)
        self.ceil_mode = ceil_mode
        self.strict = strict

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=self.rank + 2)

    def _options(self, inputs: Any) -> dict[str, Any]:
        check_input(self.name, inputs.shape, ndim=self.rank + 2)
        return {
            "strides": self.strides,
            "padding": self.padding,
            "ceil_mode": self.ceil_mode,
            "strict": self.strict,
        }

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }
        # What Keras has not is written only where it is used.
        extensions = {"ceil_mode": self.ceil_mode, "strict": self.strict}
        return {**config, **{name: True for name, used in extensions.items() if used}}
