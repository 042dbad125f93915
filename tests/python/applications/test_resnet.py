import numpy as np

import striate
from striate.applications import ResNet18, ResNet20, ResNet50
from support import zoo

STAGES = {f"stage{stage}": (f"conv{stage}_",) for stage in range(2, 6)}


def test_resnet50(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = ResNet50()
    assert zoo.parameters(model) == (25557032, 53120)
    assert sum(map(zoo.multiply_adds, model.layers)) == 4089184256
    assert zoo.rows(model, {"conv1": ("conv1_",), "pool1": ("pool1",), **STAGES, "predictions": ("predictions",)}) == {
        "conv1": ((112, 112, 64), 9536, 118013952),
        "pool1": ((56, 56, 64), 0, 0),
        "stage2": ((56, 56, 256), 215808, 231211008 + 2 * 218365952),
        "stage3": ((28, 28, 512), 1219584, 372506624 + 3 * 218365952),
        "stage4": ((14, 14, 1024), 7098368, 372506624 + 5 * 218365952),
        "stage5": ((7, 7, 2048), 14964736, 372506624 + 2 * 218365952),
        "predictions": ((1000,), 2049000, 2048000),
    }


def test_resnet50_strides_in_the_3x3(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = ResNet50(input_shape=(64, 64, 3), include_top=False)
    strides = {layer.name: layer.strides for layer in model.layers if layer.name.startswith("conv3_block1_")
               and layer.name.endswith("_conv")}  # fmt: skip
    assert strides == {
        **{f"conv3_block1_{i}_conv": (1, 1) for i in (1, 3)},
        **{f"conv3_block1_{i}_conv": (2, 2) for i in (0, 2)},
    }


def test_resnet18(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = ResNet18()
    assert zoo.parameters(model) == (11689512, 9600)
    assert sum(map(zoo.multiply_adds, model.layers)) == 1814073344
    assert zoo.rows(model, {"conv1": ("conv1_",), **STAGES, "predictions": ("predictions",)}) == {
        "conv1": ((112, 112, 64), 9536, 118013952),
        "stage2": ((56, 56, 64), 147968, 462422016),
        "stage3": ((28, 28, 128), 525568, 179830784 + 231211008),
        "stage4": ((14, 14, 256), 2099712, 179830784 + 231211008),
        "stage5": ((7, 7, 512), 8393728, 179830784 + 231211008),
        "predictions": ((1000,), 513000, 512000),
    }


def test_resnet20():
    model = ResNet20()
    assert zoo.parameters(model) == (272474, 1568)
    assert sum(map(zoo.multiply_adds, model.layers)) == 40551040 + 256 * 16 * 32 + 64 * 32 * 64  # option A's, shortcuts
    stages = {name: STAGES[name] for name in ("stage2", "stage3", "stage4")}
    assert zoo.rows(model, {"conv1": ("conv1_",), **stages, "predictions": ("predictions",)}) == {
        "conv1": ((32, 32, 16), 464, 442368),
        "stage2": ((32, 32, 16), 3 * 4672, 3 * 4718592),
        "stage3": ((16, 16, 32), 13952 + 576 + 2 * 18560, 3538944 + 131072 + 2 * 4718592),
        "stage4": ((8, 8, 64), 55552 + 2176 + 2 * 73984, 3538944 + 131072 + 2 * 4718592),
        "predictions": ((10,), 650, 640),
    }


def test_a_block_that_adds_nothing_passes_its_input_on():
    striate.utils.set_random_seed(0)
    model = ResNet20(input_shape=(8, 8, 3))
    for layer in model.layers:
        if layer.name.endswith("_2_bn"):
            layer.gamma.assign(np.zeros(layer.gamma.shape))
    start, end = model.get_layer("conv1_relu").output, model.get_layer("conv2_block3_out").output
    ends = striate.Model(model.inputs, [start, end])
    before, after = ends.predict(np.random.default_rng(0).normal(size=(2, 8, 8, 3)), verbose=0)
    assert np.ptp(before) > 0.1
    np.testing.assert_array_equal(before, after)


def test_any_size_of_image():
    striate.utils.set_random_seed(0)
    model = ResNet18(input_shape=(None, None, 3), include_top=False, pooling="avg")
    for size in (32, 47):
        assert model.predict(np.zeros((1, size, size + 1, 3)), verbose=0).shape == (1, 512)
