"""What published networks share: where they start, what stands in place of their classifier, their weights."""

from typing import Any, TypeVar

from striate import layers
from striate.models import Model
from striate.saving import paths

Shape = tuple[int | None, int | None, int]
AnyModel = TypeVar("AnyModel", bound=Model)


def start(network: str, input_tensor: Any, input_shape: Shape | None, default: Shape, weights: Any) -> Any:
    """The tensor that a network's first layer is called on.

    Args:
        network: the network's name, for errors.
        input_tensor: a symbolic tensor of another model, or None.
        input_shape: (height, width, channels), or None.
        default: the shape if there is neither.
        weights: None, or a file's name; looked at before a large network is built.

    Raises:
        ValueError: the shape has other than three sizes, or its channels are unknown; weights are no file's.
    """
    check_weights(network, weights)
    if input_tensor is not None:
        return input_tensor
    shape = default if input_shape is None else tuple(input_shape)
    if len(shape) != 3 or shape[2] is None:
        raise ValueError(
            f"[{network}] input_shape={input_shape!r}. Expected (height, width, channels) with a known number of "
            "channels."
        )
    return layers.Input(shape)


def sources(x: Any) -> Any:
    """The inputs that a tensor is computed from, which a network starting at it has as its own: one, or a list."""
    found: dict[int, Any] = {}
    seen, left = set(), [x]
    while left:
        tensor = left.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        before = tensor.history[0].inputs
        left += reversed(before)
        if not before:
            found[id(tensor)] = tensor
    inputs = list(found.values())
    return inputs[0] if len(inputs) == 1 else inputs


def features(network: str, x: Any, pooling: str | None) -> Any:
    """What a network without its classifier gives: the last feature maps, or their means or maxima.

    Raises:
        ValueError: pooling is none of None, "avg" and "max".
    """
    if pooling is None:
        return x
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if pooling == "max":
        return layers.GlobalMaxPooling2D(name="max_pool")(x)
    raise ValueError(f"[{network}] unknown pooling={pooling!r}. Expected None, 'avg' or 'max'.")


def check_weights(network: str, weights: Any) -> None:
    """Raises ValueError for a set of trained weights, of which none come with striate, and for a file that is not
    there."""
    if weights == "imagenet":
        raise ValueError(
            f"[{network}] weights='imagenet': striate comes without trained weights. Expected None, or the name of a "
            "file that save_weights has written."
        )
    if weights is not None:
        paths.to_read(weights)


def load(network: str, model: AnyModel, weights: Any) -> AnyModel:
    """The model, with the weights of a file if one is named.

    Raises:
        ValueError: as `check_weights`; or the file does not fit.
    """
    check_weights(network, weights)
    if weights is not None:
        model.load_weights(weights)
    return model
