import numpy as np
import pytest

from striate import layers
from support.layer_contract import check_layer

rng = np.random.default_rng(8)
ELEMENTWISE = [
    (layers.Add, layers.add, lambda a, b: a + b),
    (layers.Subtract, layers.subtract, lambda a, b: a - b),
    (layers.Multiply, layers.multiply, lambda a, b: a * b),
    (layers.Average, layers.average, lambda a, b: (a + b) / 2),
    (layers.Maximum, layers.maximum, np.maximum),
    (layers.Minimum, layers.minimum, np.minimum),
]


@pytest.mark.parametrize(("cls", "function", "formula"), ELEMENTWISE)
def test_elementwise(cls, function, formula):
    check_layer(cls, {}, [(3, 4, 5), (3, 4, 5)], (3, 4, 5))
    a, b = rng.normal(size=(2, 3, 17)).astype("float32")
    np.testing.assert_allclose(np.asarray(cls()([a, b])), formula(a, b), rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(function([a, b])), np.asarray(cls()([a, b])))
    row = rng.normal(size=(3, 1)).astype("float32")
    np.testing.assert_allclose(np.asarray(function([a, row])), formula(a, row), rtol=1e-6)


def test_three_inputs():
    a, b, c = rng.normal(size=(3, 2, 5)).astype("float32")
    np.testing.assert_allclose(np.asarray(layers.add([a, b, c])), a + b + c, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(layers.average([a, b, c])), (a + b + c) / 3, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("axis", "shapes"), [(-1, [(2, 3, 4), (2, 3, 1)]), (1, [(2, 3, 4), (2, 5, 4), (2, 1, 4)])])
def test_concatenate(axis, shapes):
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    expected = np.concatenate(arrays, axis)
    check_layer(
        layers.Concatenate, {"axis": axis}, shapes, expected.shape, wrong=[({"axis": "last"}, r"`axis` must be")]
    )
    np.testing.assert_array_equal(np.asarray(layers.concatenate(arrays, axis=axis)), expected)


def test_wrong_inputs():
    a, b = np.zeros((2, 3), "float32"), np.zeros((2, 4), "float32")
    with pytest.raises(ValueError, match=r"A `Concatenate` layer requires inputs with matching shapes.*axis=0"):
        layers.Concatenate(axis=0)([a, b])
    with pytest.raises(ValueError, match=r"input_shape=\[\(2, 3\), \(2, 4, 1\)\]"):
        layers.Concatenate()([a, np.zeros((2, 4, 1), "float32")])
    with pytest.raises(ValueError, match=r"A `Subtract` layer should be called on exactly 2 inputs. Received: 3"):
        layers.Subtract()([a, a, a])
    with pytest.raises(ValueError, match=r"A `Add` layer should be called on a list of inputs"):
        layers.Add()(a)
    with pytest.raises(ValueError, match=r"(?s)\(2, 3\).*\(2, 4\)"):
        layers.Add()([a, b])
