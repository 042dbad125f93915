"""Names that layers and models get when they are given none."""

import collections
import re

_counts: collections.Counter[str] = collections.Counter()


def snake_case(name: str) -> str:
    """A class's name as Keras writes it in names.

    Example:
        >>> snake_case("MaxPooling2D")
        'max_pooling2d'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def unique_name(class_name: str) -> str:
    """The class's name in snake case, with a number from the second one on: conv2d, conv2d_1."""
    stem = snake_case(class_name)
    count = _counts[stem]
    _counts[stem] += 1
    return f"{stem}_{count}" if count else stem


def clear_session() -> None:
    """Starts counting anew."""
    _counts.clear()
