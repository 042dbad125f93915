import numpy as np

import striate
from striate import backend as K  # noqa: N812 - as scripts have it
from striate import layers


def test_constants():
    assert K.epsilon() == 1e-7
    assert K.floatx() == "float32"
    assert K.image_data_format() == "channels_last"
    assert K.int_shape(layers.Input((28, 28, 1))) == (None, 28, 28, 1)


def test_values():
    optimizer = striate.optimizers.SGD(0.5)
    assert K.get_value(optimizer.learning_rate) == 0.5
    K.set_value(optimizer.learning_rate, 0.25)
    assert K.get_value(optimizer.lr) == 0.25


def test_functions():
    x = np.float32([[1, 4], [9, 16]])
    assert float(K.mean(x)) == 7.5
    np.testing.assert_array_equal(np.asarray(K.sum(x, axis=0)), [10, 20])
    np.testing.assert_array_equal(np.asarray(K.sqrt(x)), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(np.asarray(K.square(x)), x * x)
    np.testing.assert_array_equal(np.asarray(K.maximum(x, 5.0)), [[5, 5], [9, 16]])


def test_clear_session_counts_anew():
    K.clear_session()
    assert [layers.Dense(1).name, layers.Dense(1).name] == ["dense", "dense_1"]
    K.clear_session()
    assert layers.Dense(1).name == "dense"
