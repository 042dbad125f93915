"""AlexNet, the network that won ILSVRC 2012."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.initializers import RandomNormal
from striate.models import Model


def AlexNet(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "alexnet",
) -> Model:
    """AlexNet (Krizhevsky, Sutskever, Hinton 2012) as one tower, without local response normalization.

    The paper shares the work out to two GPUs, which splits the second, fourth and fifth convolution in two groups, and
    normalizes after the first two. Weights start as the paper's: normal with a deviation of 0.01; biases at 1 in the
    second, fourth and fifth convolution and the hidden dense layers.

    | layer | output | parameters | multiply-adds |
    |---|---|---|---|
    | conv1, 96@11x11, stride 4 | 55x55x96 | 34,944 | 105,415,200 |
    | pool1, 3x3, stride 2 | 27x27x96 | | |
    | conv2, 256@5x5, padded by 2 | 27x27x256 | 614,656 | 447,897,600 |
    | pool2, 3x3, stride 2 | 13x13x256 | | |
    | conv3, 384@3x3, padded by 1 | 13x13x384 | 885,120 | 149,520,384 |
    | conv4, 384@3x3, padded by 1 | 13x13x384 | 1,327,488 | 224,280,576 |
    | conv5, 256@3x3, padded by 1 | 13x13x256 | 884,992 | 149,520,384 |
    | pool5, 3x3, stride 2 | 6x6x256 | | |
    | fc6, dropout 0.5 | 4096 | 37,752,832 | 37,748,736 |
    | fc7, dropout 0.5 | 4096 | 16,781,312 | 16,777,216 |
    | fc8, softmax | 1000 | 4,097,000 | 4,096,000 |
    | together | | 62,378,344 | 1,135,256,096 |

    Args:
        include_top: whether the dense layers are there.
        weights: None: first values; or the name of a file that `save_weights` has written.
        input_tensor: the tensor to start from; the inputs are then those that it is computed from.
        input_shape: (height, width, channels); None: 227x227x3.
        pooling: without the dense layers: None for the last feature maps, "avg" or "max" of each.
        classes: the number of outputs.
        classifier_activation: of the last layer; None: logits.
        name: the model's name.

    Returns:
        A `Model`, not compiled.

    Raises:
        ValueError: an unknown `pooling`; weights that do not fit; an input too small for the pools.

    Example:
        >>> import striate
        >>> striate.applications.AlexNet(input_shape=(67, 67, 3), classes=10).output_shape
        (None, 10)
    """
    inputs = assembling.start("AlexNet", input_tensor, input_shape, (227, 227, 3), weights)
    small = RandomNormal(stddev=0.01)

    def conv(x: Any, number: int, filters: int, kernel_size: int, strides: int = 1, bias: str = "ones") -> Any:
        return layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="valid" if strides > 1 else "same",
            activation="relu",
            kernel_initializer=small,
            bias_initializer=bias,
            name=f"conv{number}",
        )(x)

    def dense(x: Any, number: int, units: int, activation: Any, bias: str = "ones") -> Any:
        return layers.Dense(
            units, activation=activation, kernel_initializer=small, bias_initializer=bias, name=f"fc{number}"
        )(x)

    x = conv(inputs, 1, 96, 11, strides=4, bias="zeros")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    x = conv(x, 2, 256, 5)
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    x = conv(x, 3, 384, 3, bias="zeros")
    x = conv(x, 4, 384, 3)
    x = conv(x, 5, 256, 3)
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dropout(0.5, name="drop6")(dense(x, 6, 4096, "relu"))
        x = layers.Dropout(0.5, name="drop7")(dense(x, 7, 4096, "relu"))
        x = dense(x, 8, classes, classifier_activation, bias="zeros")
    else:
        x = assembling.features("AlexNet", x, pooling)
    return assembling.load("AlexNet", Model(assembling.sources(inputs), x, name=name), weights)
