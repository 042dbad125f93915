import math

import numpy as np
import pytest

from striate import initializers
from striate.initializers.variance_initializers import compute_fans
from striate.utils import set_random_seed

RANDOM = [
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.HeNormal,
    initializers.HeUniform,
    initializers.LecunNormal,
    initializers.LecunUniform,
    initializers.Orthogonal,
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
]


def draw(initializer, shape, dtype=None):
    return np.asarray(initializer(shape, dtype))


@pytest.mark.parametrize("cls", RANDOM)
def test_random(cls):
    one = draw(cls(seed=3), (5, 7))
    assert one.shape == (5, 7)
    assert one.dtype == np.float32
    assert draw(cls(seed=3), (5, 7), "float64").dtype == np.float64
    np.testing.assert_array_equal(one, draw(cls(seed=3), (5, 7)))
    assert (one != draw(cls(seed=4), (5, 7))).any()
    unseeded = cls()
    set_random_seed(5)
    first, second = draw(unseeded, (5, 7)), draw(unseeded, (5, 7))
    assert (first != second).any()
    set_random_seed(5)
    np.testing.assert_array_equal(first, draw(cls(), (5, 7)))
    with pytest.raises(ValueError, match=r"`seed` must be an integer or None. Received: seed='x'"):
        cls(seed="x")


@pytest.mark.parametrize("cls", [*RANDOM, initializers.Constant, initializers.Ones, initializers.Zeros])
def test_config_round_trip(cls):
    initializer = cls(seed=3) if cls in RANDOM else cls()
    again = initializers.deserialize(initializers.serialize(initializer))
    assert type(again) is cls
    assert again.get_config() == initializer.get_config()
    np.testing.assert_array_equal(draw(again, (3, 4)), draw(initializer, (3, 4)))


@pytest.mark.parametrize(
    ("cls", "limit"),
    [
        (initializers.GlorotUniform, lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
        (initializers.HeUniform, lambda fan_in, fan_out: math.sqrt(6 / fan_in)),
        (initializers.LecunUniform, lambda fan_in, fan_out: math.sqrt(3 / fan_in)),
    ],
)
def test_uniform_limits(cls, limit):
    values = draw(cls(seed=1), (3, 3, 20, 50))
    bound = limit(180, 450)
    assert np.abs(values).max() <= bound
    # the largest of 9,000 draws lies within a few 1/9,000 of the bound
    assert np.abs(values).max() > 0.998 * bound


@pytest.mark.parametrize(
    ("cls", "stddev"),
    [
        (initializers.GlorotNormal, math.sqrt(2 / 630)),
        (initializers.HeNormal, math.sqrt(2 / 180)),
        (initializers.LecunNormal, math.sqrt(1 / 180)),
    ],
)
def test_normal_deviations(cls, stddev):
    values = draw(cls(seed=1), (3, 3, 20, 50))
    assert np.abs(values).max() <= 2 * stddev / 0.8796 * 1.0001  # truncated at two deviations, then rescaled
    # 9,000 draws: the deviation's own relative deviation is 0.7%; five of them
    assert values.std() == pytest.approx(stddev, rel=0.04)
    assert abs(values.mean()) < 5 * stddev / math.sqrt(9000)


def test_plain_distributions():
    values = draw(initializers.RandomNormal(1.0, 0.5, seed=1), (10000,))
    assert values.mean() == pytest.approx(1.0, abs=0.025)
    assert values.std() == pytest.approx(0.5, rel=0.04)
    assert np.abs(values - 1).max() > 1.0  # not truncated
    values = draw(initializers.TruncatedNormal(stddev=1.0, seed=1), (10000,))
    assert np.abs(values).max() <= 2
    assert values.std() == pytest.approx(0.8796, rel=0.03)
    values = draw(initializers.RandomUniform(-1, 3, seed=1), (10000,))
    assert values.min() >= -1
    assert values.max() < 3
    assert values.mean() == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 2, 5)])
def test_orthogonal(shape):
    q = draw(initializers.Orthogonal(gain=2.0, seed=1), shape, "float64").reshape(-1, shape[-1])
    small = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)
    with pytest.raises(ValueError, match=r"two axes or more. Received: shape=\(3,\)"):
        initializers.Orthogonal()((3,))


def test_constants():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2,), "int64"), [1, 1])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)), [[1, 2]] * 3)


@pytest.mark.parametrize(("shape", "fans"), [((), (1, 1)), ((5,), (5, 5)), ((3, 4), (3, 4)), ((2, 3, 4, 5), (24, 30))])
def test_fans(shape, fans):
    assert compute_fans(shape) == fans


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("glorot_uniform", initializers.GlorotUniform),
        ("GlorotUniform", initializers.GlorotUniform),
        ("he_normal", initializers.HeNormal),
        ("HeNormal", initializers.HeNormal),
        ("lecun_uniform", initializers.LecunUniform),
        ("zeros", initializers.Zeros),
        ("Ones", initializers.Ones),
        ("uniform", initializers.RandomUniform),
        ("normal", initializers.RandomNormal),
        ("truncated_normal", initializers.TruncatedNormal),
        (initializers.Constant, initializers.Constant),
    ],
)
def test_get(name, cls):
    assert type(initializers.get(name)) is cls


def test_get_passes_others_through():
    def mine(shape, dtype=None):
        return np.zeros(shape)

    assert initializers.get(mine) is mine
    assert initializers.get(None) is None
    with pytest.raises(ValueError, match=r"Unknown initializer: 'foo'. Known: Constant, .*Zeros"):
        initializers.get("foo")
    with pytest.raises(ValueError, match=r"Could not interpret initializer 3 of type int"):
        initializers.get(3)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"`scale` must be positive. Received: scale=0"):
        initializers.VarianceScaling(0)
    with pytest.raises(ValueError, match=r"`mode` must be .*mode='fan'"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match=r"`distribution` must be .*distribution='cauchy'"):
        initializers.VarianceScaling(distribution="cauchy")
    with pytest.raises(ValueError, match=r"`input_axes` comes in a later version"):
        initializers.GlorotUniform(input_axes=(0,))
