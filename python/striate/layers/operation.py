"""Operations on symbolic tensors, which models hold like layers."""

from __future__ import annotations

from typing import Any

from striate import ops
from striate.layers.layer import Layer


class Operation(Layer):
    """A call of a function of `striate.ops` in a model: what `x + y` of symbolic tensors is.

    Args:
        operation: the function's name.
        **kwargs: `Layer`'s: name, dtype.
    """

    _keeps_types = True

    def __init__(self, operation: str, **kwargs: Any) -> None:
        if not callable(getattr(ops, operation, None)):
            raise ValueError(f"striate.ops has no operation {operation!r}.")
        kwargs.setdefault("name", None)
        if kwargs["name"] is None:
            from striate import naming

            kwargs["name"] = naming.unique_name(operation)
        super().__init__(**kwargs)
        self.operation = operation
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(ops, self.operation)(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "operation": self.operation}
