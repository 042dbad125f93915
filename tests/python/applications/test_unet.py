import numpy as np
import pytest

import striate
from striate.applications import UNet
from support import zoo

LEVELS = {
    **{f"level {n}": (f"down{n}_conv", f"up{n}") for n in range(1, 5)},
    "bottom": ("bottom",),
    "predictions": ("predictions",),
}


def by_hand(size, channels, classes):
    """Multiply-adds of each level of the network at size x size."""
    width, table = 64, {}
    for level in range(1, 5):
        pixels = (size >> (level - 1)) ** 2
        before = channels if level == 1 else width // 2
        down = 9 * (before * width + width * width) * pixels
        up = 4 * (2 * width) * width * (pixels // 4) + 9 * (2 * width * width + width * width) * pixels
        table[f"level {level}"] = down + up
        width *= 2
    table["bottom"] = 9 * (512 * 1024 + 1024 * 1024) * (size // 16) ** 2
    table["predictions"] = 64 * classes * size**2
    return table


def test_structure(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = UNet()
    assert zoo.parameters(model) == (31031810, 0)
    rows = zoo.rows(model, LEVELS)
    assert {level: work for level, (_, _, work) in rows.items()} == by_hand(256, 3, 2)
    assert {level: (shape, weights) for level, (shape, weights, _) in rows.items()} == {
        "level 1": ((256, 256, 64), 1792 + 36928 + 32832 + 73792 + 36928),
        "level 2": ((128, 128, 128), 73856 + 147584 + 131200 + 295040 + 147584),
        "level 3": ((64, 64, 256), 295168 + 590080 + 524544 + 1179904 + 590080),
        "level 4": ((32, 32, 512), 1180160 + 2359808 + 2097664 + 4719104 + 2359808),
        "bottom": ((16, 16, 1024), 4719616 + 9438208),
        "predictions": ((256, 256, 2), 130),
    }


def test_totals_of_the_paper(monkeypatch):
    zoo.zeros_first(monkeypatch)
    assert zoo.parameters(UNet(input_shape=(512, 512, 1)))[0] == 31030658
    assert zoo.parameters(UNet(input_shape=(512, 512, 1), classes=1, classifier_activation="sigmoid"))[0] == 31030593
    gmacs = sum(map(zoo.multiply_adds, UNet(input_shape=(512, 512, 1)).layers)) / 1e9
    assert round(gmacs, 2) == 192.38


def test_sizes_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match=r"images of 40x64 cannot be halved 4 times. Expected multiples of 16"):
        UNet(input_shape=(40, 64, 3))
    UNet(input_shape=(40, 64, 3), depth=3, filters=4)


def test_any_size_of_image():
    striate.utils.set_random_seed(0)
    model = UNet(input_shape=(None, None, 1), filters=4, depth=2)
    for size in (8, 12):
        assert model.predict(np.zeros((1, size, size + 4, 1)), verbose=0).shape == (1, size, size + 4, 2)


def test_learns_to_find_bright_pixels():
    striate.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.random((8, 16, 16, 1), dtype=np.float32)
    y = (x[..., 0] > 0.5).astype("int64")
    model = UNet(input_shape=(16, 16, 1), filters=8, depth=2, classifier_activation=None)
    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(striate.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    history = model.fit(x, y, batch_size=8, epochs=40, verbose=0).history
    assert history["accuracy"][-1] > 0.95
