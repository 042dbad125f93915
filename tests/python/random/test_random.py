import numpy as np
import pytest

import striate
from striate import random


@pytest.mark.parametrize("draw", [random.uniform, random.normal, random.truncated_normal])
def test_seeds(draw):
    np.testing.assert_array_equal(draw((5, 7), seed=3), draw((5, 7), seed=3))
    assert not np.array_equal(draw((5, 7), seed=3), draw((5, 7), seed=4))
    assert not np.array_equal(draw((5, 7)), draw((5, 7)))
    striate.utils.set_random_seed(1)
    first = [draw((3,)), draw((3,))]
    striate.utils.set_random_seed(1)
    np.testing.assert_array_equal(first, [draw((3,)), draw((3,))])
    assert draw((2,), dtype="float64", seed=1).dtype == np.float64


def test_distributions():
    n = 200_000
    even = random.uniform((n,), -1, 3, seed=1)
    assert even.min() >= -1
    assert even.max() < 3
    np.testing.assert_allclose([even.mean(), even.std()], [1, 4 / 12**0.5], atol=0.02)
    bell = random.normal((n,), 2, 0.5, seed=1)
    np.testing.assert_allclose([bell.mean(), bell.std()], [2, 0.5], atol=0.01)
    cut = random.truncated_normal((n,), 0, 1, seed=1)
    assert np.abs(cut).max() <= 2
    np.testing.assert_allclose(cut.std(), 0.8796, atol=0.01)
