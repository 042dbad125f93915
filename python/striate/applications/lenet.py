"""LeNet-5 in the forms it is met in, and the small convnet of tutorials on MNIST."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.models import Sequential

# variant: input shape, first convolution's padding, default activation, default pooling
_LENET5 = {
    "deck": ((28, 28, 1), "same", "tanh", "avg"),
    "modern": ((32, 32, 1), "valid", "tanh", "avg"),
    "caffe": ((28, 28, 1), "valid", None, "max"),
}
_POOLING = {"avg": layers.AveragePooling2D, "max": layers.MaxPooling2D}


def LeNet5(
    input_shape: tuple[int, int, int] | None = None,
    classes: int = 10,
    variant: str = "deck",
    activation: str | None = None,
    pool: str | None = None,
    classifier_activation: Any = "softmax",
    weights: Any = None,
) -> Sequential:
    """LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998), simplified as everyone teaches it.

    Convolution and pooling twice, a convolution that leaves one pixel, two dense layers. Against the paper: every map
    of the third layer sees all maps of the second (the paper has a table of 60 links), pooling has no weights, and a
    softmax replaces the radial basis functions.

    | variant | input | layers | parameters | multiply-adds |
    |---|---|---|---|---|
    | `"deck"` | 28x28x1 | 6@5x5 padded by 2, pool, 16@5x5, pool, 120@5x5, 84, 10 | 61,706 | 416,520 |
    | `"modern"` | 32x32x1 | the same with 6@5x5 unpadded | 61,706 | 416,520 |
    | `"caffe"` | 28x28x1 | 20@5x5, pool, 50@5x5, pool, 500 with ReLU, 10 | 431,080 | 2,293,000 |

    Args:
        input_shape: (height, width, channels); None is the variant's own.
        classes: the number of outputs.
        variant: `"deck"`, `"modern"` or `"caffe"`, the network of Caffe's MNIST example.
        activation: after convolutions and hidden dense layers. None is the variant's own: tanh, for `"caffe"` nothing
            after convolutions.
        pool: `"avg"` or `"max"`, 2x2 with stride 2. None is the variant's own: average, for `"caffe"` maximum.
        classifier_activation: of the last layer; None: logits.
        weights: None: first values; or the name of a file that `save_weights` has written.

    Returns:
        A `Sequential`, not compiled, named `lenet5`.

    Raises:
        ValueError: an unknown `variant` or `pool`; weights that do not fit.

    Example:
        >>> import striate
        >>> striate.applications.LeNet5(activation="relu", pool="max").count_params()
        61706
    """
    if variant not in _LENET5:
        raise ValueError(f"[LeNet5] unknown variant={variant!r}. Expected one of {', '.join(map(repr, _LENET5))}.")
    own_shape, padding, own_activation, own_pool = _LENET5[variant]
    pool = own_pool if pool is None else pool
    if pool not in _POOLING:
        raise ValueError(f"[LeNet5] unknown pool={pool!r}. Expected 'avg' or 'max'.")
    pooling = _POOLING[pool]
    act = own_activation if activation is None else activation
    inputs = layers.Input(own_shape if input_shape is None else input_shape)
    if variant == "caffe":
        stack = [
            layers.Conv2D(20, 5, activation=act, name="conv1"),
            pooling((2, 2), name="pool1"),
            layers.Conv2D(50, 5, activation=act, name="conv2"),
            pooling((2, 2), name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(500, activation=act or "relu", name="ip1"),
            layers.Dense(classes, activation=classifier_activation, name="ip2"),
        ]
    else:
        stack = [
            layers.Conv2D(6, 5, padding=padding, activation=act, name="c1"),
            pooling((2, 2), name="s2"),
            layers.Conv2D(16, 5, activation=act, name="c3"),
            pooling((2, 2), name="s4"),
            layers.Conv2D(120, 5, activation=act, name="c5"),
            layers.Flatten(name="flatten"),
            layers.Dense(84, activation=act, name="f6"),
            layers.Dense(classes, activation=classifier_activation, name="output"),
        ]
    return assembling.load("LeNet5", Sequential([inputs, *stack], name="lenet5"), weights)


def LabNet(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    classifier_activation: Any = "softmax",
    weights: Any = None,
) -> Sequential:
    """The convnet of many TensorFlow tutorials on MNIST: 421,642 parameters, 4,241,152 multiply-adds.

    32@3x3, pool, 64@3x3, pool, dense 128, softmax; ReLU, padding "same", 2x2 maximum pooling.

    Args:
        input_shape: (height, width, channels).
        classes: the number of outputs.
        classifier_activation: of the last layer; None: logits.
        weights: None: first values; or the name of a file that `save_weights` has written.

    Returns:
        A `Sequential`, not compiled, named `lab_net`.

    Raises:
        ValueError: weights that do not fit.
    """
    model = Sequential(
        [
            layers.Input(input_shape),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D((2, 2), name="pool1"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D((2, 2), name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dense(classes, activation=classifier_activation, name="output"),
        ],
        name="lab_net",
    )
    return assembling.load("LabNet", model, weights)
