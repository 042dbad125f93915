"""Tensors that Python holds: symbolic ones, of which a model is drawn, and computed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int | None, ...]


class EagerTensor(np.ndarray):
    """A computed tensor: a NumPy array that also answers `.numpy()`, as scripts expect of what a layer returns."""

    def numpy(self) -> NDArray[Any]:
        """The same elements as a plain array."""
        return self.view(np.ndarray)


class SymbolicTensor:
    """A tensor that is not there yet: what `Input` gives, and what layers and operations give when called on one.

    Attributes:
        shape: a tuple; None where a size is known only when data come.
        dtype: the element type's name.
        name: stands in errors.
        history: (node, index): output number `index` of the layer call `node`.
    """

    def __init__(self, shape: Shape, dtype: str, name: str, history: tuple[Node, int] | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.history = history

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"{self!r} is symbolic: it has no elements, so NumPy cannot use it. Use striate.ops, or call the "
            "model on data."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} is symbolic: it is true or not only when data come. Use striate.ops.where, or ops.maximum and "
            "the like."
        )

    def __iter__(self) -> Any:
        raise TypeError(f"{self!r} is symbolic and cannot be iterated over.")

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """One call of a layer on symbolic tensors.

    Attributes:
        layer: the layer.
        args, kwargs: what it was called with; symbolic tensors may stand anywhere in them.
        inputs: the symbolic tensors among these.
        outputs: a symbolic tensor, or a structure of them.
    """

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[SymbolicTensor]) -> None:
        self.layer = layer
        self.args = args
        self.kwargs = kwargs
        self.inputs = inputs
        self.outputs: Any = None
        self.index = len(layer.inbound_nodes)  # the layer's how manieth call
