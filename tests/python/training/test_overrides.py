"""What a subclass may override, and what it may not."""

import numpy as np
import pytest

import striate
from striate import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype("float32")
Y = RNG.normal(size=(20, 3)).astype("float32")


class Net(striate.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.last = layers.Dense(3)

    def call(self, x):
        return self.last(x)


@pytest.mark.parametrize(
    ("method", "instead"),
    [
        ("train_step", "train_on_batch"),
        ("make_train_function", "add_loss"),
        ("test_step", "test_on_batch"),
        ("predict_step", "predict_on_batch"),
        ("compute_metrics", "`Metric` subclass"),
    ],
)
def test_steps_of_ones_own_are_refused(method, instead):
    model = type("Own", (Net,), {method: lambda self, *args, **kwargs: None})()
    with pytest.raises(NotImplementedError, match=rf"has a method `{method}`.*{instead}"):
        model.compile("sgd", "mse")


def test_predict_step_is_refused_where_it_would_be_ignored():
    model = type("Own", (Net,), {"predict_step": lambda self, data: data})()
    with pytest.raises(NotImplementedError, match="`predict_step`"):
        model.predict(X, verbose=0)
    assert type("Own", (Net,), {"train_step": lambda self, data: data})().predict(X, verbose=0).shape == (20, 3)


@pytest.mark.parametrize("method", ["update_step", "apply_gradients", "build"])
def test_updates_of_ones_own_are_refused(method):
    optimizer = type("Own", (striate.optimizers.SGD,), {method: lambda self, *args: None})
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3)])
    with pytest.raises(NotImplementedError, match=rf"\(Own\) overrides `{method}`.*`update\(weight"):
        model.compile(optimizer(0.1), "mse")


class Doubled(Net):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        own = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        return own * 2.0 + (0.0 if training else 1.0)


def test_compute_loss():
    plain, own = Net(), Doubled()
    plain.compile(striate.optimizers.SGD(0.2), "mse")
    own.compile(striate.optimizers.SGD(0.1), "mse", metrics=["mse"])
    weights = RNG.random(20)
    own.build((None, 4))
    plain.build((None, 4))
    own.set_weights(plain.get_weights())
    for model in (plain, own):
        model.fit(X, Y, sample_weight=weights, batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(plain.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    loss = plain.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(own.evaluate(X, Y, verbose=0), [2 * loss + 1, loss], rtol=1e-5)


class Itself(Net):
    """Learns its inputs; Keras's older signature."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        assert y is None
        return ops.mean(ops.square(y_pred - x[:, :3]))


def test_compute_loss_without_labels_or_compiled_loss(tmp_path):
    model = Itself()
    model.compile("sgd")
    model.fit(X, epochs=2, verbose=0)
    expected = np.square(model.predict(X, verbose=0) - X[:, :3]).mean()
    assert model.evaluate(X, verbose=0) == pytest.approx(expected, rel=1e-5)
    model.save(tmp_path / "net.striate")
    loaded = striate.models.load_model(tmp_path / "net.striate", custom_objects={"Itself": Itself})
    assert loaded.evaluate(X, verbose=0) == pytest.approx(expected, rel=1e-5)


class Variational(striate.Model):
    """Several outputs, one label."""

    def __init__(self):
        super().__init__()
        self.code, self.last = layers.Dense(2), layers.Dense(3)

    def call(self, x):
        code = self.code(x)
        return {"y": self.last(code), "code": code}

    def compute_loss(self, x, y, y_pred, sample_weight, training):
        return ops.mean(ops.square(y - y_pred["y"])) + 0.1 * ops.mean(ops.square(y_pred["code"]))


def test_compute_loss_says_which_labels_it_takes():
    model = Variational()
    model.compile("sgd")
    found = model.evaluate(X, Y, verbose=0)
    outputs = model.predict(X, verbose=0)
    expected = np.square(Y - outputs["y"]).mean() + 0.1 * np.square(outputs["code"]).mean()
    assert found == pytest.approx(expected, rel=1e-5)
    assert list(model.fit(X, Y, verbose=0).history) == ["loss"]


def test_compute_loss_must_give_a_scalar():
    model = type("Own", (Net,), {"compute_loss": lambda self, **given: ops.square(given["y"] - given["y_pred"])})()
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"`compute_loss` of model 'own.*' must return a scalar"):
        model.fit(X, Y, verbose=0)


def test_loss_that_layers_add_alone(tmp_path):
    @striate.saving.register_keras_serializable("test_overrides")
    class Small(layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(ops.square(x)))
            return x

    model = striate.Sequential([layers.Input((4,)), layers.Dense(3), Small()])
    model.compile("sgd")
    first, second = model.fit(X, epochs=2, verbose=0).history["loss"]
    assert second < first
    expected = np.square(model.predict(X, verbose=0)).mean()
    np.testing.assert_allclose([model.evaluate(X, verbose=0), model.evaluate(X, Y, verbose=0)], expected, rtol=1e-5)
    model(X)
    np.testing.assert_allclose(model.losses, [expected], rtol=1e-5)
    model.save(tmp_path / "net.striate")
    loaded = striate.models.load_model(tmp_path / "net.striate")
    assert loaded.train_on_batch(X) == pytest.approx(expected, rel=1e-5)
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd")
    with pytest.raises(ValueError, match="No loss to compute"):
        model.fit(X, verbose=0)


def test_nothing_to_train():
    model = Net()
    model.compile("sgd", "mse")
    model.trainable = False
    with pytest.warns(UserWarning, match="The model does not have any trainable weights."):
        model.fit(X, Y, verbose=0)
