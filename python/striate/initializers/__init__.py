"""First values of weights, by class or by name."""

from typing import TYPE_CHECKING, Any

from striate import absent
from striate.initializers.constant_initializers import Constant, Ones, Zeros
from striate.initializers.initializer import Initializer, RandomInitializer
from striate.initializers.orthogonal_initializer import Orthogonal
from striate.initializers.random_initializers import RandomNormal, RandomUniform, TruncatedNormal
from striate.initializers.variance_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from striate.utils import identifiers

_CLASSES = [
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
]
_TABLE = identifiers.table_of(
    _CLASSES, normal=RandomNormal, uniform=RandomUniform, one=Ones, zero=Zeros, orthogonal_initializer=Orthogonal
)

# Keras's other spellings of the same classes.
constant, ones, zeros, orthogonal = Constant, Ones, Zeros, Orthogonal
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, variance_scaling = LecunNormal, LecunUniform, VarianceScaling
normal = random_normal = RandomNormal
uniform = random_uniform = RandomUniform
truncated_normal = TruncatedNormal

serialize = identifiers.serialize


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described."""
    return identifiers.deserialize(config, _TABLE, "initializer", custom_objects)


def get(identifier: Any) -> Any:
    """An initializer from its name ("he_normal", "HeNormal"), a config, a class or an instance.

    Any other callable `f(shape, dtype)` passes through, None stays None.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("glorot_uniform")
        GlorotUniform(seed=None)
    """
    return identifiers.get(identifier, _TABLE, "initializer", Initializer)


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "zeros",
]

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
