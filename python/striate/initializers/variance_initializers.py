"""Weights drawn so that activations or gradients keep their variance from layer to layer."""

import math
from typing import Any

from striate.initializers.initializer import RandomInitializer
from striate.utils.later import refuse_later

Shape = tuple[int, ...]


# The standard deviation of a standard normal cut off at two deviations; truncated draws are rescaled by it.
_TRUNCATED_STDDEV = 0.87962566103423978


def compute_fans(shape: Shape) -> tuple[int, int]:
    """How many inputs feed one output and how many outputs one input feeds: channels times the kernel's taps.

    Args:
        shape: a weight's shape: (inputs, outputs), or (spatial..., channels in, channels out) of a convolution.

    Returns:
        (fan_in, fan_out), integers.

    Example:
        >>> compute_fans((3, 3, 16, 32))
        (144, 288)
    """
    shape = tuple(shape)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    taps = math.prod(shape[:-2])
    return taps * shape[-2], taps * shape[-1]


class VarianceScaling(RandomInitializer):
    """Draws with variance `scale / n`, n being a count of connections.

    `distribution="uniform"` draws from [-limit, limit] with `limit = sqrt(3 * scale / n)`; `"untruncated_normal"` from
    a normal distribution with `stddev = sqrt(scale / n)`; `"truncated_normal"` from one cut off at two deviations and
    rescaled to the same deviation.

    Args:
        scale: a positive number.
        mode: what n counts: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: an integer: the same values each time; None: others each time.

    Raises:
        ValueError: scale is not positive; mode or distribution is none of these.

    Example:
        >>> VarianceScaling(2.0, mode="fan_out", seed=1)((3, 3, 1, 4)).shape
        (3, 3, 1, 4)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        refuse_later(type(self).__name__, {"input_axes": (input_axes, None), "output_axes": (output_axes, None)})
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be positive. Received: scale={scale}.")
        mode, distribution = str(mode).lower(), str(distribution).lower()
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Argument `mode` must be 'fan_in', 'fan_out' or 'fan_avg'. Received: mode={mode!r}.")
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "Argument `distribution` must be 'uniform', 'truncated_normal' or 'untruncated_normal'. "
                f"Received: distribution={distribution!r}."
            )
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        fan_in, fan_out = compute_fans(shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return self._uniform(shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return self._normal(shape, 0.0, math.sqrt(variance), dtype)
        return self._normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, truncated=True)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Named(VarianceScaling):
    """A VarianceScaling that people know by name; its config is the seed alone."""

    _scale = 1.0
    _mode = "fan_in"
    _distribution = "truncated_normal"

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(self._scale, self._mode, self._distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Draws from [-limit, limit], `limit = sqrt(6 / (fan_in + fan_out))` (Glorot & Bengio 2010, "Xavier").

    Args:
        seed: an integer: the same values each time; None: others each time.
    """

    _mode = "fan_avg"
    _distribution = "uniform"


class GlorotNormal(_Named):
    """Draws from a truncated normal distribution with `stddev = sqrt(2 / (fan_in + fan_out))` (Glorot & Bengio 2010).

    Args:
        seed: an integer: the same values each time; None: others each time.
    """

    _mode = "fan_avg"


class HeUniform(_Named):
    """Draws from [-limit, limit], `limit = sqrt(6 / fan_in)`: for layers before a ReLU (He et al. 2015).

    Args:
        seed: an integer: the same values each time; None: others each time.
    """

    _scale = 2.0
    _distribution = "uniform"


class HeNormal(_Named):
    """Draws from a truncated normal distribution with `stddev = sqrt(2 / fan_in)`: for layers before a ReLU (He et al.
    2015).

    Args:
        seed: an integer: the same values each time; None: others each time.
    """

    _scale = 2.0


class LecunUniform(_Named):
    """Draws from [-limit, limit], `limit = sqrt(3 / fan_in)` (LeCun et al. 1998, "Efficient BackProp").

    Args:
        seed: an integer: the same values each time; None: others each time.
    """

    _distribution = "uniform"


class LecunNormal(_Named):
    """Draws from a truncated normal distribution with `stddev = sqrt(1 / fan_in)` (LeCun et al. 1998).

    Args:
        seed: an integer: the same values each time; None: others each time.
    """
