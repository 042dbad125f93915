"""GoogLeNet: modules of convolutions of several sizes side by side."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.models import Model

# name: filters of the 1x1, of the 3x3's reduction, the 3x3, the 5x5's reduction, the 5x5, after the pool
_MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _conv(x: Any, filters: int, kernel_size: int, strides: int, batch_norm: bool, name: str) -> Any:
    padding = kernel_size // 2
    if not batch_norm:
        return layers.Conv2D(filters, kernel_size, strides, padding=padding, activation="relu", name=name)(x)
    x = layers.Conv2D(filters, kernel_size, strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _pool(x: Any, strides: int, name: str) -> Any:
    return layers.MaxPooling2D(3, strides, padding=1, name=name)(x)


def _inception(x: Any, filters: tuple[int, ...], batch_norm: bool, name: str) -> Any:
    one, reduce3, three, reduce5, five, pooled = filters
    a = _conv(x, one, 1, 1, batch_norm, f"{name}_1x1")
    b = _conv(x, reduce3, 1, 1, batch_norm, f"{name}_3x3_reduce")
    b = _conv(b, three, 3, 1, batch_norm, f"{name}_3x3")
    c = _conv(x, reduce5, 1, 1, batch_norm, f"{name}_5x5_reduce")
    c = _conv(c, five, 5, 1, batch_norm, f"{name}_5x5")
    d = _pool(x, 1, f"{name}_pool")
    d = _conv(d, pooled, 1, 1, batch_norm, f"{name}_pool_proj")
    return layers.Concatenate(name=f"{name}_output")([a, b, c, d])


def GoogLeNet(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "googlenet",
    *,
    batch_norm: bool = False,
) -> Model:
    """GoogLeNet, also Inception v1 (Szegedy et al. 2014): 6,998,552 parameters, 1,582,671,872 multiply-adds.

    Nine modules, each a 1x1, a 3x3 and a 5x5 convolution and a 3x3 pool side by side, with 1x1 convolutions that thin
    out their inputs and outputs. Against the paper: no local response normalization, no auxiliary classifiers, and
    pools are padded by 1 all around instead of keeping partial windows at the end, which gives the same sizes.

    | layer | output | parameters | multiply-adds |
    |---|---|---|---|
    | 64@7x7, stride 2, pool | 56x56x64 | 9,472 | 118,013,952 |
    | 64@1x1, 192@3x3, pool | 28x28x192 | 114,944 | 359,661,568 |
    | 3a | 28x28x256 | 163,696 | 128,049,152 |
    | 3b, pool | 14x14x480 | 388,736 | 304,267,264 |
    | 4a | 14x14x512 | 376,176 | 73,608,192 |
    | 4b | 14x14x512 | 449,160 | 87,908,352 |
    | 4c | 14x14x512 | 510,104 | 99,850,240 |
    | 4d | 14x14x528 | 605,376 | 118,515,712 |
    | 4e, pool | 7x7x832 | 868,352 | 169,996,288 |
    | 5a | 7x7x832 | 1,043,456 | 51,079,168 |
    | 5b | 7x7x1024 | 1,444,080 | 70,697,984 |
    | mean, dropout 0.4, dense | 1000 | 1,025,000 | 1,024,000 |

    Args:
        include_top: whether the mean, the dropout and the dense layer are there.
        weights: None: first values; or the name of a file that `save_weights` has written.
        input_tensor: the tensor to start from; the inputs are then those that it is computed from.
        input_shape: (height, width, channels); None: 224x224x3. Height and width may be None.
        pooling: without the dense layer: None for the last feature maps, "avg" or "max" of each.
        classes: the number of outputs.
        classifier_activation: of the last layer; None: logits.
        name: the model's name.
        batch_norm: whether convolutions have no bias and are normalized before their ReLU.

    Returns:
        A `Model`, not compiled.

    Raises:
        ValueError: an unknown `pooling`; weights that do not fit.

    Example:
        >>> import striate
        >>> striate.applications.GoogLeNet(classes=10, input_shape=(32, 32, 3)).get_layer("3a_output").output.shape
        (None, 4, 4, 256)
    """
    inputs = assembling.start("GoogLeNet", input_tensor, input_shape, (224, 224, 3), weights)
    x = _conv(inputs, 64, 7, 2, batch_norm, "conv1")
    x = _pool(x, 2, "pool1")
    x = _conv(x, 64, 1, 1, batch_norm, "conv2_reduce")
    x = _conv(x, 192, 3, 1, batch_norm, "conv2")
    x = _pool(x, 2, "pool2")
    for module, filters in _MODULES.items():
        x = _inception(x, filters, batch_norm, module)
        if module in ("3b", "4e"):
            x = _pool(x, 2, f"pool{module[0]}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(0.4, name="dropout")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = assembling.features("GoogLeNet", x, pooling)
    return assembling.load("GoogLeNet", Model(assembling.sources(inputs), x, name=name), weights)
