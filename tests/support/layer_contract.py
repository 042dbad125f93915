"""What every layer promises, checked by one call."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

import striate
from striate import layers


def check_layer(cls, arguments, input_shape, output_shape, weights=0, non_trainable=0, wrong=()):
    """Checks one layer: build, symbolic shape = real shape, config and file round trips, training, wrong arguments.

    Args:
        cls: the layer's class.
        arguments: its keyword arguments.
        input_shape: a shape with its batch, or a list of them.
        output_shape: what comes out, with the batch.
        weights: how many trainable weights it has.
        non_trainable: how many others.
        wrong: (keyword arguments, words of the ValueError) pairs.
    """
    rng = np.random.default_rng(0)
    shapes = input_shape if isinstance(input_shape, list) else [input_shape]
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    x = arrays if isinstance(input_shape, list) else arrays[0]

    layer = cls(**arguments)
    y = np.asarray(layer(x))
    assert y.shape == output_shape
    assert y.dtype == np.float32
    assert layer.built
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (weights, non_trainable)
    assert layer.count_params() == sum(int(np.prod(w.shape)) for w in layer.get_weights())

    check_symbolic_shape(cls(**arguments), shapes, isinstance(input_shape, list), output_shape)
    check_config(layer, x, y)
    check_file(cls(**arguments), arrays, isinstance(input_shape, list))
    check_training(cls(**arguments), arrays, isinstance(input_shape, list))
    for keywords, words in wrong:
        with pytest.raises(ValueError, match=words):
            cls(**{**arguments, **keywords})
    with pytest.raises(ValueError, match=rf"Unrecognized keyword arguments passed to {cls.__name__}: .*'foo'"):
        cls(**arguments, foo=1)


def check_symbolic_shape(layer, shapes, several, output_shape):
    inputs = [layers.Input(shape[1:]) for shape in shapes]
    symbolic = layer(inputs if several else inputs[0])
    assert tuple(symbolic.shape) == (None, *output_shape[1:])
    assert layer.output is symbolic


def check_config(layer, x, y):
    config = layer.get_config()
    assert config["name"] == layer.name
    assert config["trainable"] is True
    written = json.loads(json.dumps(layers.serialize(layer)))
    again = layers.deserialize(written)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(again.get_config())) == written["config"]
    again(x)  # builds it
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(np.asarray(again(x)), y)


def check_file(layer, arrays, several):
    """A model of the layer alone, saved and loaded, predicts the same bits."""
    inputs = [layers.Input(array.shape[1:]) for array in arrays]
    model = striate.Model(inputs, layer(inputs if several else inputs[0]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.striate"
        model.save(path)
        again = striate.models.load_model(path)
    expected = model.predict(arrays, verbose=0)
    np.testing.assert_array_equal(again.predict(arrays, verbose=0), expected)


def check_training(layer, arrays, several):
    """The layer before a small dense layer with a target: small steps lower the loss."""
    inputs = [layers.Input(array.shape[1:]) for array in arrays]
    # A dense layer in front gives gradients something to move even where the layer itself has no weights.
    fronts = [layers.Dense(array.shape[-1])(value) for array, value in zip(arrays, inputs, strict=True)]
    x = layer(fronts if several else fronts[0])
    outputs = layers.Dense(1)(layers.Flatten()(x))
    model = striate.Model(inputs if several else inputs[0], outputs)
    model.compile(optimizer=striate.optimizers.Adam(1e-4), loss="mse")
    target = np.linspace(-1, 1, len(arrays[0]), dtype="float32")[:, None]
    x = arrays if several else arrays[0]
    # Seen as in training where a layer then computes otherwise by design, without noise everywhere else.
    look = model.train_on_batch if layer.non_trainable_weights else model.test_on_batch
    losses = []
    for _ in range(5):
        model.reset_metrics()
        losses.append(look(x, target))
        model.train_on_batch(x, target)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
