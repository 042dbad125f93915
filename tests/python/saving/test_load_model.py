import json

import numpy as np
import pytest

import striate
from striate import layers, models, saving

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


def test_missing_file(tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match="absent.striate"):
        models.load_model(tmp_path / "absent.striate")


def test_file_name_needs_the_extension(tmp_path):
    model = net(compiled=False)
    with pytest.raises(ValueError, match=r"\.striate"):
        model.save(tmp_path / "net")
    with pytest.raises(ValueError, match=r"\.keras|later"):
        model.save(tmp_path / "net.keras")


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
