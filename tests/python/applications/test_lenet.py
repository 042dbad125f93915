import pytest

from striate.applications import LabNet, LeNet5


def output_shapes(model):
    return [tuple(layer.output.shape)[1:] for layer in model.layers]


@pytest.mark.parametrize(
    ("variant", "parameters", "shapes"),
    [
        ("deck", 61706, [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (120,), (84,), (10,)]),
        ("modern", 61706, [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (120,), (84,), (10,)]),
        ("caffe", 431080, [(24, 24, 20), (12, 12, 20), (8, 8, 50), (4, 4, 50), (800,), (500,), (10,)]),
    ],
)
def test_structure(variant, parameters, shapes):
    model = LeNet5(variant=variant)
    assert model.count_params() == parameters
    assert output_shapes(model) == shapes


def test_parameters_by_layer():
    counts = {layer.name: layer.count_params() for layer in LeNet5().layers if layer.count_params()}
    assert counts == {"c1": 156, "c3": 2416, "c5": 48120, "f6": 10164, "output": 850}


def test_options():
    model = LeNet5(activation="relu", pool="max", classes=7)
    assert model.get_layer("s2").__class__.__name__ == "MaxPooling2D"
    assert model.get_layer("c1").get_config()["activation"] == "relu"
    assert output_shapes(model)[-1] == (7,)
    assert LeNet5((28, 28, 3)).get_layer("c1").count_params() == 5 * 5 * 3 * 6 + 6


def test_lab_net():
    model = LabNet()
    counts = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert counts == [320, 18496, 401536, 1290]
    assert model.count_params() == 421642


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"variant": "1998"}, "unknown variant='1998'.*'deck', 'modern', 'caffe'"),
        ({"pool": "median"}, "unknown pool='median'.*'avg' or 'max'"),
    ],
)
def test_invalid_usage(arguments, words):
    with pytest.raises(ValueError, match=words):
        LeNet5(**arguments)


def test_input_too_small_is_explained():
    with pytest.raises(ValueError, match="c5|kernel|negative|larger"):
        LeNet5((12, 12, 1))
