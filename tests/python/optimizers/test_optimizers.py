import numpy as np
import pytest

import striate
from striate import layers, optimizers

rng = np.random.default_rng(11)


def model_of_one_weight(optimizer, start):
    """A network that is one weight w, with the loss w**2 for x = 1 and y = 0: the gradient is 2 w."""
    model = striate.Sequential(
        [layers.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer=striate.initializers.Constant(start))]
    )
    model.compile(optimizer, "mse")
    return model


def trajectory(optimizer, steps=2, start=1.0):
    model = model_of_one_weight(optimizer, start)
    x, y = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
    weights = []
    for _ in range(steps):
        model.train_on_batch(x, y)
        weights.append(float(model.get_weights()[0][0, 0]))
    return weights


def test_hand_values():
    """f = w**2 from w = 1."""
    assert trajectory(optimizers.SGD(0.1)) == pytest.approx([0.8, 0.64], rel=1e-6)
    assert trajectory(optimizers.SGD(0.1, momentum=0.9)) == pytest.approx([0.8, 0.46], rel=1e-6)
    assert trajectory(optimizers.Adam(0.1, epsilon=1e-8), steps=1) == pytest.approx([0.9], abs=1e-6)


def gradient_descent(w, steps, rate, momentum, nesterov):
    v, weights = 0.0, []
    for _ in range(steps):
        g = 2 * w
        v = momentum * v - rate * g
        w = w + (momentum * v - rate * g if nesterov else v)
        weights.append(w)
    return weights


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.5, False), (0.9, True)])
def test_sgd_follows_its_docstring(momentum, nesterov):
    found = trajectory(optimizers.SGD(0.05, momentum, nesterov), steps=10)
    assert found == pytest.approx(gradient_descent(1.0, 10, 0.05, momentum, nesterov), rel=1e-5)


@pytest.mark.parametrize(("momentum", "centered"), [(0.0, False), (0.9, False), (0.5, True)])
def test_rmsprop_follows_its_docstring(momentum, centered):
    found = trajectory(optimizers.RMSprop(0.01, 0.8, momentum, 1e-3, centered), steps=10)
    w, v, a, m, expected = 1.0, 0.0, 0.0, 0.0, []
    for _ in range(10):
        g = 2 * w
        v = 0.8 * v + 0.2 * g * g
        a = 0.8 * a + 0.2 * g
        step = 0.01 * g / np.sqrt(v - (a * a if centered else 0) + 1e-3)
        m = momentum * m + step
        w -= m
        expected.append(w)
    assert found == pytest.approx(expected, rel=1e-4)


def test_compile_without_an_optimizer_is_rmsprop():
    model = model_of_one_weight("rmsprop", 1.0)
    model.compile(loss="mse")
    model.train_on_batch(np.ones((1, 1), "float32"), np.zeros((1, 1), "float32"))
    assert isinstance(model.optimizer, optimizers.RMSprop)


def test_learning_rate_takes_numbers():
    optimizer = optimizers.SGD(0.1)
    optimizer.learning_rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize(("beta_1", "beta_2", "epsilon"), [(0.9, 0.999, 1e-7), (0.5, 0.9, 1e-2), (0.0, 0.99, 1e-7)])
def test_adam_follows_its_docstring(beta_1, beta_2, epsilon):
    found = trajectory(optimizers.Adam(0.1, beta_1, beta_2, epsilon), steps=10)
    w, m, v, expected = 1.0, 0.0, 0.0, []
    for t in range(1, 11):
        g = 2 * w
        m += (g - m) * (1 - beta_1)
        v += (g * g - v) * (1 - beta_2)
        w -= 0.1 * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)
        expected.append(w)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_learning_rate_is_assignable_while_training():
    optimizer = optimizers.SGD(0.1)
    model = model_of_one_weight(optimizer, 1.0)
    x, y = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
    model.train_on_batch(x, y)
    optimizer.learning_rate = 0.25
    model.train_on_batch(x, y)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(0.8 * 0.5, rel=1e-6)
    assert float(optimizer.learning_rate) == pytest.approx(0.25)
    assert int(optimizer.iterations.read()) == 2
    optimizer.lr = 0.5  # Keras 2's name
    assert float(optimizer.learning_rate.read()) == 0.5


def test_slots():
    plain, momentum, adam = optimizers.SGD(), optimizers.SGD(momentum=0.9), optimizers.Adam()
    for optimizer, slots in ((plain, []), (momentum, ["momentum"]), (adam, ["m", "v"])):
        model = striate.Sequential([layers.Input((3,)), layers.Dense(2, name="head")])
        model.compile(optimizer, "mse")
        model.train_on_batch(np.zeros((1, 3), "float32"), np.zeros((1, 2), "float32"))
        names = [variable.name for variable in optimizer.variables]
        assert names[:2] == ["optimizer/iterations", "optimizer/learning_rate"]
        assert names[2:] == [f"optimizer/head/{weight}/{slot}" for weight in ("kernel", "bias") for slot in slots]
        for variable in optimizer.variables[2:]:
            assert tuple(variable.shape) in ((3, 2), (2,))


@pytest.mark.parametrize(
    ("name", "cls"),
    [("sgd", optimizers.SGD), ("SGD", optimizers.SGD), ("Adam", optimizers.Adam), (optimizers.Adam, optimizers.Adam)],
)
def test_get(name, cls):
    assert type(optimizers.get(name)) is cls


@pytest.mark.parametrize("optimizer", [optimizers.SGD(0.5, 0.9, True), optimizers.Adam(0.25, 0.8, 0.9, 1e-3)])
def test_config_round_trip(optimizer):
    optimizer.learning_rate = 0.125
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.get_config()["learning_rate"] == 0.125


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Adam])
def test_wrong_arguments(cls):
    with pytest.raises(ValueError, match=r"Argument\(s\) not recognized: \{'lr': 0.1\}"):
        cls(lr=0.1)
    with pytest.raises(ValueError, match=r"`clipnorm` comes in a later version of striate.*clipnorm=1.0"):
        cls(clipnorm=1.0)
    with pytest.raises(ValueError, match=r"`weight_decay` comes in a later version"):
        cls(weight_decay=1e-4)
    with pytest.raises(ValueError, match=r"`learning_rate` must be a finite number of 0 or more.*learning_rate='fast'"):
        cls("fast")
    with pytest.raises(ValueError, match=r"learning_rate=nan"):
        cls(float("nan"))
    with pytest.warns(UserWarning, match="Argument `decay` is no longer supported and will be ignored"):
        cls(decay=1e-6)
    cls(weight_decay=None, clipnorm=None, use_ema=False, ema_momentum=0.99)


def test_more_wrong_arguments():
    with pytest.raises(ValueError, match=r"`momentum` must be a number from 0 to 1. Received: momentum=1.5"):
        optimizers.SGD(momentum=1.5)
    with pytest.raises(ValueError, match=r"`beta_2` must be at least 0 and less than 1. Received: beta_2=1"):
        optimizers.Adam(beta_2=1)
    with pytest.raises(ValueError, match=r"`amsgrad` comes in a later version"):
        optimizers.Adam(amsgrad=True)
    with pytest.raises(ValueError, match=r"Unknown optimizer: 'adamm'. Known: Adam, RMSprop, SGD"):
        optimizers.get("adamm")
    with pytest.raises(ValueError, match=r"Could not interpret optimizer 3"):
        optimizers.get(3)
