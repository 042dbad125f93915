"""Gradients of anything that layers and ops can say, for tests to compare."""

from striate import _core, ops
from striate.tracing import Trace


def value_and_gradients(function, arrays, cotangent=None, weights=(), training=False):
    """Traces `function` once and runs it.

    Args:
        function: takes one value for each array, returns a value.
        arrays: what it is run on.
        cotangent: an array of the result's shape that the result is multiplied with before it is summed; None: ones.
        weights: Variables.
        training: what layers get for `training`.

    Returns:
        The result and the list of the sum's gradients with respect to the arrays, then the weights.
    """
    inputs = [_core.input(f"x{i}", str(x.dtype), x.shape) for i, x in enumerate(arrays)]
    with Trace(training=training):
        y = function(*inputs)
        target = y if cotangent is None else ops.multiply(y, cotangent)
        gradients = _core.gradients(target, inputs + [weight.value() for weight in weights])
    result, *gradients = _core.Function("gradients", inputs, [y, *gradients]).run(list(arrays))
    return result, gradients
