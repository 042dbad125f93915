"""What Python's operators, `if` and NumPy do with tensors: call `striate.ops`, or raise an error that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from striate import _core, tracing
from striate.tensors import SymbolicTensor

_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
}
_COMPARE = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}
_UNARY = {"neg": "negate", "abs": "abs", "invert": "logical_not"}
_REFUSED = {
    "floordiv": ("//", "ops.cast(a / b, 'int32') leaves out the fraction"),
    "mod": ("%", "a - b * ops.cast(ops.cast(a / b, 'int32'), a.dtype) is what is left of a where neither is negative"),
    "xor": ("^", "a != b of two comparisons is 1 where one of them holds"),
}
_BITS = ("and", "or", "invert")
_KINDS = (SymbolicTensor, _core.Value, _core.Variable)


def install_operators(ops: Any) -> None:
    """Gives symbolic tensors, values and variables Python's operators, which call the functions of `ops`."""
    classes: tuple[Any, ...] = _KINDS
    for cls in classes:
        for name, function in {**_BINARY, **_COMPARE}.items():
            if cls is SymbolicTensor and name == "eq":
                continue  # identity, as of Keras's: scripts look for tensors in lists; ops.equal compares elements
            setattr(cls, f"__{name}__", _operator(ops, name, function))
        for name, function in _BINARY.items():
            setattr(cls, f"__r{name}__", _operator(ops, name, function, swapped=True))
        for name, function in _UNARY.items():
            setattr(cls, f"__{name}__", _operator(ops, name, function))
        for name, (sign, advice) in _REFUSED.items():
            for side in ("", "r"):
                setattr(cls, f"__{side}{name}__", _refusal(sign, advice))
        cls.__getitem__ = lambda x, index: ops.get_item(x, index)
        cls.__array_ufunc__ = _numpy_function(ops)
    for cls in classes[1:]:  # symbolic tensors have theirs
        cls.__bool__ = _truth
        cls.__array__ = _elements_of(cls.__array__)


def _operator(ops: Any, name: str, function: str, swapped: bool = False) -> Callable[..., Any]:
    def call(a: Any, *others: Any) -> Any:
        if not all(map(_is_operand, others)):
            return NotImplemented  # `value == None` is False then, and `value + None` a TypeError
        operands = (*others, a) if swapped else (a, *others)
        if name in _BITS and (wrong := [x for x in operands if not _may_be_comparison(x)]):
            raise TypeError(
                f"`&`, `|` and `~` take what comparisons give. Received: {wrong[0]!r}. Compare it first, or use "
                f"striate.ops.{function}, for which every number but 0 is true."
            )
        return getattr(ops, function)(*operands)

    return call


def _is_operand(x: Any) -> bool:
    return isinstance(x, (*_KINDS, bool, int, float, np.ndarray, np.generic)) or (isinstance(x, list) and bool(x))


def _may_be_comparison(x: Any) -> bool:
    """Whether x has the type of what comparisons give. Bits of integers would be something else."""
    return isinstance(x, bool) or (not isinstance(x, (int, float, list)) and np.dtype(x.dtype).kind in "bf")


def _refusal(sign: str, advice: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise TypeError(f"`{sign}` comes in a later version of striate for tensors. For now: {advice}.")

    return refuse


def _numpy_function(ops: Any) -> Callable[..., Any]:
    """`__array_ufunc__`: array * tensor, and NumPy's functions of single elements where `ops` has the same."""

    def call(tensor: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = getattr(ops, ufunc.__name__, None)
        if method == "__call__" and not kwargs and function is not None:
            return function(*inputs)
        if isinstance(tensor, _core.Variable) and tracing.current() is None and "out" not in kwargs:
            arrays = [np.asarray(x) if isinstance(x, _core.Variable) else x for x in inputs]
            return getattr(ufunc, method)(*arrays, **kwargs)
        what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise TypeError(f"{what} takes arrays. Received: {tensor!r}. Use striate.ops.")

    return call


def _elements_of(read: Callable[..., Any]) -> Callable[..., Any]:
    """`__array__`: the elements, unless a trace is on, which would keep the numbers of this moment forever."""

    def elements(tensor: Any, dtype: Any = None, copy: Any = None) -> Any:
        if tracing.current() is None:
            try:
                return read(tensor, dtype, copy)
            except ValueError as error:
                raise TypeError(_no_elements(tensor)) from error
        raise TypeError(_no_elements(tensor))

    return elements


def _no_elements(tensor: Any) -> str:
    return (
        f"{tensor!r} stands for what a run will compute: NumPy cannot use it. Use the function of striate.ops in place "
        "of NumPy's."
    )


def _truth(tensor: Any) -> bool:
    try:
        array = np.asarray(tensor)
    except TypeError:
        raise TypeError(
            f"{tensor!r} is true or not only when a run has computed it, so Python cannot branch on it. Use "
            "striate.ops.where(condition, a, b), ops.maximum or ops.minimum. Whether there is one asks `is None`."
        ) from None
    return bool(array)
