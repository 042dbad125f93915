"""Operations against NumPy, on the three kinds of operands."""

import numpy as np
import pytest

import striate
from striate import _core, layers, ops, tracing
from striate.tensors import EagerTensor, SymbolicTensor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 5, 7)).astype("float32")
POSITIVE = np.abs(X) + 0.1

UNARY = {
    "abs": np.abs,
    "exp": np.exp,
    "negate": np.negative,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x.astype(float))),
    "sign": np.sign,
    "square": np.square,
    "tanh": np.tanh,
    "silu": lambda x: x / (1 + np.exp(-x.astype(float))),
    "softplus": lambda x: np.logaddexp(0, x.astype(float)),
    "relu6": lambda x: np.clip(x, 0, 6),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "less": np.less,
    "greater_equal": np.greater_equal,
    "not_equal": np.not_equal,
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    np.testing.assert_allclose(getattr(ops, name)(X), UNARY[name](X), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["log", "sqrt", "reciprocal"])
def test_unary_of_positive(name):
    expected = {"log": np.log, "sqrt": np.sqrt, "reciprocal": np.reciprocal}[name](POSITIVE)
    np.testing.assert_allclose(getattr(ops, name)(POSITIVE), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "other", [X[:, :1], X[0, 0], np.float32(0.5), 2, 0.25], ids=["column", "row", "0-d", "int", "float"]
)
def test_binary_broadcasts(name, other):
    function = getattr(ops, name)
    np.testing.assert_allclose(function(X, other), BINARY[name](X, other), rtol=1e-6)
    np.testing.assert_allclose(function(other, POSITIVE), BINARY[name](other, POSITIVE), rtol=1e-6)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name, axis, keepdims):
    found = getattr(ops, name)(X, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(found, getattr(np, name)(X, axis=axis, keepdims=keepdims), rtol=1e-5, atol=1e-6)


def test_argmax():
    np.testing.assert_array_equal(ops.argmax(X, axis=1), X.argmax(1))
    assert ops.argmax(X, axis=-1).dtype == np.int64
    assert ops.argmax(X) == X.argmax()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: ops.reshape(x, (0, -1)), X.reshape(3, -1)),
        (lambda x: ops.reshape(x, (None, 35)), X.reshape(3, -1)),
        (lambda x: ops.transpose(x), X.T),
        (lambda x: ops.transpose(x, (0, 2, 1)), X.transpose(0, 2, 1)),
        (lambda x: ops.expand_dims(x, 1), X[:, None]),
        (lambda x: ops.expand_dims(x, -1), X[..., None]),
        (lambda x: ops.squeeze(ops.expand_dims(x, 2)), X),
        (lambda x: ops.stack([x, x], axis=1), np.stack([X, X], 1)),
        (lambda x: ops.concatenate([x, x], axis=-1), np.concatenate([X, X], -1)),
        (lambda x: ops.concatenate([x, x])[1:], np.concatenate([X, X])[1:]),
        (lambda x: ops.pad(x, [[0, 0], [1, 2], [0, 3]]), np.pad(X, [[0, 0], [1, 2], [0, 3]])),
        (lambda x: ops.pad(x, 2, "reflect"), np.pad(X, 2, "reflect")),
        (
            lambda x: ops.pad(x, ((0, 0), (1, 2), (3, 4)), constant_values=7),
            np.pad(X, ((0, 0), (1, 2), (3, 4)), constant_values=7),
        ),
        (lambda x: ops.pad(x, [[0], [1], [2]], mode="edge"), np.pad(X, [[0], [1], [2]], mode="edge")),
        (lambda x: ops.expand_dims(x, (1, -1)), X[:, None, :, :, None]),
        (lambda x: ops.crop(x, [0, 1, 2], [0, 2, 0]), X[:, 1:3, 2:]),
        (lambda x: ops.clip(x, -0.5, 0.5), np.clip(X, -0.5, 0.5)),
        (lambda x: ops.where(ops.greater(x, 0), x, 0), np.where(X > 0, X, 0)),
        (lambda x: x[:, 1], X[:, 1]),
        (lambda x: x[:, 1:, -1], X[:, 1:, -1]),
        (lambda x: x[..., 2:4], X[..., 2:4]),
        (lambda x: x[:, None, :-1], X[:, None, :-1]),
        (lambda x: x**2, X**2),
        (lambda x: x**7, X**7),
        (lambda x: 1 - x / 2 + x * x, 1 - X / 2 + X * X),
        (lambda x: -x + abs(x), -X + np.abs(X)),
        (lambda x: ops.softmax(x, axis=1), np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    ],
)
def test_shapes_and_operators_agree_on_arrays_and_in_models(function, expected):
    np.testing.assert_allclose(np.asarray(function(X.view(EagerTensor))), expected, rtol=2e-5, atol=1e-6)
    inputs = layers.Input(X.shape[1:])
    symbolic = function(inputs)
    assert isinstance(symbolic, SymbolicTensor)
    if symbolic.shape[0] is None:
        assert symbolic.shape[1:] == expected.shape[1:]
    model = striate.Model(inputs, symbolic)
    np.testing.assert_allclose(model(X), expected, rtol=2e-5, atol=1e-6)
    again = striate.models.model_from_json(model.to_json())
    np.testing.assert_array_equal(again(X), model(X))


def test_matmul_and_its_transposes():
    a, b = RNG.normal(size=(4, 6)).astype("float32"), RNG.normal(size=(6, 3)).astype("float32")
    np.testing.assert_allclose(ops.matmul(a, b), a @ b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ops.matmul(a.T.copy(), b, transpose_a=True), a @ b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ops.matmul(a, b.T.copy(), transpose_b=True), a @ b, rtol=1e-5, atol=1e-6)


def test_matmul_takes_a_matrix():
    with pytest.raises(ValueError, match=r"a tensor of two axes or more and a matrix.*a\.shape=\(2, 3, 4\)"):
        ops.matmul(np.ones((2, 3, 4)), np.ones((2, 4, 5)))
    with pytest.raises(ValueError, match="Reshape a vector"):
        ops.matmul(np.ones((2, 3)), np.ones(3))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: ops.add([1.0, 2.0], [3.0, 4.0]), np.float32([4, 6])),
        (lambda: ops.add([1, 2], [3, 4]), np.int64([4, 6])),
        (lambda: ops.multiply(np.float64([1, 2]), [3.0, 4.0]), np.float64([3, 8])),
        (lambda: ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0), np.float32([4, 6])),
        (lambda: ops.max(((1, 2), (3, 4)), axis=1), np.int64([2, 4])),
        (lambda: ops.mean([1, 2]), np.float32(1.5)),
        (lambda: ops.exp(0), np.float32(1)),
        (lambda: ops.where([True, False], [1.0, 2.0], [3.0, 4.0]), np.float32([1, 4])),
        (lambda: ops.concatenate([[1.0], [2.0, 3.0]]), np.float32([1, 2, 3])),
        (lambda: ops.stack([[1.0, 2.0], np.float32([3, 4])]), np.float32([[1, 2], [3, 4]])),
    ],
)
def test_lists_of_numbers(found, expected):
    np.testing.assert_array_equal(found(), expected)
    assert found().dtype == expected.dtype


def test_lists_of_numbers_in_models():
    inputs = layers.Input((2,))
    model = striate.Model(inputs, ops.add([1.0, 2.0], inputs) * [2.0, 3.0])
    again = striate.models.model_from_json(model.to_json())
    assert again(np.ones((1, 2))).tolist() == [[4, 9]]
    with pytest.raises(TypeError, match=r"\[relu\].*a list of 2.*ops\.stack"):
        ops.relu([inputs, inputs])


def test_results_are_arrays_with_numpy():
    y = ops.add(X, 1)
    assert isinstance(y, np.ndarray)
    assert type(y.numpy()) is np.ndarray
    np.testing.assert_array_equal(y.numpy(), X + 1)


def test_types():
    assert ops.add(np.float64([1]), 1).dtype == np.float64
    assert ops.increment(np.int64([1]), 2).tolist() == [3]
    assert ops.add(np.float32([1]), np.int64([1])).dtype == np.float32
    assert ops.cast(X, "int32").dtype == np.int32
    assert ops.cast(np.uint8([200]), np.float32)[0] == 200
    assert ops.multiply(np.int64([1]), 0.5).dtype == np.float32
    with pytest.raises(TypeError, match="complex64 cannot be used"):
        ops.exp(np.complex64([1]))


def test_non_contiguous_and_read_only_arrays():
    view = np.broadcast_to(X[:, ::2], (2, 3, 3, 7))
    np.testing.assert_array_equal(ops.add(view, 1), view + 1)
    fixed = X.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(ops.relu(fixed), np.maximum(X, 0))


def test_constants_are_copies_in_graphs_and_results_own_their_memory():
    array = np.ones(3, np.float32)
    value = _core.constant(array)
    array[:] = 5
    assert _core.evaluate([value])[0].tolist() == [1, 1, 1]
    first = ops.add(X, 1)
    kept = first.copy()
    for _ in range(3):
        ops.add(X, 2)
    np.testing.assert_array_equal(first, kept)


def test_variables_are_read_and_updates_chain():
    variable = striate.Variable("v", np.float32([1, 2]))
    np.testing.assert_array_equal(variable * 2 + 1, [3, 5])
    with tracing.Trace() as trace:
        trace.updates[variable] = ops.add(variable, 1)
        trace.updates[variable] = ops.multiply(variable, 10)  # of what the line above gave
    function = _core.Function("f", [], [], list(trace.updates.items()))
    function.run([])
    np.testing.assert_array_equal(variable.numpy(), [20, 30])


def test_gradients():
    x = _core.input("x", "float32", (None, 3))
    loss = ops.sum(ops.square(x) * 0.5)
    function = _core.Function("f", [x], ops.gradients(loss, [x]))
    array = X[0, :, :3].copy()
    np.testing.assert_allclose(function.run([array])[0], array, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.add(X, X[:2]), r"\(3, 5, 7\).*\(2, 5, 7\)"),
        (lambda: ops.squeeze(X, 1), "axis 1 has size 5, not 1"),
        (lambda: ops.power(X, X), r"ops.exp\(exponent \* ops.log\(x\)\)"),
        (lambda: ops.get_item(X, slice(None, None, 2)), "slices take no step"),
        (lambda: ops.reshape(X, (4, -1)), "reshape"),
        (lambda: layers.Input((None, 3))[:, :0], "size is unknown.*leave out"),
        (lambda: ops.expand_dims(X, (0, 0)), "twice"),
        (lambda: ops.pad(X, [1, 2, 3]), "one such pair for each of the 3 axes"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()
    with pytest.raises(IndexError, match="out of range"):
        ops.get_item(X, (0, 9))


def test_symbolic_tensors_say_what_they_are():
    x = layers.Input((3,))
    with pytest.raises(TypeError, match="symbolic"):
        np.asarray(x)
    with pytest.raises(TypeError, match="symbolic"):
        bool(x)
    assert isinstance(np.float32([1, 2, 3]) + x, SymbolicTensor)
