"""Operations on tensors: what layers, losses and metrics are written in.

Every function takes symbolic tensors (in a model), values (in a layer's `call`) or arrays (and computes at once).
Data are channels-last. Names are the engine's; Keras's other names for the same stand at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate import _core, absent, config, tracing
from striate.composed import axes_of, axis_of, number
from striate.composed import clip as clip
from striate.composed import expand_dims as expand_dims
from striate.composed import exponential as exponential
from striate.composed import get_item as get_item
from striate.composed import leaky_relu as leaky_relu
from striate.composed import power as power
from striate.composed import power_of as power_of
from striate.composed import relu6 as relu6
from striate.composed import silu as silu
from striate.composed import softplus as softplus
from striate.composed import squeeze as squeeze
from striate.composed import stack as stack
from striate.composed import var as var
from striate.dispatch import in_graph, is_float, operation
from striate.operators import install_operators
from striate.tensors import EagerTensor, SymbolicTensor
from striate.variables import Variable

_b = _core.ops  # the builders


# --- elementwise; operands broadcast as in NumPy -----------------------------------------------------------------
def _of_integers(build: Any, result: Any, *integers: Any) -> Any:
    """What `build` gives of integers, in the type `result`. The engine computes in floating numbers alone, and in
    float64 integers are exact up to 2**53."""
    return _b.cast(build(*(_b.cast(x, "float64") for x in integers)), result)


def _unary(name: str) -> Any:
    def build(x: Any) -> Any:
        if is_float(x) or name in ("stop_gradient", "zeros_like", "ones_like"):
            return builder(x)
        exact = name in ("negate", "square", "abs", "sign", "relu")
        return _of_integers(builder, x.dtype if exact else config.floatx(), x)

    builder = getattr(_b, name)
    build.__name__ = build.__qualname__ = name
    build.__doc__ = builder.__doc__.splitlines()[-1]
    return operation()(build)


def _binary(name: str) -> Any:
    def build(a: Any, b: Any) -> Any:
        if is_float(a) or is_float(b):
            return builder(a, b)
        exact = name in ("add", "subtract", "multiply", "maximum", "minimum")
        return _of_integers(builder, _whole(a.dtype, b.dtype) if exact else config.floatx(), a, b)

    builder = getattr(_b, name)
    build.__name__ = build.__qualname__ = name
    build.__doc__ = builder.__doc__.splitlines()[-1]
    return operation(2, elementwise=True)(build)


def _whole(*dtypes: str) -> str:
    """The type of what two integers give. Never uint8: the sum of two is often none."""
    return "int64" if "int64" in dtypes else "int32"


negate, exp, log, sqrt, square = map(_unary, ("negate", "exp", "log", "sqrt", "square"))
abs, reciprocal, sign = map(_unary, ("abs", "reciprocal", "sign"))
relu, sigmoid, tanh = map(_unary, ("relu", "sigmoid", "tanh"))
stop_gradient, zeros_like, ones_like = map(_unary, ("stop_gradient", "zeros_like", "ones_like"))
add, subtract, multiply, divide = map(_binary, ("add", "subtract", "multiply", "divide"))
maximum, minimum, equal, not_equal = map(_binary, ("maximum", "minimum", "equal", "not_equal"))
less, less_equal, greater, greater_equal = map(_binary, ("less", "less_equal", "greater", "greater_equal"))


@operation(3, elementwise=True, conditions=1)
def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition is not 0, else `b`."""
    if not is_float(a) and not is_float(b):
        return _of_integers(_b.where, _whole(a.dtype, b.dtype), condition, a, b)
    return _b.where(condition if condition.dtype == a.dtype else _b.cast(condition, a.dtype), a, b)


@operation(2)
def logical_and(a: Any, b: Any) -> Any:
    """1 where both are not 0, else 0. Comparisons give such numbers."""
    return _b.multiply(_truth(a), _truth(b))


@operation(2)
def logical_or(a: Any, b: Any) -> Any:
    """1 where one or both are not 0, else 0."""
    return _b.maximum(_truth(a), _truth(b))


@operation()
def logical_not(x: Any) -> Any:
    """1 where x is 0, else 0."""
    return _b.subtract(number(1, truth := _truth(x)), truth)


def _truth(x: Any) -> Any:
    x = x if is_float(x) else _b.cast(x, config.floatx())
    return _b.not_equal(x, number(0, x))


# --- types, sizes, layout ----------------------------------------------------------------------------------------
@operation()
def cast(x: Any, dtype: Any) -> Any:
    """x in another element type."""
    return _b.cast(x, dtype)


@operation()
def increment(x: Any, amount: int = 1) -> Any:
    """x + amount, for int64 counters."""
    return _b.increment(x, amount)


@operation()
def reshape(x: Any, newshape: Sequence[int | None]) -> Any:
    """The same elements in other axes.

    Args:
        x: a tensor.
        newshape: sizes. One may be -1: what is left. 0 or None: the size x has on that axis, known or not.
    """
    sizes = [newshape] if isinstance(newshape, int) else list(newshape)
    return _b.reshape(x, [0 if size is None else size for size in sizes])


@operation(2)
def reshape_like(x: Any, like: Any) -> Any:
    """x's elements in another tensor's shape."""
    return _b.reshape_like(x, like)


@operation()
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order; none given: reversed."""
    order = range(x.ndim)[::-1] if axes is None else [axis_of(axis, x.ndim, "transpose") for axis in axes]
    return _b.transpose(x, list(order))


@operation(lists=True)
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Tensors one behind the other."""
    return _b.concatenate(list(xs), axis)


@operation()
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float | None = None) -> Any:
    """Margins around.

    Args:
        x: a tensor.
        pad_width: an integer, (before, after) for all axes, or such a pair for each axis.
        mode: "constant", "reflect", or "replicate", which NumPy calls "edge".
        constant_values: what margins hold in the mode "constant"; None: 0.
    """
    if constant_values is not None and mode != "constant":
        raise ValueError(
            f"[pad] `constant_values` are for the mode 'constant'. Received: {mode=}, {constant_values=}. Leave one "
            "of them out."
        )
    margins = np.asarray(pad_width)
    if margins.dtype.kind not in "iu" or margins.shape not in ((), (1,), (2,), (x.ndim, 1), (x.ndim, 2)):
        raise ValueError(
            "[pad] `pad_width` must be an integer, (before, after), or one such pair for each of the "
            f"{x.ndim} axes of x.shape={x.shape}. Received: pad_width={pad_width!r}."
        )
    lo, hi = np.broadcast_to(margins, (x.ndim, 2)).T.tolist()
    return _b.pad(x, lo, hi, "replicate" if mode == "edge" else mode, constant_values or 0.0)


@operation()
def crop(x: Any, lo: Sequence[int], hi: Sequence[int]) -> Any:
    """Without the first `lo` and the last `hi` elements of each axis."""
    return _b.crop(x, list(lo), list(hi))


@operation(2)
def broadcast_like(x: Any, like: Any) -> Any:
    """x repeated to another tensor's shape."""
    return _b.broadcast_like(x, like)


@operation(2)
def sum_to_like(x: Any, like: Any) -> Any:
    """x summed to another tensor's shape: the adjoint of broadcasting."""
    return _b.sum_to_like(x, like)


@operation()
def size_of(x: Any, axis: int, dtype: Any = "float32") -> Any:
    """The size of an axis as a scalar, known when data come."""
    return _b.size_of(x, axis, dtype)


@operation()
def count_like(x: Any, dtype: Any = "float32") -> Any:
    """The number of elements as a scalar."""
    return _b.count_like(x, dtype)


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of x; None where unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def zeros(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """An array of zeros."""
    return np.zeros(shape, str(dtype)).view(EagerTensor)


def ones(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """An array of ones."""
    return np.ones(shape, str(dtype)).view(EagerTensor)


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """x as a tensor: symbolic tensors and values stay, variables are read, the rest become arrays."""
    if isinstance(x, (SymbolicTensor, _core.Value)) or in_graph([x]):
        found = tracing.read(x) if isinstance(x, Variable) else x
        return found if dtype is None or found.dtype == dtype else cast(found, dtype)
    array = np.asarray(x)
    if dtype is None and not hasattr(x, "dtype") and array.dtype == np.float64:
        dtype = "float32"  # Python's numbers
    return np.asarray(array, None if dtype is None else str(dtype)).view(EagerTensor)


def convert_to_numpy(x: Any) -> Any:
    """The elements of x as a plain array."""
    return np.asarray(x).view(np.ndarray)


# --- reductions --------------------------------------------------------------------------------------------------
def _reduction(name: str, summary: str, exact: bool = True) -> Any:
    def build(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if axis == ():
            return x
        axes = axes_of(axis)
        if is_float(x):
            return builder(x, axes, keepdims)
        return _of_integers(lambda y: builder(y, axes, keepdims), _whole(x.dtype) if exact else config.floatx(), x)

    builder = getattr(_b, name)
    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"{summary} over an axis, several, or all."
    return operation()(build)


sum, mean = _reduction("sum", "The sum"), _reduction("mean", "The mean", exact=False)
max, min = _reduction("max", "The maximum"), _reduction("min", "The minimum")


@operation()
def argmax(x: Any, axis: int | None = None) -> Any:
    """Where along an axis the first maximum is, int64; None: in all of x, whose elements are counted row by row."""
    x = x if is_float(x) else _b.cast(x, "float64")
    return _b.argmax(_b.reshape(x, [-1]), 0) if axis is None else _b.argmax(x, axis)


# --- products, convolution, pooling ------------------------------------------------------------------------------
@operation(2, elementwise=True)
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The matrix product of a tensor (..., n) and a matrix (n, m): (..., m).

    Args:
        a: its axes but the last are seen as one, and kept in the result.
        b: a matrix. Products of matrices in batches come in a later version.
        transpose_a: whether a, and then b too may have more axes, is seen as a matrix that holds its rows as columns.
        transpose_b: whether b holds its rows as columns.
    """
    if a.ndim < 2 or b.ndim < 2 or (b.ndim > 2 and not transpose_a):
        raise ValueError(
            f"[matmul] takes a tensor of two axes or more and a matrix: (..., n) and (n, m). Received: {a.shape=}, "
            f"{b.shape=}. Reshape a vector to a matrix; for matrices in batches write "
            "ops.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2), or ops.matmul of each and ops.stack."
        )
    return _b.matmul(a, b, transpose_a, transpose_b)


@operation(2, elementwise=True)
def conv(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    groups: int = 1,
    strict: bool = False,
) -> Any:
    """Convolution over one, two or three spatial axes.

    Args:
        x: (batch, spatial..., channels).
        kernel: (spatial..., channels, filters).
        strides, dilation_rate: an integer, or one per spatial axis.
        padding: "valid", "same", or (before, after) per spatial axis.
        groups: 1; other values come in a later version.
        strict: whether a stride that does not fit the input is an error.
    """
    spatial = kernel.ndim - 2
    return _b.conv(x, kernel, _each(strides, spatial), _each(dilation_rate, spatial), padding, groups, strict)


@operation(2, elementwise=True)
def conv_transpose(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution the other way round, over one, two or three spatial axes: from the shape of `conv`'s result to that
    of its input.

    Args:
        x: (batch, spatial..., channels).
        kernel: (spatial..., filters, channels): the channels of the result come first.
        strides, dilation_rate: an integer, or one per spatial axis.
        padding: "valid", "same", or (before, after) per spatial axis: what `conv` would pad the result with.
        output_padding: None; or an integer below the strides, or one per spatial axis: how many cells follow those
            that a kernel reaches.
    """
    spatial = kernel.ndim - 2
    extra = [] if output_padding is None else _each(output_padding, spatial)
    return _b.conv_transpose(x, kernel, _each(strides, spatial), _each(dilation_rate, spatial), padding, extra)


@operation()
def max_pool(
    x: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    ceil_mode: bool = False,
    strict: bool = False,
) -> Any:
    """The maximum of each window. `strides=None`: the window's size; `ceil_mode`: partial windows at the end count."""
    window = _each(pool_size, x.ndim - 2)
    return _b.max_pool(x, window, window if strides is None else _each(strides, x.ndim - 2), padding, ceil_mode, strict)


@operation()
def avg_pool(
    x: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    strict: bool = False,
) -> Any:
    """The mean of each window, of what lies in the input or, by `count_include_pad`, of the whole window."""
    window = _each(pool_size, x.ndim - 2)
    steps = window if strides is None else _each(strides, x.ndim - 2)
    return _b.avg_pool(x, window, steps, padding, ceil_mode, count_include_pad, strict)


def _each(value: Any, rank: int) -> list[int]:
    return [value] * rank if hasattr(value, "__index__") else list(value)


# --- normalization, regularization, output -----------------------------------------------------------------------
@operation(3)
def batch_norm_train(x: Any, gamma: Any, beta: Any, epsilon: float = 1e-3) -> Any:
    """(y, mean, biased variance): normalization over all axes but the last by the batch's own statistics."""
    return _b.batch_norm_train(x, gamma, beta, epsilon)


@operation(5)
def batch_norm_infer(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float = 1e-3) -> Any:
    """Normalization of the last axis by given statistics."""
    return _b.batch_norm_infer(x, gamma, beta, mean, variance, epsilon)


@operation()
def dropout(x: Any, rate: float, seed: int | None = None) -> Any:
    """Zeros at random, the rest divided by 1 - rate. Which ones is a function of the model's seed and step, of the
    layer and of the number of the call in it."""
    trace = tracing.current() or tracing.Trace()
    rng, stream = trace.random_key(seed)
    return _b.dropout(x, rng, rate, stream)


@operation()
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis."""
    return _b.softmax(x, axis)


@operation()
def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of softmax."""
    return _b.log_softmax(x, axis)


@operation(2)
def cross_entropy(x: Any, labels: Any, from_logits: bool = False) -> Any:
    """One loss a row of x against one-hot rows (of x's shape) or class numbers (integers)."""
    return _b.cross_entropy(x, labels, from_logits)


@operation(3)
def sgd_update(weight: Any, gradient: Any, rate: Any) -> Any:
    """The new weight of plain gradient descent."""
    return _b.sgd_update(weight, gradient, rate)


@operation(4)
def momentum_update(
    weight: Any, velocity: Any, gradient: Any, rate: Any, momentum: float, nesterov: bool = False
) -> Any:
    """[new weight, new velocity]."""
    return _b.momentum_update(weight, velocity, gradient, rate, momentum, nesterov)


@operation(6)
def adam_update(
    weight: Any,
    m: Any,
    v: Any,
    gradient: Any,
    rate: Any,
    step: Any,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-7,
) -> Any:
    """[new weight, new m, new v]; step counts updates done before."""
    return _b.adam_update(weight, m, v, gradient, rate, step, beta1, beta2, epsilon)


def gradients(target: Any, wrt: Sequence[Any]) -> list[Any]:
    """d(sum of target)/d(each of wrt), of values and variables."""
    return list(_core.gradients(target, [tracing.leaf(v) if isinstance(v, Variable) else v for v in wrt]))


# --- Keras's names -----------------------------------------------------------------------------------------------
absolute, negative, true_divide = abs, negate, divide
conv1d = conv2d = conv3d = conv
conv1d_transpose = conv2d_transpose = conv3d_transpose = conv_transpose
max_pool1d = max_pool2d = max_pool3d = max_pool
average_pool = avg_pool1d = avg_pool2d = avg_pool3d = avg_pool
permute = transpose
amax, amin = max, min


install_operators(sys.modules[__name__])

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
