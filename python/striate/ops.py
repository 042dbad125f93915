"""Operations on tensors: what layers, losses and metrics are written in.

Every function takes symbolic tensors (in a model), values (in a layer's `call`) or arrays (and computes at once).
Data are channels-last. Names are the engine's; Keras's other names for the same stand at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate import _core, tracing
from striate.composed import axes_of, axis_of
from striate.composed import clip as clip
from striate.composed import expand_dims as expand_dims
from striate.composed import get_item as get_item
from striate.composed import leaky_relu as leaky_relu
from striate.composed import power as power
from striate.composed import relu6 as relu6
from striate.composed import silu as silu
from striate.composed import softplus as softplus
from striate.composed import squeeze as squeeze
from striate.composed import stack as stack
from striate.composed import var as var
from striate.dispatch import in_graph, operation
from striate.tensors import EagerTensor, SymbolicTensor, install_operators

_b = _core.ops  # the builders


# --- elementwise; operands broadcast as in NumPy -----------------------------------------------------------------
def _unary(name: str) -> Any:
    def build(x: Any) -> Any:
        return builder(x)

    builder = getattr(_b, name)
    build.__name__ = build.__qualname__ = name
    build.__doc__ = builder.__doc__.splitlines()[-1]
    return operation()(build)


def _binary(name: str) -> Any:
    def build(a: Any, b: Any) -> Any:
        return builder(a, b)

    builder = getattr(_b, name)
    build.__name__ = build.__qualname__ = name
    build.__doc__ = builder.__doc__.splitlines()[-1]
    return operation(2, elementwise=True)(build)


negate, exp, log, sqrt, square = map(_unary, ("negate", "exp", "log", "sqrt", "square"))
abs, reciprocal, sign = map(_unary, ("abs", "reciprocal", "sign"))
relu, sigmoid, tanh = map(_unary, ("relu", "sigmoid", "tanh"))
stop_gradient, zeros_like, ones_like = map(_unary, ("stop_gradient", "zeros_like", "ones_like"))
add, subtract, multiply, divide = map(_binary, ("add", "subtract", "multiply", "divide"))
maximum, minimum, equal, not_equal = map(_binary, ("maximum", "minimum", "equal", "not_equal"))
less, less_equal, greater, greater_equal = map(_binary, ("less", "less_equal", "greater", "greater_equal"))


@operation(3, elementwise=True)
def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition is not 0, else `b`."""
    return _b.where(condition if condition.dtype == a.dtype else _b.cast(condition, a.dtype), a, b)


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


@operation()
def concatenate(xs: Any, axis: int = -1) -> Any:
    """Tensors one behind the other."""
    return _b.concatenate(list(xs), axis)


@operation()
def pad(x: Any, lo: Any, hi: Any = None, mode: str = "constant", value: float = 0.0) -> Any:
    """Margins around: `lo` before and `hi` behind each axis, or one list of pairs; mode "constant", "replicate" or
    "reflect"."""
    if hi is None:
        lo, hi = [pair[0] for pair in lo], [pair[1] for pair in lo]
    return _b.pad(x, list(lo), list(hi), mode, value)


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
        found = tracing.read(x) if isinstance(x, _core.Variable) else x
        return found if dtype is None or found.dtype == dtype else cast(found, dtype)
    array = np.asarray(x)
    if dtype is None and not hasattr(x, "dtype") and array.dtype == np.float64:
        dtype = "float32"  # Python's numbers
    return np.asarray(array, None if dtype is None else str(dtype)).view(EagerTensor)


def convert_to_numpy(x: Any) -> Any:
    """The elements of x as a plain array."""
    return np.asarray(x).view(np.ndarray)


# --- reductions --------------------------------------------------------------------------------------------------
@operation()
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over an axis, several, or all."""
    return x if axis == () else _b.sum(x, axes_of(axis), keepdims)


@operation()
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over an axis, several, or all."""
    return x if axis == () else _b.mean(x, axes_of(axis), keepdims)


@operation()
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The maximum over an axis, several, or all."""
    return x if axis == () else _b.max(x, axes_of(axis), keepdims)


@operation()
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The minimum over an axis, several, or all."""
    return x if axis == () else _b.min(x, axes_of(axis), keepdims)


@operation()
def argmax(x: Any, axis: int = -1) -> Any:
    """Where along an axis the first maximum is, int64."""
    return _b.argmax(x, axis)


# --- products, convolution, pooling ------------------------------------------------------------------------------
@operation(2, elementwise=True)
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The matrix product. Operands are seen as matrices, all axes but the last merged; the result keeps a's."""
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
    return list(_core.gradients(target, [v.value() if isinstance(v, _core.Variable) else v for v in wrt]))


# --- Keras's names -----------------------------------------------------------------------------------------------
absolute, negative, true_divide = abs, negate, divide
conv1d = conv2d = conv3d = conv
conv1d_transpose = conv2d_transpose = conv3d_transpose = conv_transpose
max_pool1d = max_pool2d = max_pool3d = max_pool
average_pool = avg_pool1d = avg_pool2d = avg_pool3d = avg_pool
permute = transpose
amax, amin = max, min


install_operators(sys.modules[__name__], SymbolicTensor, _core.Value, _core.Variable)
