"""The networks of the Visual Geometry Group: 3x3 convolutions only."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.models import Model

_CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}  # in each block
_FILTERS = (64, 128, 256, 512, 512)


def VGG16(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg16",
) -> Model:
    """VGG-16 (Simonyan, Zisserman 2014), configuration D: 138,357,544 parameters, 15,470,264,320 multiply-adds.

    Thirteen 3x3 convolutions in five blocks, each block closed by a 2x2 pool; ReLU everywhere; dropout 0.5 after both
    hidden dense layers.

    | block | output | parameters | multiply-adds |
    |---|---|---|---|
    | 64, 64, pool | 112x112x64 | 38,720 | 1,936,392,192 |
    | 128, 128, pool | 56x56x128 | 221,440 | 2,774,532,096 |
    | 256, 256, 256, pool | 28x28x256 | 1,475,328 | 4,624,220,160 |
    | 512, 512, 512, pool | 14x14x512 | 5,899,776 | 4,624,220,160 |
    | 512, 512, 512, pool | 7x7x512 | 7,079,424 | 1,387,266,048 |
    | 4096, 4096, 1000 | 1000 | 123,642,856 | 123,633,664 |

    Args:
        include_top: whether the dense layers are there.
        weights: None: first values (Glorot's, which the paper names as the way without stepwise training); or the name
            of a file that `save_weights` has written.
        input_tensor: the tensor to start from; the inputs are then those that it is computed from.
        input_shape: (height, width, channels); None: 224x224x3.
        pooling: without the dense layers: None for the last feature maps, "avg" or "max" of each.
        classes: the number of outputs.
        classifier_activation: of the last layer; None: logits.
        name: the model's name.

    Returns:
        A `Model`, not compiled. Layers have Keras's names.

    Raises:
        ValueError: an unknown `pooling`; weights that do not fit; an input smaller than 32x32.

    Example:
        >>> import striate
        >>> striate.applications.VGG16(include_top=False, input_shape=(64, 64, 3)).output_shape
        (None, 2, 2, 512)
    """
    return _vgg("vgg16", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)


def VGG19(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg19",
) -> Model:
    """VGG-19, configuration E: four convolutions in the last three blocks. Arguments and errors are `VGG16`'s.

    143,667,240 parameters, 19,632,062,464 multiply-adds.
    """
    return _vgg("vgg19", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)


def _vgg(
    kind: str,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: assembling.Shape | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    network = kind.upper()
    inputs = x = assembling.start(network, input_tensor, input_shape, (224, 224, 3), weights)
    for block, (filters, count) in enumerate(zip(_FILTERS, _CONVOLUTIONS[kind], strict=True), start=1):
        for i in range(1, count + 1):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        for i in (1, 2):
            x = layers.Dense(4096, activation="relu", name=f"fc{i}")(x)
            x = layers.Dropout(0.5, name=f"drop{i}")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = assembling.features(network, x, pooling)
    return assembling.load(network, Model(assembling.sources(inputs), x, name=name), weights)
