import hashlib

import numpy as np

from striate.datasets import mnist5k


def test_split_and_order():
    (x_train, y_train), (x_test, y_test) = mnist5k.load_data()
    assert x_train.shape == (4000, 28, 28)
    assert x_test.shape == (1000, 28, 28)
    assert x_train.dtype == x_test.dtype == y_train.dtype == y_test.dtype == np.uint8
    np.testing.assert_array_equal(y_train, np.arange(4000) % 10)
    np.testing.assert_array_equal(y_test, np.arange(1000) % 10)


def test_content_is_the_digits():
    (x_train, _), (x_test, _) = mnist5k.load_data()
    digest = hashlib.md5(x_train.tobytes() + x_test.tobytes()).hexdigest()
    assert digest == "91d53344f90545b1e24c3c9ac00f7842"
    # A property of digits that a shuffled or rotated store would not have: strokes are centred, borders are empty.
    assert x_train[:, 10:18, 10:18].mean() > 80
    assert x_train[:, :2].mean() < 1


def test_splits_are_disjoint():
    (x_train, _), (x_test, _) = mnist5k.load_data()
    train = {image.tobytes() for image in x_train}
    assert not any(image.tobytes() in train for image in x_test)
