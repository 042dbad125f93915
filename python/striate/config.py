"""Switches of the process."""

from typing import Any

from striate import _core

#: Whether `fit` ends with an error when the loss is no longer finite.
check_finite: bool = True

_floatx = "float32"
_epsilon = 1e-7


def num_threads() -> int:
    """How many threads share the work; results do not depend on it."""
    return int(_core.num_threads())


def set_num_threads(count: int) -> None:
    """Sets how many threads share the work.

    Raises:
        ValueError: count is below 1.
    """
    _core.set_num_threads(count)


def winograd() -> bool:
    """Whether convolutions may be computed by Winograd's algorithm; the environment's STRIATE_WINOGRAD=0 forbids it.

    It is up to three times as fast as the direct sum on 3x3 kernels with unit strides and up to four times on 5x5, and
    serves 3x3 with strides of 2 too. In float32 its largest error is up to 1e-5 of the largest result, of weight
    gradients up to 2e-5, of 5x5 kernels up to 3e-5; of plain sums about 2e-6.
    """
    return bool(_core.winograd())


def set_winograd(allowed: bool) -> None:
    """Allows or forbids Winograd convolutions, in runs that start afterwards."""
    _core.set_winograd(allowed)


def cpu_isa() -> str:
    """The kernels in use: "avx512", "avx2" or "baseline"; the environment's STRIATE_CPU_ISA chooses."""
    return str(_core.cpu_isa())


def floatx() -> str:
    """The type of weights and activations where nothing else is said."""
    return _floatx


def set_floatx(value: str) -> None:
    """Sets it: "float32" or "float64"."""
    global _floatx
    _floatx = standardize_dtype(value)


def epsilon() -> float:
    """The small number that keeps logarithms finite."""
    return _epsilon


def image_data_format() -> str:
    """ "channels_last", the only one."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accepts "channels_last".

    Raises:
        ValueError: data_format is something else.
    """
    if data_format != "channels_last":
        raise ValueError(f"striate's data are channels_last. Received: data_format={data_format!r}.")


def standardize_dtype(dtype: Any, integers: bool = False) -> str:
    """The name of an element type; None: `floatx()`.

    Raises:
        ValueError: layers do not compute in it.
    """
    if dtype is None:
        return _floatx
    if isinstance(dtype, dict):  # a Keras policy
        dtype = dtype.get("config", {}).get("name")
    name = str(getattr(dtype, "name", dtype)).replace("<class 'numpy.", "").replace("'>", "")
    known = ("float32", "float64", *(("int32", "int64", "uint8") if integers else ()))
    if name not in known:
        raise ValueError(f"`dtype` must be one of {', '.join(known)}. Received: dtype={dtype!r}.")
    return name
