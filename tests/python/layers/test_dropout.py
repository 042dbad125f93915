import numpy as np
import pytest

import striate
from striate import layers
from support.layer_contract import check_layer

WRONG = [
    ({"rate": 1}, r"`rate` must be a number from 0 to less than 1. Received: rate=1"),
    ({"rate": -0.1}, r"rate=-0.1"),
    ({"rate": "half"}, r"rate='half'"),
    ({"seed": 1.5}, r"`seed` must be an integer or None"),
    ({"noise_shape": (1, 1)}, r"`noise_shape` comes in a later version"),
]


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 4, 3)])
def test_contract(shape):
    check_layer(layers.Dropout, {"rate": 0.1}, shape, shape, wrong=WRONG)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.7])
def test_keeps_the_mean_and_scales_what_is_left(rate):
    x = np.ones((100, 1000), "float32")
    y = np.asarray(layers.Dropout(rate)(x, training=True))
    kept = y != 0
    np.testing.assert_allclose(y[kept], 1 / (1 - rate), rtol=1e-6)
    # 100,000 draws: a standard deviation of 0.0016 at most; six of them
    assert abs(kept.mean() - (1 - rate)) < 0.01


def test_does_nothing_outside_training():
    x = np.random.default_rng(6).normal(size=(5, 7)).astype("float32")
    layer = layers.Dropout(0.5)
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    np.testing.assert_array_equal(np.asarray(layer(x, training=False)), x)
    np.testing.assert_array_equal(np.asarray(layers.Dropout(0)(x, training=True)), x)


def masks(seed, steps=2, layer_seed=None):
    """Gradients of a mean through dropout, as changes of the weights of a layer in front: which were kept."""
    striate.utils.set_random_seed(seed)
    model = striate.Sequential(
        [
            layers.Input((64,)),
            layers.Dense(64, kernel_initializer="zeros"),
            layers.Dropout(0.5, seed=layer_seed, name="noise"),
        ]
    )
    model.compile(striate.optimizers.SGD(1.0), "mse")
    x, y = np.ones((1, 64), "float32"), np.ones((1, 64), "float32")
    found = []
    for _ in range(steps):
        before = model.get_weights()[1]
        model.train_on_batch(x, y)
        found.append(model.get_weights()[1] != before)
    return np.array(found)


def test_same_seed_same_choice_other_steps_other_choices():
    first = masks(1)
    np.testing.assert_array_equal(first, masks(1))
    assert (first != masks(2)).any()
    assert (first[0] != first[1]).any()
    assert 10 < first[0].sum() < 54
