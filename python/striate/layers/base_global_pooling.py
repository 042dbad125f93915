"""What layers share that pool over all of space."""

from typing import Any

from striate.layers.argument_validation import Shape, check_data_format, check_input
from striate.layers.layer import Layer


class BaseGlobalPooling(Layer):
    """What the global pooling layers share; `rank` is the number of spatial axes."""

    rank = 0

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format, type(self).__name__)
        self.keepdims = keepdims

    def build(self, input_shape: Shape) -> None:
        check_input(self.name, input_shape, ndim=self.rank + 2)

    def _axes(self, inputs: Any) -> tuple[int, ...]:
        check_input(self.name, inputs.shape, ndim=self.rank + 2)
        return tuple(range(1, self.rank + 1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}
