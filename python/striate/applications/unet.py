"""U-Net: a class for every pixel."""

from typing import Any

from striate import layers
from striate.applications import assembling
from striate.models import Model


def UNet(
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: assembling.Shape | None = None,
    classes: int = 2,
    classifier_activation: Any = "softmax",
    name: str = "unet",
    *,
    filters: int = 64,
    depth: int = 4,
) -> Model:
    """U-Net (Ronneberger, Fischer, Brox 2015) with padded convolutions: 31,031,810 parameters.

    Down: two 3x3 convolutions and a 2x2 pool, `depth` times, with twice the filters each time; at the bottom two more.
    Up: a transposed 2x2 convolution of stride 2 with half the filters, joined with the maps of the same size on the way
    down, and two 3x3 convolutions. A 1x1 convolution tells the classes apart. ReLU after each 3x3 convolution.

    Against the paper: convolutions are padded, so that the output has the input's size and no maps are cropped; no
    dropout. At 256x256 it does 48,171,581,440 multiply-adds.

    | level | size | down | up | parameters | multiply-adds at 256x256 |
    |---|---|---|---|---|---|
    | 1 | 1 | 64, 64, pool | 64, 64 | 182,272 | 10,313,793,536 |
    | 2 | 1/2 | 128, 128, pool | 128, 128 | 795,264 | 11,408,506,880 |
    | 3 | 1/4 | 256, 256, pool | 256, 256 | 3,179,776 | 11,408,506,880 |
    | 4 | 1/8 | 512, 512, pool | 512, 512 | 12,716,544 | 11,408,506,880 |
    | bottom | 1/16 | 1024, 1024 | | 14,157,824 | 3,623,878,656 |
    | predictions | 1 | | 2 | 130 | 8,388,608 |

    Args:
        weights: None: first values (He's); or the name of a file that `save_weights` has written.
        input_tensor: the tensor to start from; the inputs are then those that it is computed from.
        input_shape: (height, width, channels); None: 256x256x3. Height and width must be multiples of `2 ** depth`, and
            may be None.
        classes: the number of outputs for each pixel.
        classifier_activation: of the last layer; None: logits.
        name: the model's name.
        filters: of the first convolution.
        depth: how many times the image is halved.

    Returns:
        A `Model`, not compiled, whose output is (batch, height, width, classes).

    Raises:
        ValueError: a height or width that cannot be halved so often; weights that do not fit.

    Example:
        >>> import striate
        >>> striate.applications.UNet(input_shape=(64, 32, 1), filters=8, depth=3).output_shape
        (None, 64, 32, 2)
    """
    inputs = x = assembling.start("UNet", input_tensor, input_shape, (256, 256, 3), weights)
    if any(size is not None and size % 2**depth for size in x.shape[1:3]):
        raise ValueError(
            f"[UNet] images of {x.shape[1]}x{x.shape[2]} cannot be halved {depth} times. Expected multiples of "
            f"{2**depth}: pad them, or give a smaller depth."
        )

    def twice(x: Any, width: int, name: str) -> Any:
        for i in (1, 2):
            x = layers.Conv2D(
                width,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"{name}_conv{i}",
            )(x)
        return x

    skipped = []
    for level in range(1, depth + 1):
        x = twice(x, filters << (level - 1), f"down{level}")
        skipped.append(x)
        x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)
    x = twice(x, filters << depth, "bottom")
    for level in range(depth, 0, -1):
        width = filters << (level - 1)
        up = layers.Conv2DTranspose(width, 2, 2, kernel_initializer="he_normal", name=f"up{level}_conv_transpose")(x)
        x = layers.Concatenate(name=f"up{level}_join")([skipped[level - 1], up])
        x = twice(x, width, f"up{level}")
    x = layers.Conv2D(classes, 1, activation=classifier_activation, name="predictions")(x)
    return assembling.load("UNet", Model(assembling.sources(inputs), x, name=name), weights)
