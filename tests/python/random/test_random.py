import numpy as np
import pytest

import striate
from striate import layers, ops, random, tracing


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


class Noise(layers.Layer):
    def __init__(self, draw, shape, **kwargs):
        super().__init__()
        self.draw, self.shape, self.kwargs = draw, shape, kwargs

    def call(self, inputs):
        drawn = self.draw(self.shape, **self.kwargs)
        self.add_loss(ops.sum(drawn) * 0)
        self.drawn.assign(ops.mean(drawn, 0))
        return inputs + drawn

    def build(self, _):
        self.drawn = self.add_weight(shape=self.shape[1:], trainable=False)


@pytest.mark.parametrize("draw", [random.uniform, random.normal, random.truncated_normal])
def test_draws_in_call_are_others_at_each_step(draw):
    noise = Noise(draw, (None, 3))
    model = striate.Sequential([striate.Input((3,)), noise, layers.Dense(3)])
    model.compile("sgd", "mse")
    x = np.zeros((4, 3), "float32")
    seen = []
    for _ in range(2):
        model.train_on_batch(x, x)
        seen.append(noise.drawn.numpy())
    assert len(np.unique(seen)) == 6
    fixed = Noise(draw, (1, 3), seed=5)
    assert np.array_equal(fixed(x), fixed(x))
    np.testing.assert_array_equal(fixed(x)[0], draw((1, 3), seed=5)[0])
    assert not np.array_equal(noise(x), noise(x))
    with tracing.Trace(), pytest.raises(NotImplementedError, match=r"draws of shape \(3, None\).*one more input"):
        draw((3, None))


def test_distributions_in_call():
    x = np.zeros((100_000, 3), "float32")
    even = Noise(random.uniform, (100_000, 3), minval=-1, maxval=3)(x)
    assert even.min() >= -1
    assert even.max() < 3
    np.testing.assert_allclose([even.mean(), even.std()], [1, 4 / 12**0.5], atol=0.02)
    # Quantiles of the normal distribution, far out too.
    bell = np.asarray(Noise(random.normal, (100_000, 3), mean=2, stddev=0.5)(x), "float64")
    shares = [(bell < 2 + 0.5 * z).mean() for z in (-3, -2, -1, 0, 1, 2, 3)]
    np.testing.assert_allclose(shares, [0.00135, 0.02275, 0.15866, 0.5, 0.84134, 0.97725, 0.99865], atol=0.003)
    np.testing.assert_allclose(np.corrcoef(bell.T), np.eye(3), atol=0.02)
    cut = Noise(random.truncated_normal, (100_000, 3))(x)
    assert np.abs(cut).max() <= 2
    np.testing.assert_allclose(cut.std(), 0.8796, atol=0.01)
