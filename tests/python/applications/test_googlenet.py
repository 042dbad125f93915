from striate.applications import GoogLeNet
from support import zoo

MODULES = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")


def test_structure(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = GoogLeNet()
    assert zoo.parameters(model) == (6998552, 0)
    assert sum(map(zoo.multiply_adds, model.layers)) == 1582671872
    groups = {name: (name,) for name in ("conv1", "pool1", "conv2", "pool2", *MODULES, "pool3", "pool4", "predictions")}
    assert zoo.rows(model, groups) == {
        "conv1": ((112, 112, 64), 9472, 118013952),
        "pool1": ((56, 56, 64), 0, 0),
        "conv2": ((56, 56, 192), 114944, 359661568),
        "pool2": ((28, 28, 192), 0, 0),
        "3a": ((28, 28, 256), 163696, 128049152),
        "3b": ((28, 28, 480), 388736, 304267264),
        "pool3": ((14, 14, 480), 0, 0),
        "4a": ((14, 14, 512), 376176, 73608192),
        "4b": ((14, 14, 512), 449160, 87908352),
        "4c": ((14, 14, 512), 510104, 99850240),
        "4d": ((14, 14, 528), 605376, 118515712),
        "4e": ((14, 14, 832), 868352, 169996288),
        "pool4": ((7, 7, 832), 0, 0),
        "5a": ((7, 7, 832), 1043456, 51079168),
        "5b": ((7, 7, 1024), 1444080, 70697984),
        "predictions": ((1000,), 1025000, 1024000),
    }


def test_batch_norm_replaces_biases_and_adds_statistics(monkeypatch):
    zoo.zeros_first(monkeypatch)
    model = GoogLeNet(batch_norm=True, classes=10, input_shape=(32, 32, 3))
    filters = [layer.filters for layer in model.layers if hasattr(layer, "filters")]
    assert len(filters) == 3 + 9 * 6
    plain, _ = zoo.parameters(GoogLeNet(classes=10, input_shape=(32, 32, 3)))
    assert zoo.parameters(model) == (plain + sum(filters), 2 * sum(filters))
