import functools
import json
import os

import numpy as np
import pytest

import striate
from striate import _core, layers, losses, models, saving

from . import plain_reader

X = np.random.default_rng(0).random((10, 6, 6, 1), dtype=np.float32)
Y = np.arange(10) % 3


def net(compiled=True):
    striate.utils.set_random_seed(5)
    inputs = layers.Input((6, 6, 1))
    x = layers.Conv2D(4, 3, name="first")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    y = layers.Conv2D(4, 1)(x)
    x = layers.Concatenate()([x, y])
    x = layers.Dropout(0.2)(x)
    x = layers.Flatten()(x)
    model = models.Model(inputs, layers.Dense(3, activation="softmax")(x))
    if compiled:
        model.compile(striate.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    return model


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.fixture
def saved(tmp_path):
    model = net()
    model.save(tmp_path / "net.striate")
    return model, tmp_path / "net.striate"


def test_everything_comes_back(saved):
    model, path = saved
    loaded = models.load_model(path)
    assert type(loaded) is type(model)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    for left, right in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert same_bits(left, right)
    assert same_bits(model.predict(X, verbose=0), loaded.predict(X, verbose=0))
    assert model.evaluate(X, Y, verbose=0) == loaded.evaluate(X, Y, verbose=0)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    for left, right in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        assert same_bits(np.asarray(left.read()), np.asarray(right.read()))


def test_sequential_and_uncompiled(tmp_path):
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
    path = tmp_path / "net.striate"
    model.save(path)
    loaded = saving.load_model(path)
    assert isinstance(loaded, striate.Sequential)
    x = np.ones((2, 4), "float32")
    assert same_bits(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    with pytest.raises(ValueError, match="compile"):
        loaded.evaluate(x, x)


def test_compile_false(saved):
    _, path = saved
    loaded = models.load_model(path, compile=False)
    with pytest.raises(ValueError, match="compile"):
        loaded.fit(X, Y)


def test_any_safetensors_reader_opens_the_file(saved):
    model, path = saved
    metadata, arrays = plain_reader.read(path)
    assert metadata["format"] == "striate"
    assert metadata["format_version"] == "1"
    weights = model.get_weights()
    assert same_bits(arrays[model.weights[0].name], weights[0])
    assert [f["name"] for f in json.loads(metadata["entry_points"])["functions"]] == [
        "predict",
        "evaluate",
        "train_step",
    ]


@pytest.mark.parametrize("length", [0, 5, 100, 3000, -1])
def test_truncated(saved, length):
    _, path = saved
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"net\.striate'.*(cut short|no safetensors)"):
        models.load_model(path)


def test_flipped_bits(saved):
    _, path = saved
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for bit in rng.integers(0, len(whole) * 8, 200):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"net\.striate'"):
            models.load_model(path)


def test_edited_configuration(saved):
    _, path = saved
    metadata, arrays = plain_reader.read(path)
    metadata["configuration"] = metadata["configuration"].replace('"first"', '"other"')
    del metadata["checksums"], metadata["header_checksum"]
    plain_reader.write(path, metadata, arrays)
    with pytest.raises(ValueError, match="header checksum|not the one its functions were made from"):
        models.load_model(path)


def test_bytes_that_are_no_text(saved):
    _, path = saved
    damaged = bytearray(path.read_bytes())
    damaged[8] ^= 0x80  # the header's first
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"net\.striate'.*not valid JSON"):
        models.load_model(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda described: described.pop("model"),
        lambda described: described["model"]["config"].pop("layers"),
        lambda described: described["model"].update(config=[1]),
        lambda described: described.update(compile=3),
    ],
)
def test_a_description_that_cannot_be_followed(saved, edit):
    _, path = saved
    metadata, arrays = plain_reader.read(path)
    described = json.loads(metadata["configuration"])
    edit(described)
    metadata["configuration"] = json.dumps(described)
    functions = json.loads(metadata["entry_points"])
    functions["configuration"] = _core.configuration_hash(metadata["configuration"])
    metadata["entry_points"] = json.dumps(functions)
    del metadata["checksums"], metadata["header_checksum"]
    plain_reader.write(path, metadata, arrays)
    with pytest.raises(ValueError, match=r"net\.striate'"):
        models.load_model(path)


def test_missing_file(tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match="absent.striate"):
        models.load_model(tmp_path / "absent.striate")


def test_file_name_needs_the_extension(tmp_path):
    model = net(compiled=False)
    with pytest.raises(ValueError, match=r"\.striate"):
        model.save(tmp_path / "net")
    with pytest.raises(ValueError, match=r"\.keras|later"):
        model.save(tmp_path / "net.keras")


@pytest.mark.parametrize(
    ("name", "words"), [("a\0b.striate", "cannot hold a zero character"), ("\udcff.striate", "names in UTF-8")]
)
def test_names_that_no_file_can_have(tmp_path, name, words):
    model = net(compiled=False)
    for call in (model.save, models.load_model):
        with pytest.raises(ValueError, match=words):
            call(f"{tmp_path}/{name}")
        with pytest.raises(ValueError, match=words):
            call(os.fsencode(f"{tmp_path}/{name}"))
    assert not list(tmp_path.iterdir())
    model.save(os.fsencode(tmp_path / "net.striate"))
    assert models.load_model(tmp_path / "net.striate").layers


def test_overwrite_false(saved):
    model, path = saved
    with pytest.raises((ValueError, FileExistsError), match="overwrite"):
        model.save(path, overwrite=False)


class Scaled(layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def custom_net(path):
    model = striate.Sequential([layers.Input((4,)), Scaled(3.0), layers.Dense(2)])
    model.save(path)
    return model


def test_custom_classes(tmp_path):
    path = tmp_path / "net.striate"
    model = custom_net(path)
    x = np.ones((2, 4), "float32")
    for loaded in (
        models.load_model(path, custom_objects={"Scaled": Scaled}),
        _load_in_scope(path),
    ):
        assert loaded.layers[-2].factor == 3.0
        assert same_bits(model.predict(x, verbose=0), loaded.predict(x, verbose=0))


def _load_in_scope(path):
    with saving.custom_object_scope({"Scaled": Scaled}):
        return models.load_model(path)


def test_missing_custom_class_offers_the_stored_predict(tmp_path):
    path = tmp_path / "net.striate"
    model = custom_net(path)
    with pytest.raises(ValueError, match="Scaled.*custom_objects.*PredictOnlyModel"):
        models.load_model(path)
    stored = saving.PredictOnlyModel(path)
    x = np.ones((2, 4), "float32")
    assert same_bits(model.predict(x, verbose=0), stored.predict(x))
    with pytest.raises(ValueError, match="predicts only"):
        stored.fit(x, x)


def test_registered_class(tmp_path):
    @saving.register_keras_serializable("tests", name="Halved")
    class Halved(layers.Layer):
        def call(self, inputs):
            return inputs * 0.5

    model = striate.Sequential([layers.Input((4,)), Halved(), layers.Dense(2)])
    model.save(tmp_path / "net.striate")
    x = np.ones((2, 4), "float32")
    loaded = models.load_model(tmp_path / "net.striate")
    assert same_bits(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    with pytest.raises(ValueError, match="get_config"):
        saving.register_keras_serializable()(type("Bare", (), {}))


def test_weights_alone(tmp_path):
    model, other = net(), net(compiled=False)
    path = tmp_path / "net.weights.striate"
    model.save_weights(path)
    other.load_weights(path)
    for left, right in zip(model.get_weights(), other.get_weights(), strict=True):
        assert same_bits(left, right)


def test_weights_of_another_model(tmp_path):
    net(compiled=False).save_weights(tmp_path / "net.weights.striate")
    other = striate.Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"\d+ weights"):
        other.load_weights(tmp_path / "net.weights.striate")


def two_by_two():
    a, b = layers.Input((4,), name="a"), layers.Input((5, 5, 1), name="b")
    x = layers.Concatenate()([layers.Dense(3)(a), layers.Flatten()(layers.Conv2D(2, 3)(b))])
    outputs = [layers.Dense(2, name="p", activation="softmax")(x), layers.Dense(1, name="q")(x)]
    model = models.Model([a, b], outputs)
    losses = {"p": "sparse_categorical_crossentropy", "q": "mse"}
    model.compile("adam", loss=losses, metrics={"p": ["accuracy"]}, loss_weights={"p": 1, "q": 0.5})
    return model


def test_several_inputs_and_outputs(tmp_path):
    rng = np.random.default_rng(2)
    x = [rng.random((7, 4), dtype=np.float32), rng.random((7, 5, 5, 1), dtype=np.float32)]
    y = [np.arange(7) % 2, rng.random((7, 1), dtype=np.float32)]
    model, path = two_by_two(), str(tmp_path / "net.striate")
    model.fit(x, y, epochs=1, verbose=0, sample_weight=np.ones(7, "float32"))
    model.save(path)
    loaded, stored = models.load_model(path), striate._core.StoredModel.load(path)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    assert loaded.evaluate(x, y, verbose=0, return_dict=True) == scores
    assert dict(stored.evaluate(x, y)) == scores
    for left, right in zip(model.predict(x, verbose=0), stored.predict(x), strict=True):
        assert same_bits(left, right)
    inputs = stored.function("train_step").inputs  # without the weights, which C++ has none of
    assert [value.shape for value in inputs] == [(None, 4), (None, 5, 5, 1), (None,), (None, 1)]


class Net(striate.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units)
        self.norm = layers.BatchNormalization()
        self.last = layers.Dense(2)

    def call(self, inputs):
        return self.last(self.norm(self.hidden(inputs)))


def test_subclassed_model_goes_on(tmp_path):
    rng = np.random.default_rng(2)
    x, y = rng.random((7, 4), dtype=np.float32), rng.random((7, 2), dtype=np.float32)
    model, path = Net(5), tmp_path / "net.striate"
    model.compile("adam", loss="mse")
    with pytest.raises(ValueError, match="not built"):
        model.save(path)
    model.fit(x, y, epochs=2, verbose=0)
    model.save(path)
    loaded = models.load_model(path, custom_objects={"Net": Net})
    assert same_bits(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    assert same_bits(model.predict(x, verbose=0), saving.PredictOnlyModel(path).predict(x))
    assert model.fit(x, y, epochs=2, verbose=0).history == loaded.fit(x, y, epochs=2, verbose=0).history


def test_frozen_layers_and_equal_names(tmp_path):
    x, y = np.ones((5, 4), "float32"), np.zeros((5, 2), "float32")
    inner = striate.Sequential([layers.Input((4,)), layers.Dense(3, name="dense")], name="inner")
    model = striate.Sequential([layers.Input((4,)), inner, layers.Dense(2, name="dense")])
    inner.trainable = False
    model.compile("adam", loss="mse")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "net.striate")
    loaded = models.load_model(tmp_path / "net.striate")
    assert len(loaded.trainable_weights) == 2
    assert model.fit(x, y, epochs=3, verbose=0).history == loaded.fit(x, y, epochs=3, verbose=0).history
    for left, right in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert same_bits(left, right)


class Total(striate.metrics.Metric):
    """As one writes it for Keras."""

    def __init__(self, name="total", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(striate.ops.sum(y_pred))

    def result(self):
        return self.total


def mean_score(y_true, y_pred):
    return striate.ops.mean(y_pred, axis=-1)


def test_metrics_of_your_own(tmp_path):
    x, y = np.ones((6, 4), "float32"), np.zeros((6, 2), "float32")
    model, path = striate.Sequential([layers.Input((4,)), layers.Dense(2)]), tmp_path / "net.striate"
    model.compile("sgd", "mse", metrics=[Total(), mean_score])
    model.fit(x, y, verbose=0)
    model.save(path)
    loaded = models.load_model(path, custom_objects={"Total": Total, "mean_score": mean_score})
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    assert list(expected) == ["loss", "total", "mean_score"]
    assert loaded.evaluate(x, y, verbose=0, return_dict=True) == expected
    with pytest.raises(ValueError, match=r"'.*net.striate': Unknown metric: 'Total'.*Pass it in custom_objects"):
        models.load_model(path)


@pytest.mark.parametrize("given", [{"include_optimizer": False}, {"save_format": "h5"}, {"zipped": False}])
def test_ways_to_save_that_come_later(tmp_path, given):
    with pytest.raises(ValueError, match=rf"save\(\): the argument `{next(iter(given))}` comes in a later version"):
        net().save(tmp_path / "net.striate", **given)


def test_loss_of_your_own(tmp_path):
    def squares(y_true, y_pred):
        return striate.ops.mean(striate.ops.square(y_true - y_pred), axis=-1)

    x, y = np.ones((5, 4), "float32"), np.zeros((5, 2), "float32")
    model, path = striate.Sequential([layers.Input((4,)), layers.Dense(2)]), tmp_path / "net.striate"
    model.compile("sgd", loss=squares, metrics=["mae"])
    model.fit(x, y, verbose=0)
    model.save(path)
    with pytest.raises(ValueError, match=r"Unknown loss: 'squares'.*compile=False"):
        models.load_model(path)
    assert models.load_model(path, compile=False).optimizer is None
    loaded = models.load_model(path, custom_objects={"squares": squares})
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def stored_functions(path):
    return striate._core.StoredModel.load(str(path)).function_names


def test_loss_by_its_function(tmp_path):
    model, path = striate.Sequential([layers.Input((4,)), layers.Dense(3)]), tmp_path / "net.striate"
    model.compile("sgd", losses.sparse_categorical_crossentropy, metrics=["accuracy"])
    model.save(path)
    assert stored_functions(path) == ["predict", "evaluate", "train_step"]
    assert type(models.load_model(path)._objectives.losses[0]) is losses.SparseCategoricalCrossentropy


def test_labels_that_are_not_known_before_training(tmp_path):
    x, y, path = np.ones((5, 4), "float32"), np.arange(5) % 3, tmp_path / "net.striate"
    loss = functools.partial(losses.sparse_categorical_crossentropy, from_logits=True)
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", loss, metrics=["accuracy"])
    with pytest.warns(UserWarning, match=r"will only predict: .* Train a batch before save\(\)"):
        model.save(path)
    assert stored_functions(path) == ["predict"]
    loaded = models.load_model(path, custom_objects={"partial": loss})
    assert model.fit(x, y, verbose=0).history == loaded.fit(x, y, verbose=0).history
    loaded.save(path)
    assert stored_functions(path) == ["predict", "evaluate", "train_step"]
    assert loaded.memory(5, training=True).total > loaded.memory(5).total
    loaded.layers[-1].trainable = False  # nor are they forgotten where functions are
    loaded.save(path)
    models.load_model(path, custom_objects={"partial": loss}).save(path)
    assert stored_functions(path) == ["predict", "evaluate", "train_step"]


def test_guessed_labels_bind_no_metric(tmp_path):
    x, y = np.ones((5, 4), "float32"), np.arange(5) % 3
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", lambda y, scores: striate.ops.mean(striate.ops.square(scores), axis=-1), metrics=["accuracy"])
    model.memory(5, training=True)
    assert type(model.fit(x, y, verbose=0).history["accuracy"][0]) is float
    assert type(model.metrics[1]) is striate.metrics.SparseCategoricalAccuracy


F32 = np.float32


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize(
    ("layer", "optimizer"),
    [
        (lambda: layers.LeakyReLU(F32(0.2)), lambda: "sgd"),
        (lambda: layers.BatchNormalization(momentum=F32(0.9)), lambda: "sgd"),
        (lambda: layers.Softmax(np.int64(-1)), lambda: "sgd"),
        (lambda: layers.Dropout(F32(0.5)), lambda: "sgd"),
        (lambda: layers.Dense(2, kernel_initializer=striate.initializers.RandomNormal(stddev=F32(0.1))), lambda: "sgd"),
        (lambda: layers.Dense(2), lambda: striate.optimizers.Adam(beta_1=F32(0.9))),
        (lambda: layers.Dense(2), lambda: striate.optimizers.SGD(F32(0.1), momentum=F32(0.9))),
    ],
)
def test_numpy_numbers_as_arguments(tmp_path, layer, optimizer):
    x = np.random.default_rng(3).random((5, 4), dtype=np.float32)
    model, path = striate.Sequential([layers.Input((4,)), layer()]), tmp_path / "net.striate"
    y = model.predict(x, verbose=0) + 1
    model.compile(optimizer(), "mse", loss_weights=[F32(2)])
    model.fit(x, y, verbose=0)
    model.save(path)
    assert models.model_from_json(model.to_json()).count_params() == model.count_params()
    loaded = models.load_model(path)
    assert model.fit(x, y, verbose=0).history == loaded.fit(x, y, verbose=0).history
    assert same_bits(model.predict(x, verbose=0), loaded.predict(x, verbose=0))


def test_model_on_what_another_layer_gives(tmp_path):
    x = layers.Input((4,))
    hidden = layers.Dense(5)(x)
    model, values = models.Model(hidden, layers.Dense(1)(hidden)), np.ones((2, 5), "float32")
    model.save(tmp_path / "net.striate")
    loaded = models.load_model(tmp_path / "net.striate")
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert same_bits(model.predict(values, verbose=0), loaded.predict(values, verbose=0))


class Named(striate.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.u, self.v = layers.Dense(2), layers.Dense(1)

    def call(self, x):
        return {"u": self.u(x["p"]), "v": self.v(x["q"])}


def test_subclassed_model_of_named_inputs_and_outputs(tmp_path):
    rng, model, path = np.random.default_rng(2), Named(), tmp_path / "net.striate"
    x = {"p": rng.random((7, 4), dtype=np.float32), "q": rng.random((7, 3), dtype=np.float32)}
    y = {"u": rng.random((7, 2), dtype=np.float32), "v": rng.random((7, 1), dtype=np.float32)}
    model.compile("adam", {"u": "mse", "v": "mae"})
    model.fit(x, y, verbose=0)
    model.compile("adam", {"u": "mse", "v": "mae"})  # and no step since
    model.save(path)
    loaded = models.load_model(path, custom_objects={"Named": Named})
    assert model.fit(x, y, verbose=0).history == loaded.fit(x, y, verbose=0).history
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    assert stored_functions(path) == ["predict", "evaluate", "train_step"]


def test_optimizer_without_a_loss(tmp_path):
    model = striate.Sequential([layers.Input((4,)), layers.Dense(2)])
    model.compile("adam")
    model.save(tmp_path / "net.striate")
    assert models.load_model(tmp_path / "net.striate").optimizer.name == "adam"
