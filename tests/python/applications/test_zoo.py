"""What holds for every network: options, training, files."""

import numpy as np
import pytest

import striate
from striate import applications
from support import zoo

# network: a size it takes that is quick, and a learning rate it stands at that size
SMALL = {
    "AlexNet": ((67, 67, 3), 0.0001),
    "VGG16": ((32, 32, 3), 0.01),
    "GoogLeNet": ((32, 32, 3), 0.01),
    "ResNet18": ((32, 32, 3), 0.01),
    "ResNet20": ((16, 16, 3), 0.01),
    "ResNet50": ((32, 32, 3), 0.01),
    "UNet": ((32, 32, 3), 0.01),
}
CLASSIFIERS = [name for name in SMALL if name != "UNet"]
LARGE = {"AlexNet", "VGG16", "ResNet50"}  # tens of millions of weights, however small the image
EVERY = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LARGE else ()) for name in SMALL]
)


def build(name, classes=5, seed=1, **options):
    striate.utils.set_random_seed(seed)
    narrow = {"filters": 8, "depth": 3} if name == "UNet" else {}
    return getattr(applications, name)(input_shape=SMALL[name][0], classes=classes, **narrow, **options)


def images(name, count=4):
    rng = np.random.default_rng(0)
    x = rng.random((count, *SMALL[name][0]), dtype=np.float32)
    return x, np.arange(count) % 5 if name in CLASSIFIERS else np.int64(x[..., 0] * 5)


@EVERY
def test_probabilities_are_the_softmax_of_the_logits(name):
    x, _ = images(name)
    probabilities = build(name).predict(x, verbose=0)
    logits = build(name, classifier_activation=None).predict(x, verbose=0)
    assert probabilities.shape == (4, *([] if name in CLASSIFIERS else SMALL[name][0][:2]), 5)
    assert np.ptp(logits) > 0
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(probabilities, exponentials / exponentials.sum(axis=-1, keepdims=True), rtol=1e-5)


@EVERY
def test_training_lowers_the_loss(name):
    model = build(name, classifier_activation=None)
    x, y = images(name)
    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(striate.optimizers.SGD(SMALL[name][1], momentum=0.9), loss)
    losses = []
    for _ in range(8):
        model.reset_metrics()  # or the next loss is the mean of all so far
        losses.append(model.train_on_batch(x, y))
    assert np.isfinite(losses).all()
    assert min(losses[4:]) < losses[0]


@EVERY
def test_files_keep_every_bit(name, tmp_path):
    model = build(name)
    x, _ = images(name, 2)
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "net.striate")
    np.testing.assert_array_equal(striate.models.load_model(tmp_path / "net.striate").predict(x, verbose=0), expected)
    model.save_weights(tmp_path / "net.weights.striate")
    reloaded = build(name, seed=2, weights=tmp_path / "net.weights.striate")
    np.testing.assert_array_equal(reloaded.predict(x, verbose=0), expected)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_features(monkeypatch, name):
    zoo.zeros_first(monkeypatch)
    maps = build(name, include_top=False).output_shape
    assert len(maps) == 4
    for pooling in ("avg", "max"):
        assert build(name, include_top=False, pooling=pooling).output_shape == (None, maps[-1])


def test_starts_from_another_tensor(monkeypatch):
    zoo.zeros_first(monkeypatch)
    images = striate.Input((16, 16, 3))
    halved = striate.layers.Rescaling(0.5)(images)
    model = applications.ResNet20(input_tensor=halved)
    assert model.input is images
    assert striate.Model(images, model.output).output_shape == (None, 10)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": "imagenet"}, "comes without trained weights"),
        ({"input_shape": (32, 32)}, r"input_shape=\(32, 32\).*\(height, width, channels\)"),
        ({"input_shape": (32, 32, None)}, "known number of channels"),
    ],
)
def test_invalid_usage(monkeypatch, name, options, words):
    zoo.zeros_first(monkeypatch)
    with pytest.raises(ValueError, match=rf"\[{name}\].*{words}"):
        getattr(applications, name)(**{"input_shape": SMALL[name][0], **options})


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_unknown_pooling(monkeypatch, name):
    zoo.zeros_first(monkeypatch)
    with pytest.raises(ValueError, match=rf"\[{name}\] unknown pooling='sum'.*None, 'avg' or 'max'"):
        build(name, include_top=False, pooling="sum")


@pytest.mark.parametrize("network", [applications.LeNet5, applications.LabNet])
def test_the_small_ones_give_logits_too(network, tmp_path):
    x = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    logits = network(classifier_activation=None)
    logits.save_weights(tmp_path / "net.weights.striate")
    probabilities = network(weights=tmp_path / "net.weights.striate").predict(x, verbose=0)
    exponentials = np.exp(logits.predict(x, verbose=0))
    np.testing.assert_allclose(probabilities, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5)
