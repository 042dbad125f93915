"""Functions that layers apply to what they computed, one element (or one row) at a time."""

from typing import Any

from striate import ops


def linear(x: Any) -> Any:
    """x itself."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`max(x, 0)`; in general `x` where `x >= threshold`, else `negative_slope * (x - threshold)`, up to `max_value`.

    Args:
        x: a tensor.
        negative_slope: the slope below the threshold, 0 or more.
        max_value: the largest value that comes out; None: no bound.
        threshold: values below it are damped (or zeroed).

    Example:
        >>> relu(np.float32([-1, 2])).tolist()
        [0.0, 2.0]
    """
    if threshold != 0:
        y = ops.where(ops.greater_equal(x, threshold), x, ops.multiply(ops.subtract(x, threshold), negative_slope))
    elif negative_slope != 0:
        y = leaky_relu(x, negative_slope)
    else:
        y = ops.relu(x)
    return y if max_value is None else ops.minimum(y, max_value)


def relu6(x: Any) -> Any:
    """`min(max(x, 0), 6)` (Krizhevsky 2010)."""
    return ops.relu6(x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where it is positive, else `negative_slope * x` (Maas et al. 2013)."""
    return ops.leaky_relu(x, negative_slope)


def sigmoid(x: Any) -> Any:
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(x)


def exponential(x: Any) -> Any:
    """`exp(x)`."""
    return ops.exp(x)


def silu(x: Any) -> Any:
    """`x * sigmoid(x)`, also known as swish (Ramachandran et al. 2017)."""
    return ops.silu(x)


def softplus(x: Any) -> Any:
    """`log(1 + exp(x))`."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """`x / (1 + |x|)`."""
    return ops.divide(x, ops.add(ops.abs(x), 1.0))


def softmax(x: Any, axis: int = -1) -> Any:
    """`exp(x) / sum(exp(x))` along an axis, computed so that large x do not overflow.

    Args:
        x: a tensor of two axes or more.
        axis: the axis that then sums to 1.

    Example:
        >>> softmax(np.float32([[0, 0]])).tolist()
        [[0.5, 0.5]]
    """
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of softmax, computed without ever forming small probabilities."""
    return ops.log_softmax(x, axis=axis)
