"""Tensors that live between runs: the engine's variables, with Keras's constructor and methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import _core, config, naming, tracing
from striate._core import Variable

_engine_init, _engine_assign = Variable.__init__, Variable.assign


def _init(
    self: Any,
    initializer: Any,
    shape: Any = None,
    dtype: Any = None,
    trainable: bool = True,
    autocast: bool = True,
    aggregation: str = "none",
    synchronization: str = "auto",
    name: str | None = None,
) -> None:
    """Keras's constructor.

    Args:
        initializer: the first elements: an array, a number or a list; or what makes them, by its name, or a function of
            (shape, dtype).
        shape: sizes; needed if something makes the elements.
        dtype: the element type. None: an array's own, but `floatx()` for float64, which is what NumPy makes unasked.
        trainable: whether training changes it, as a layer's weight.
        autocast, aggregation, synchronization: Keras's; they mean nothing here.
        name: its name in files and errors, behind those of the layers being called; None: "variable" and a number.

    Raises:
        ValueError: there is an initializer and no shape, or the array has another shape.
    """
    if isinstance(initializer, str) and isinstance(shape, (np.ndarray, np.generic)):
        _engine_init(self, initializer, shape)  # the engine's own form: (name, elements)
        return
    dtype = None if dtype is None else config.standardize_dtype(dtype, integers=True)
    with tracing.suspended():
        array = _first_elements(initializer, shape, dtype)
    own = name or naming.unique_name("Variable")
    path = tracing.current_path()
    _engine_init(self, f"{path}/{own}" if path else own, array)
    self.trainable = trainable


def _first_elements(initializer: Any, shape: Any, dtype: str | None) -> np.ndarray:
    sizes = (shape,) if hasattr(shape, "__index__") else None if shape is None else tuple(shape)
    if isinstance(initializer, str) or (callable(initializer) and not isinstance(initializer, _core.Value)):
        from striate import initializers

        if sizes is None:
            raise ValueError(
                f"Variable: the initializer {initializer!r} makes elements of a shape. Give `shape`. Received: None."
            )
        return np.asarray(initializers.get(initializer)(sizes, dtype or config.floatx()), dtype)
    array = np.asarray(initializer, dtype)
    if sizes is not None and array.shape != sizes:
        raise ValueError(f"Variable: elements of shape {array.shape} were given with shape={sizes}. Leave `shape` out.")
    return array.astype(config.floatx()) if dtype is None and array.dtype.kind == "f" else array


def _assign(self: Any, value: Any) -> Any:
    """Replaces the elements, cast to the variable's type; the shape must fit. Returns the variable.

    In a layer's `call`, a loss or a metric, which are traced once and run many times, this is part of what is run: the
    elements change at the end of each run, and what the same call reads later is the new value already. No gradient
    flows through an assignment, as in TensorFlow.
    """
    trace = tracing.current()
    if trace is None:
        _engine_assign(self, value)
    else:
        trace.updates[self] = _core.ops.stop_gradient(_fitting(self, value))
    return self


def _fitting(variable: Any, value: Any) -> Any:
    """A value of the graph, of the variable's type."""
    if isinstance(value, Variable):
        value = tracing.read(value)
    if not isinstance(value, _core.Value):
        value = _core.constant(np.asarray(value, variable.dtype))
    shape, mine = tuple(value.shape), tuple(variable.shape)
    if len(shape) != len(mine) or any(n is not None and n != m for n, m in zip(shape, mine, strict=True)):
        raise ValueError(
            f"Variable '{variable.name}' of shape {mine} was assigned a value of shape {shape}. Reduce or reshape it, "
            "or use ops.broadcast_like(value, variable)."
        )
    return value if value.dtype == variable.dtype else _core.ops.cast(value, variable.dtype)


def _assign_add(self: Any, value: Any) -> Any:
    """Adds to the elements; see `assign`."""
    return self.assign(ops.add(self, value))


def _assign_sub(self: Any, value: Any) -> Any:
    """Takes from the elements; see `assign`."""
    return self.assign(ops.subtract(self, value))


def _format(self: Any, spec: str) -> str:
    return format(np.asarray(self)[()], spec) if spec else str(self)


Variable.__init__ = _init  # type: ignore[method-assign]
Variable.assign = _assign  # type: ignore[method-assign]
Variable.assign_add = _assign_add  # type: ignore[method-assign]
Variable.assign_sub = _assign_sub  # type: ignore[method-assign]
Variable.__format__ = _format  # type: ignore[method-assign]
Variable.__int__ = lambda self: int(self.read().item())  # type: ignore[method-assign]
# A property, as in Keras, and a value may be called, as when it was a method: `v.value` and `v.value()` are one.
Variable.value = property(tracing.read)  # type: ignore[assignment]
_core.Value.__call__ = lambda self: self  # type: ignore[method-assign]

# At the end, since operations know variables: whoever has a variable can calculate with it.
from striate import ops  # noqa: E402

__all__ = ["Variable"]
