"""Residual networks: layers learn what to add to their input."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.models import Model


def _conv_norm(x: Any, filters: int, kernel_size: int, strides: int, name: str) -> Any:
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding=kernel_size // 2,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def _block(x: Any, filters: int, strides: int, bottleneck: bool, name: str) -> Any:
    """Two 3x3 convolutions, or 1x1, 3x3, 1x1 with four times the filters; added to the input, which a 1x1 convolution
    brings to their shape where it has another (option B of the paper)."""
    sizes = ((1, filters), (3, filters), (1, 4 * filters)) if bottleneck else ((3, filters), (3, filters))
    strided = 2 if bottleneck else 1  # which convolution moves by `strides`: the 3x3, as in v1.5
    shortcut = x
    if strides > 1 or x.shape[-1] != sizes[-1][1]:
        shortcut = _conv_norm(x, sizes[-1][1], 1, strides, f"{name}_0")
    for i, (kernel_size, width) in enumerate(sizes, start=1):
        x = _conv_norm(x, width, kernel_size, strides if i == strided else 1, f"{name}_{i}")
        if i < len(sizes):
            x = layers.ReLU(name=f"{name}_{i}_relu")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def _stages(x: Any, first_filters: int, blocks: tuple[int, ...], bottleneck: bool) -> Any:
    for stage, count in enumerate(blocks):
        for block in range(1, count + 1):
            strides = 2 if stage > 0 and block == 1 else 1
            x = _block(x, first_filters << stage, strides, bottleneck, f"conv{stage + 2}_block{block}")
    return x


def _imagenet(
    network: str,
    blocks: tuple[int, ...],
    bottleneck: bool,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: assembling.Shape | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    inputs = assembling.start(network, input_tensor, input_shape, (224, 224, 3), weights)
    x = _conv_norm(inputs, 64, 7, 2, "conv1")
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.MaxPooling2D(3, 2, padding=1, name="pool1_pool")(x)
    x = _stages(x, 64, blocks, bottleneck)
    return _classify(network, inputs, x, include_top, weights, pooling, classes, classifier_activation, name)


def _classify(
    network: str,
    inputs: Any,
    x: Any,
    include_top: bool,
    weights: Any,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = assembling.features(network, x, pooling)
    return assembling.load(network, Model(assembling.sources(inputs), x, name=name), weights)


def ResNet18(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet18",
) -> Model:
    """ResNet-18 (He et al. 2015): 11,689,512 parameters, 9,600 moving statistics, 1,814,073,344 multiply-adds.

    | layer | output | parameters | multiply-adds |
    |---|---|---|---|
    | 64@7x7, stride 2 | 112x112x64 | 9,536 | 118,013,952 |
    | pool 3x3, stride 2 | 56x56x64 | | |
    | 2 blocks of 64, 64 | 56x56x64 | 147,968 | 462,422,016 |
    | 2 blocks of 128, 128 | 28x28x128 | 525,568 | 411,041,792 |
    | 2 blocks of 256, 256 | 14x14x256 | 2,099,712 | 411,041,792 |
    | 2 blocks of 512, 512 | 7x7x512 | 8,393,728 | 411,041,792 |
    | mean, dense | 1000 | 513,000 | 512,000 |

    Arguments and errors are `ResNet50`'s.
    """
    return _imagenet(
        *("ResNet18", (2, 2, 2, 2), False, include_top, weights, input_tensor, input_shape, pooling, classes),
        *(classifier_activation, name),
    )


def ResNet50(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
) -> Model:
    """ResNet-50 v1.5: 25,557,032 parameters, 53,120 moving statistics, 4,089,184,256 multiply-adds.

    He, Zhang, Ren, Sun 2015; v1.5 moves by two in a block's 3x3 convolution, where the paper does so in the 1x1 before
    it. Convolutions have no bias and batch normalization behind them; shortcuts are 1x1 convolutions where the shape
    changes. A block is 1x1, 3x3 and 1x1, the last of four times the filters.

    | layer | output | parameters | multiply-adds |
    |---|---|---|---|
    | 64@7x7, stride 2 | 112x112x64 | 9,536 | 118,013,952 |
    | pool 3x3, stride 2 | 56x56x64 | | |
    | 3 blocks of 64 | 56x56x256 | 215,808 | 667,942,912 |
    | 4 blocks of 128 | 28x28x512 | 1,219,584 | 1,027,604,480 |
    | 6 blocks of 256 | 14x14x1024 | 7,098,368 | 1,464,336,384 |
    | 3 blocks of 512 | 7x7x2048 | 14,964,736 | 809,238,528 |
    | mean, dense | 1000 | 2,049,000 | 2,048,000 |

    Args:
        include_top: whether the mean and the dense layer are there.
        weights: None: first values (He's); or the name of a file that `save_weights` has written.
        input_tensor: the tensor to start from; the inputs are then those that it is computed from.
        input_shape: (height, width, channels); None: 224x224x3. Height and width may be None.
        pooling: without the dense layer: None for the last feature maps, "avg" or "max" of each.
        classes: the number of outputs.
        classifier_activation: of the last layer; None: logits.
        name: the model's name.

    Returns:
        A `Model`, not compiled.

    Raises:
        ValueError: an unknown `pooling`; weights that do not fit.

    Example:
        >>> import striate
        >>> striate.applications.ResNet50(include_top=False, pooling="avg").output_shape
        (None, 2048)
    """
    return _imagenet(
        *("ResNet50", (3, 4, 6, 3), True, include_top, weights, input_tensor, input_shape, pooling, classes),
        *(classifier_activation, name),
    )


def ResNet20(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: Any = "softmax",
    name: str = "resnet20",
) -> Model:
    """ResNet-20 for images of CIFAR's size: 272,474 parameters, 1,568 moving statistics, 40,813,184 multiply-adds.

    He, Zhang, Ren, Sun 2015, section 4.2, with 1x1 convolutions where a shortcut changes shape (option B; the paper has
    option A there, zeros for the channels that are new).

    | layer | output | parameters | multiply-adds |
    |---|---|---|---|
    | 16@3x3 | 32x32x16 | 464 | 442,368 |
    | 3 blocks of 16, 16 | 32x32x16 | 14,016 | 14,155,776 |
    | 3 blocks of 32, 32 | 16x16x32 | 51,648 | 13,107,200 |
    | 3 blocks of 64, 64 | 8x8x64 | 205,696 | 13,107,200 |
    | mean, dense | 10 | 650 | 640 |

    Arguments and errors are `ResNet50`'s, but for other defaults: 32x32x3, 10 classes.
    """
    inputs = assembling.start("ResNet20", input_tensor, input_shape, (32, 32, 3), weights)
    x = _conv_norm(inputs, 16, 3, 1, "conv1")
    x = layers.ReLU(name="conv1_relu")(x)
    x = _stages(x, 16, (3, 3, 3), bottleneck=False)
    return _classify("ResNet20", inputs, x, include_top, weights, pooling, classes, classifier_activation, name)
