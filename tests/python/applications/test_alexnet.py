from striate.applications import AlexNet
from support import zoo


def test_structure(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = AlexNet()
    assert zoo.parameters(model) == (62378344, 0)
    assert sum(map(zoo.multiply_adds, model.layers)) == 1135256096
    names = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8"]
    assert zoo.rows(model, {name: (name,) for name in names}) == {
        "conv1": ((55, 55, 96), 34944, 105415200),
        "pool1": ((27, 27, 96), 0, 0),
        "conv2": ((27, 27, 256), 614656, 447897600),
        "pool2": ((13, 13, 256), 0, 0),
        "conv3": ((13, 13, 384), 885120, 149520384),
        "conv4": ((13, 13, 384), 1327488, 224280576),
        "conv5": ((13, 13, 256), 884992, 149520384),
        "pool5": ((6, 6, 256), 0, 0),
        "fc6": ((4096,), 37752832, 37748736),
        "fc7": ((4096,), 16781312, 16777216),
        "fc8": ((1000,), 4097000, 4096000),
    }


def test_first_values():
    model = AlexNet(include_top=False, input_shape=(67, 67, 3))
    biases = {layer.name: layer.get_weights()[1] for layer in model.layers if layer.get_weights()}
    assert {name: set(bias.tolist()) for name, bias in biases.items()} == {
        "conv1": {0.0},
        "conv2": {1.0},
        "conv3": {0.0},
        "conv4": {1.0},
        "conv5": {1.0},
    }
    assert 0.0099 < model.get_layer("conv3").get_weights()[0].std() < 0.0101
