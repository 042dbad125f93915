"""What holds of all layers together."""

import pytest

from striate import layers


@pytest.mark.parametrize(
    ("alias", "cls"),
    [
        ("AvgPool2D", "AveragePooling2D"),
        ("Convolution2D", "Conv2D"),
        ("GlobalAvgPool2D", "GlobalAveragePooling2D"),
        ("GlobalMaxPool2D", "GlobalMaxPooling2D"),
        ("MaxPool1D", "MaxPooling1D"),
        ("MaxPool2D", "MaxPooling2D"),
        ("MaxPool3D", "MaxPooling3D"),
    ],
)
def test_aliases(alias, cls):
    assert getattr(layers, alias) is getattr(layers, cls)


def test_unknown_layer():
    with pytest.raises(ValueError, match=r"Unknown layer: 'Foo'. Known: .*Conv2D"):
        layers.deserialize({"class_name": "Foo", "config": {}})
    with pytest.raises(ValueError, match=r'"class_name" and "config"'):
        layers.deserialize("Conv2D")


def test_custom_objects_win():
    class Mine(layers.Dense):
        pass

    layer = layers.deserialize({"class_name": "Mine", "config": {"units": 3}}, {"Mine": Mine})
    assert type(layer) is Mine
