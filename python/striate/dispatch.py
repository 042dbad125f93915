"""How one function serves symbolic tensors, values of a graph, and arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from striate import _core, tracing, tree
from striate.tensors import EagerTensor, SymbolicTensor

F = TypeVar("F", bound=Callable[..., Any])


def operation(operands: int = 1, elementwise: bool = False) -> Callable[[F], F]:
    """A decorator for functions that build graph nodes from values.

    Called on values of a graph, the function builds. Called on a symbolic tensor, the call is recorded like a layer's.
    Called on arrays, it is built, evaluated and forgotten, all at once. Python numbers become constants of the other
    operands' type, and so do arrays where `elementwise` says so.

    Args:
        operands: how many of the first arguments are tensors (or lists of tensors).
        elementwise: whether the operands must have one type.
    """

    def decorate(build: F) -> F:
        names = list(inspect.signature(build).parameters)[:operands]

        @functools.wraps(build)
        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) < operands:
                args += tuple(kwargs.pop(name) for name in names[len(args) :] if name in kwargs)
                if len(args) < operands:
                    raise TypeError(f"{build.__name__}() is missing the argument `{names[len(args)]}`.")
            given = tree.leaves(args[:operands])
            if any(isinstance(x, SymbolicTensor) for x in given):
                from striate.layers.operation import Operation

                return Operation(build.__name__)(*args, **kwargs)
            eager = not in_graph(given)
            values = as_values(args[:operands], given, elementwise, build.__name__, copy=not eager)
            result = build(*values, *args[operands:], **kwargs)
            return evaluate(result) if eager else result

        return call  # type: ignore[return-value]

    return decorate


def in_graph(operands: list[Any]) -> bool:
    """Whether a graph is being built: one of these is a value, or a variable while a trace is on."""
    tracing_now = tracing.current() is not None
    return any(isinstance(x, _core.Value) or (tracing_now and isinstance(x, _core.Variable)) for x in operands)


def as_values(structure: Any, given: list[Any], elementwise: bool, name: str, copy: bool) -> Any:
    """Values from numbers, arrays, variables and values."""
    common = _common_dtype(given)

    def convert(x: Any) -> Any:
        if isinstance(x, _core.Value):
            return x
        if isinstance(x, _core.Variable):
            return tracing.read(x)
        scalar = isinstance(x, (bool, int, float))
        array = np.asarray(x)
        if array.dtype.kind == "f" and array.dtype.name not in ("float32", "float64"):
            array = array.astype(np.float32)
        to_float = np.dtype(common).kind == "f" and (elementwise or array.dtype.kind == "f")
        follows = scalar or array.dtype.kind == "b" or to_float
        if follows and array.dtype != common:
            cast = array.astype(common)
            if scalar and cast != array and np.dtype(common).kind != "f":
                raise TypeError(f"[{name}] {x!r} does not fit the other operand's type {common}: cast that one first.")
            array = cast
        return _core.constant(array, copy)

    return tree.map_leaves(convert, structure)


def _common_dtype(given: list[Any]) -> str:
    """The type that numbers take: a value's or variable's among the operands, floats first; else the arrays'."""
    held = [str(x.dtype) for x in given if isinstance(x, (_core.Value, _core.Variable))]
    if not held:
        arrays = [np.asarray(x).dtype for x in given if not isinstance(x, (bool, int, float))]
        arrays = [dtype for dtype in arrays if dtype.kind != "b"]
        floating = [dtype for dtype in arrays if dtype.kind == "f"]
        chosen = np.result_type(*(floating or arrays)) if arrays else np.dtype(np.float32)
        return "float32" if chosen == np.float16 else chosen.name
    return next((dtype for dtype in held if dtype.startswith("float")), held[0])


def evaluate(structure: Any) -> Any:
    """Computes all values in a structure, in one run."""
    arrays = iter(_core.evaluate([x for x in tree.leaves(structure) if isinstance(x, _core.Value)]))
    return tree.map_leaves(lambda x: next(arrays).view(EagerTensor) if isinstance(x, _core.Value) else x, structure)


def as_constants(structure: Any) -> Any:
    """Arrays as values that do not change; everything else stays."""
    return tree.map_leaves(lambda x: _core.constant(x, False) if isinstance(x, np.ndarray) else x, structure)


def placeholder(name: str, dtype: str, shape: tuple[int | None, ...]) -> Any:
    """A value that a run would be given."""
    return _core.input(name, dtype, shape)


def cast_floats(structure: Any, dtype: str) -> Any:
    """Floating values in this type; everything else stays."""

    def cast(x: Any) -> Any:
        other = isinstance(x, _core.Value) and x.dtype != dtype and x.dtype.startswith("float")
        return _core.ops.cast(x, dtype) if other else x

    return tree.map_leaves(cast, structure)
