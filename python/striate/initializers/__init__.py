"""First values of weights, by class or by name."""

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


def deserialize(config, custom_objects=None):
    """The initializer that `serialize` described."""
    return identifiers.deserialize(config, _TABLE, "initializer", custom_objects)


def get(identifier):
    """An initializer from its name ("he_normal", "HeNormal"), a config, a class or an instance.

    Any other callable `f(shape, dtype)` passes through, None stays None.

    Raises:
        ValueError: the name is unknown, or identifier is nothing of these.

    Example:
        >>> get("glorot_uniform")
        GlorotUniform(seed=None)
    """
    return identifiers.get(identifier, _TABLE, "initializer", Initializer)
