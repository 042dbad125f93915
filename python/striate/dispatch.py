"""How one function serves symbolic tensors, values of a graph, and arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from striate import _core, config, tracing, tree
from striate.tensors import EagerTensor, SymbolicTensor

F = TypeVar("F", bound=Callable[..., Any])


def operation(
    operands: int = 1, elementwise: bool = False, conditions: int = 0, lists: bool = False
) -> Callable[[F], F]:
    """A decorator for functions that build graph nodes from values.

    Called on values of a graph, the function builds. Called on a symbolic tensor, the call is recorded like a layer's.
    Called on arrays, it is built, evaluated and forgotten, all at once. Lists of numbers are arrays. Python numbers
    become constants of the other operands' type, and so do arrays where `elementwise` says so.

    Args:
        operands: how many of the first arguments are tensors.
        elementwise: whether the operands must have one type: floats' where there are any, so that integers meet them
            as such.
        conditions: how many of the first operands keep a type of their own all the same.
        lists: whether an operand is a list of tensors.
    """

    def decorate(build: F) -> F:
        names = list(inspect.signature(build).parameters)[:operands]

        @functools.wraps(build)
        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) < operands:
                args += tuple(kwargs.pop(name) for name in names[len(args) :] if name in kwargs)
                if len(args) < operands:
                    raise TypeError(f"{build.__name__}() is missing the argument `{names[len(args)]}`.")
            if any(isinstance(x, SymbolicTensor) for x in tree.leaves(args[:operands])):
                from striate.layers.operation import Operation

                return Operation(build.__name__)(*args, **kwargs)
            tensors = [_without_lists(x, build.__name__, lists) for x in args[:operands]]
            eager = not in_graph(tree.leaves(tensors))
            values = as_values(tensors, elementwise, conditions, build.__name__, copy=not eager)
            result = build(*values, *args[operands:], **kwargs)
            return evaluate(result) if eager else result

        return call  # type: ignore[return-value]

    return decorate


def in_graph(operands: list[Any]) -> bool:
    """Whether a graph is being built: one of these is a value, or a variable while a trace is on."""
    tracing_now = tracing.current() is not None
    return any(isinstance(x, _core.Value) or (tracing_now and isinstance(x, _core.Variable)) for x in operands)


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor of any kind: symbolic, a value, a variable or an array."""
    return isinstance(x, (SymbolicTensor, _core.Value, _core.Variable, np.ndarray, np.generic))


def is_float(x: Any) -> bool:
    """Whether a value or a variable holds floating numbers."""
    return str(x.dtype).startswith("float")


def _without_lists(x: Any, name: str, lists: bool) -> Any:
    """An operand, or each in a list of them, with lists of numbers as arrays."""
    if not isinstance(x, (list, tuple)):
        return x
    if lists:
        return [_without_lists(part, name, False) for part in x]
    leaves = tree.leaves(x)
    if any(isinstance(leaf, (_core.Value, _core.Variable)) for leaf in leaves):
        raise TypeError(
            f"[{name}] takes one tensor where it was given a list of {len(x)}: {x!r}. Make one of them by ops.stack or "
            "ops.concatenate."
        )
    array = np.asarray(x)
    given_type = any(hasattr(leaf, "dtype") for leaf in leaves)
    return array if given_type or array.dtype != np.float64 else array.astype(config.floatx())


def as_values(operands: list[Any], elementwise: bool, conditions: int, name: str, copy: bool) -> list[Any]:
    """Values from numbers, arrays, variables and values."""
    alike = tree.leaves(operands[conditions:])
    common = _common_dtype(alike if any(map(is_tensor, alike)) else tree.leaves(operands), elementwise)

    def convert(x: Any, common: str) -> Any:
        floats = np.dtype(common).kind == "f"
        if isinstance(x, (_core.Value, _core.Variable)):
            value = tracing.read(x) if isinstance(x, _core.Variable) else x
            return _core.ops.cast(value, common) if elementwise and floats and not is_float(value) else value
        scalar = isinstance(x, (bool, int, float))
        array = np.asarray(x)
        if array.dtype.kind == "f" and array.dtype.name not in ("float32", "float64"):
            array = array.astype(np.float32)
        to_float = floats and (elementwise or array.dtype.kind == "f")
        follows = scalar or array.dtype.kind == "b" or to_float
        if follows and array.dtype != common:
            cast = array.astype(common)
            if scalar and cast != array and not floats:
                raise TypeError(f"[{name}] {x!r} does not fit the other operand's type {common}: cast that one first.")
            array = cast
        return _core.constant(array, copy)

    values = []
    for i, x in enumerate(operands):
        dtype = _common_dtype([x], elementwise) if i < conditions else common
        values.append(tree.map_leaves(functools.partial(convert, common=dtype), x))
    return values


def _common_dtype(given: list[Any], elementwise: bool) -> str:
    """The type that numbers take: a value's or variable's among the operands, floats first; else the arrays'. Where all
    must have one type, integers that meet floating numbers or arrays become `floatx()`."""
    held = [str(x.dtype) for x in given if isinstance(x, (_core.Value, _core.Variable))]
    others = [x for x in given if not isinstance(x, (_core.Value, _core.Variable))]
    arrays = [np.asarray(x).dtype for x in others if not isinstance(x, (bool, int, float))]
    arrays = [dtype for dtype in arrays if dtype.kind != "b"]
    floats = [dtype for dtype in arrays if dtype.kind == "f"]
    if any(dtype.startswith("float") for dtype in held):
        return next(dtype for dtype in held if dtype.startswith("float"))
    if floats and not held:
        chosen = np.result_type(*floats)
        return "float32" if chosen == np.float16 else chosen.name
    if elementwise and (held or arrays) and (floats or any(isinstance(x, float) for x in others)):
        return config.floatx()
    return held[0] if held else np.result_type(*arrays).name if arrays else "float32"


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
