"""What operators, `if` and NumPy do with symbolic tensors, values and variables."""

import numpy as np
import pytest

import striate
from striate import _core, layers, ops, tracing

X = np.float32([[-2, 0, 1], [3, -0.5, 1]])
LABELS = np.int64([0, 1, 2, 1])


def traced(function, *arrays):
    """What a function of values gives when it is traced for batches of any size and run."""
    values = [_core.input(f"x{i}", str(x.dtype), (None, *x.shape[1:])) for i, x in enumerate(arrays)]
    with tracing.Trace():
        y = function(*values)
    return _core.Function("f", values, [y]).run(list(arrays))[0]


@pytest.mark.parametrize(
    ("function", "expected", "array"),
    [
        (lambda x: x == 1, X == 1, X),
        (lambda x: x != 1, X != 1, X),
        (lambda x: X[:] == x, np.ones((2, 3)), X),
        (lambda x: ops.where(x == 1, x * 10, 0.0), np.where(X == 1, 10, 0), X),
        (lambda t: ops.where(t == 1, 5.0, 0.5), [0.5, 5, 0.5, 5], LABELS),
        (lambda t: t != 2**24 + 1, [1], np.int64([2**24])),  # float32 has no such number
        (lambda x: (x > 0) & (x < 2) | ~(x != 0), (X > 0) & (X < 2) | (X == 0), X),
        (lambda x: 2**x, 2**X, X),
        (lambda x: abs(x) ** 1.5, np.abs(X) ** 1.5, X),
        (lambda x: abs(x) ** 2.2, np.abs(X) ** 2.2, X),
        (lambda x: x**-2, [0.25, 4], np.float32([2, 0.5])),
        (lambda x: np.float32(2) * x + X, 3 * X, X),
        (lambda x: np.exp(x) - np.maximum(x, 0), np.exp(X) - np.maximum(X, 0), X),
        (lambda x: x / 255.0, np.float32([1, 200]) / 255, np.uint8([1, 200])),
        (lambda x: x / 2, np.float32([0.5, 100]), np.int32([1, 200])),
        (lambda x: x * 0.5, [0.5, 100], np.int64([1, 200])),
        (lambda x: x + 1, [2, 201], np.uint8([1, 200])),
    ],
)
def test_operators_in_a_graph(function, expected, array):
    np.testing.assert_allclose(traced(function, array), expected, rtol=1e-6)


def test_symbolic_tensors_are_found_in_lists_and_compare_with_numbers_by_ops():
    x, other = layers.Input((3,)), layers.Input((3,))
    assert [other, x].index(x) == 1
    assert x not in [other]
    assert {x: 1}[x] == 1
    model = striate.Model(x, [ops.equal(x, 1), x != 1])
    np.testing.assert_array_equal(model(X)[0], X == 1)
    np.testing.assert_array_equal(model(X)[1], X != 1)


def test_equality_of_variables_compares_elements_and_their_hash_the_variable():
    a, b = (striate.Variable("v", np.float32([1, 2])) for _ in range(2))
    assert (a == b).tolist() == [1, 1]
    assert (a != np.float32([1, 3])).tolist() == [0, 1]
    assert len({a, b}) == 2
    optimizer = striate.optimizers.SGD()
    assert optimizer.iterations == 0
    assert not optimizer.iterations == 2  # noqa: SIM201 - this operator


@pytest.mark.parametrize(
    "x", [layers.Input((3,)), _core.input("x", "float32", (None, 3)), striate.Variable("v", np.float32([1]))]
)
def test_none_is_equal_to_no_tensor(x):
    assert (x == None) is False  # noqa: E711 - as scripts have it
    assert (x != None) is True  # noqa: E711
    assert x not in (None, "name")


def test_branching_on_a_value_is_an_error():
    x = _core.input("x", "float32", (None, 3))
    with pytest.raises(TypeError, match=r"striate\.ops\.where"):
        bool(ops.mean(x) > 0)
    assert striate.Variable("on", np.float32(1))
    assert not striate.Variable("off", np.float32(0))
    variable = striate.Variable("v", np.float32(1))
    with tracing.Trace(), pytest.raises(TypeError, match=r"striate\.ops\.where"):
        bool(variable)


@pytest.mark.parametrize("function", [np.mean, np.sum, np.floor, np.asarray, lambda x: np.concatenate([x, x])])
def test_numpy_says_to_use_ops(function):
    with pytest.raises(TypeError, match=r"striate\.ops"):
        function(layers.Input((3,)))
    with pytest.raises(TypeError, match=r"striate\.ops"):
        function(_core.input("x", "float32", (None, 3)))
    variable = striate.Variable("v", np.float32([1]))
    function(variable)
    with tracing.Trace(), pytest.raises(TypeError, match=r"striate\.ops"):
        function(variable)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x // 2, "`//` comes in a later version"),
        (lambda x: 7 % x, "`%` comes in a later version"),
        (lambda x: x ^ x, "`\\^` comes in a later version"),
        (lambda x: ops.cast(x, "int32") & 1, r"striate\.ops\.logical_and"),
    ],
)
def test_operators_that_are_not_there(function, words):
    with pytest.raises(TypeError, match=words):
        function(_core.input("x", "float32", (None, 3)))


def test_powers_of_negative_numbers_and_gradients_at_0():
    y = ops.power(np.float32([-4, 0, 4]), 1.5)
    np.testing.assert_array_equal(y, [np.nan, 0, 8])
    x = _core.input("x", "float32", (3,))
    array = np.float32([0, 1, 4])
    for exponent, expected in ((1.5, [0, 1.5, 3]), (2.2, [0, 2.2, 2.2 * 4**1.2])):
        gradients = _core.Function("g", [x], ops.gradients(ops.sum(x**exponent), [x])).run([array])[0]
        np.testing.assert_allclose(gradients, expected, rtol=1e-5)
