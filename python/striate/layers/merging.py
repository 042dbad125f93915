"""Several tensors to one."""

from functools import reduce
from typing import Any

from striate import ops
from striate.layers.argument_validation import is_integer
from striate.layers.layer import Layer


class Merge(Layer):
    """What layers share that are called with a list of tensors of shapes that broadcast together."""

    exactly: int | None = None  # how many tensors it takes; None: one or more

    def call(self, inputs: Any) -> Any:
        layer = type(self).__name__
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(f"A `{layer}` layer should be called on a list of inputs. Received: inputs={inputs!r}.")
        if self.exactly is not None and len(inputs) != self.exactly:
            raise ValueError(
                f"A `{layer}` layer should be called on exactly {self.exactly} inputs. Received: {len(inputs)} inputs "
                f"of shapes {[tuple(x.shape) for x in inputs]}."
            )
        return self.merge(inputs)

    def merge(self, inputs: Any) -> Any:
        """One tensor from a list of them."""
        raise NotImplementedError(f"{type(self).__name__} needs merge(inputs).")


class Add(Merge):
    """The sum of tensors.

    Input shape:
        A list of shapes that broadcast together.

    Output shape:
        What they broadcast to.

    Raises:
        ValueError: it is called with no list, or the shapes do not broadcast.

    Example:
        >>> Add()([np.float32([1, 2]), np.float32([3, 4])]).tolist()
        [4.0, 6.0]
    """

    def merge(self, inputs: Any) -> Any:
        return reduce(ops.add, inputs)


class Subtract(Merge):
    """The first tensor less the second. Shapes and errors are as `Add`'s.

    Example:
        >>> Subtract()([np.float32([3, 4]), np.float32([1, 1])]).tolist()
        [2.0, 3.0]
    """

    exactly = 2

    def merge(self, inputs: Any) -> Any:
        return reduce(ops.subtract, inputs)


class Multiply(Merge):
    """The product of tensors, value by value. Shapes and errors are as `Add`'s.

    Example:
        >>> Multiply()([np.float32([1, 2]), np.float32([3, 4])]).tolist()
        [3.0, 8.0]
    """

    def merge(self, inputs: Any) -> Any:
        return reduce(ops.multiply, inputs)


class Average(Merge):
    """The mean of tensors, value by value. Shapes and errors are as `Add`'s.

    Example:
        >>> Average()([np.float32([1, 2]), np.float32([3, 4])]).tolist()
        [2.0, 3.0]
    """

    def merge(self, inputs: Any) -> Any:
        return ops.divide(reduce(ops.add, inputs), float(len(inputs)))


class Maximum(Merge):
    """The larger of tensors, value by value. Shapes and errors are as `Add`'s.

    Example:
        >>> Maximum()([np.float32([1, 4]), np.float32([3, 2])]).tolist()
        [3.0, 4.0]
    """

    def merge(self, inputs: Any) -> Any:
        return reduce(ops.maximum, inputs)


class Minimum(Merge):
    """The smaller of tensors, value by value. Shapes and errors are as `Add`'s.

    Example:
        >>> Minimum()([np.float32([1, 4]), np.float32([3, 2])]).tolist()
        [1.0, 2.0]
    """

    def merge(self, inputs: Any) -> Any:
        return reduce(ops.minimum, inputs)


class Concatenate(Merge):
    """Tensors one behind the other along an axis.

    Args:
        axis: the axis.
        **kwargs: `Layer`'s: name, dtype, trainable.

    Input shape:
        A list of shapes that agree but for that axis.

    Output shape:
        Theirs, that axis being the sum of theirs.

    Raises:
        ValueError: it is called with no list, or the shapes do not agree.

    Example:
        >>> Concatenate()([np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32")]).shape
        (2, 4)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not is_integer(axis):
            raise ValueError(f"Concatenate: `axis` must be an integer. Received: axis={axis!r}.")
        self.axis = int(axis)

    def merge(self, inputs: Any) -> Any:
        shapes = [tuple(x.shape) for x in inputs]
        rank = len(shapes[0])
        axis = self.axis % rank if -rank <= self.axis < rank else None
        agree = all(
            len(shape) == rank
            and all(_agree(a, b) or i == axis for i, (a, b) in enumerate(zip(shape, shapes[0], strict=True)))
            for shape in shapes
        )
        if axis is None or not agree:
            raise ValueError(
                "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                f"Received: axis={self.axis}, input_shape={shapes}"
            )
        return ops.concatenate(inputs, axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _agree(a: int | None, b: int | None) -> bool:
    return a is None or b is None or a == b


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of tensors; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The first tensor less the second; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of tensors; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of tensors; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The larger of tensors; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smaller of tensors; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Tensors one behind the other; see `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
