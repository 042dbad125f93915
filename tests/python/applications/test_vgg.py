import pytest

import striate
from striate.applications import VGG16, VGG19
from support import zoo


@pytest.mark.parametrize(
    ("network", "trained", "work"), [(VGG16, 138357544, 15470264320), (VGG19, 143667240, 19632062464)]
)
def test_totals(monkeypatch, network, trained, work):
    zoo.zeros_first(monkeypatch)
    model = network()
    assert zoo.parameters(model) == (trained, 0)
    assert sum(map(zoo.multiply_adds, model.layers)) == work


def test_structure(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = VGG16()
    groups = {f"block{block}": (f"block{block}_",) for block in range(1, 6)}
    assert zoo.rows(model, {**groups, "head": ("fc", "predictions")}) == {
        "block1": ((112, 112, 64), 38720, 1936392192),
        "block2": ((56, 56, 128), 221440, 2774532096),
        "block3": ((28, 28, 256), 1475328, 4624220160),
        "block4": ((14, 14, 512), 5899776, 4624220160),
        "block5": ((7, 7, 512), 7079424, 1387266048),
        "head": ((1000,), 123642856, 123633664),
    }
    kernels = [layer.get_weights()[0].size for layer in model.layers if layer.get_weights()]
    assert kernels == [
        *(1728, 36864, 73728, 147456, 294912, 589824, 589824, 1179648),
        *([2359296] * 5),
        *(102760448, 16777216, 4096000),
    ]


@pytest.mark.parametrize(
    ("weights", "words"), [("imagenet", "comes without trained weights"), ("nope", "File not found")]
)
def test_weights_are_looked_at_before_anything_is_built(monkeypatch, weights, words):
    monkeypatch.delattr(striate.layers, "Conv2D")
    with pytest.raises(ValueError, match=words):
        VGG16(weights=weights)
