"""Where a model's data come in."""

from typing import Any

from striate import config
from striate.layers.layer import Layer
from striate.tensors import Node, SymbolicTensor
from striate.utils.later import refuse_later


class InputLayer(Layer):
    """The place of one of a model's inputs.

    Args:
        shape: sizes without the batch's; None where they may differ from batch to batch.
        batch_size: the batch's size, if it is always the same.
        dtype: the type that data are cast to; None: float32.
        batch_shape: sizes with the batch's, instead of shape and batch_size.
        sparse, ragged, input_tensor, optional: their defaults; other values come in a later version.
        name: None: "input_layer" and a number.
        **kwargs: `input_shape`, Keras 2's name for shape.

    Raises:
        ValueError: no shape is given, or a size is nothing that an axis can have.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_later(
            "InputLayer",
            {
                "sparse": (sparse or None, None),
                "ragged": (ragged or None, None),
                "input_tensor": (input_tensor, None),
                "optional": (optional, False),
            },
        )
        shape = kwargs.pop("input_shape", shape)
        super().__init__(name=name, **kwargs)
        if batch_shape is None:
            if shape is None:
                raise ValueError(
                    "You must pass a `shape` argument: the sizes without the batch's, such as (28, 28, 1)."
                )
            batch_shape = (batch_size, *([shape] if hasattr(shape, "__index__") else shape))
        wrong = [n for n in batch_shape if n is not None and (not hasattr(n, "__index__") or n < 0)]
        if wrong:
            raise ValueError(f"Cannot make an input of shape {tuple(batch_shape)}: {wrong[0]!r} is no size.")
        self.batch_shape = tuple(None if n is None else int(n) for n in batch_shape)
        self._dtype = config.standardize_dtype(dtype, integers=True)
        self.built = True
        node = Node(self, (), {}, [])
        node.outputs = SymbolicTensor(self.batch_shape, self._dtype, self.name, (node, 0))
        self.inbound_nodes.append(node)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Not called: data are put in its place."""
        raise NotImplementedError("An InputLayer is not called.")

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self._dtype, "name": self.name}


def Input(  # noqa: N802  (Keras's name)
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Any:
    """A symbolic tensor to call layers on: where data come into a model.

    Args:
        shape: sizes without the batch's; None where they may differ from batch to batch.
        batch_size: the batch's size, if it is always the same.
        dtype: the type that data are cast to; None: float32.
        batch_shape: sizes with the batch's, instead of shape and batch_size.
        name: None: "input_layer" and a number.
        sparse, tensor, optional: their defaults; other values come in a later version.

    Example:
        >>> Input((28, 28, 1)).shape
        (None, 28, 28, 1)
    """
    layer = InputLayer(
        shape,
        batch_size,
        dtype,
        sparse=sparse,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output
