"""The networks that are timed: what they take, and one set of weights for all engines."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Net:
    """A classifier of images.

    Attributes:
        inputs: (height, width, channels).
        shapes: its weights in Keras's order, each kernel before its bias.
        batches: the batch sizes that are timed.
    """

    inputs: tuple[int, int, int]
    shapes: tuple[tuple[int, ...], ...]
    batches: tuple[int, ...]


def _with_biases(*kernels: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(shape for kernel in kernels for shape in (kernel, kernel[-1:]))


NETS = {
    # Conv 32@3x3, pool, conv 64@3x3, pool, dense 128, dense 10: ReLU, maxima, padding "same". 4,241,152 multiply-adds.
    "lab": Net((28, 28, 1), _with_biases((3, 3, 1, 32), (3, 3, 32, 64), (3136, 128), (128, 10)), (128, 32, 1)),
    # Conv 6@5x5 padded, pool, conv 16@5x5, pool, conv 120@5x5, dense 84, dense 10: tanh, averages. 416,520 multiply-adds.
    "lenet5": Net(
        (28, 28, 1), _with_biases((5, 5, 1, 6), (5, 5, 6, 16), (5, 5, 16, 120), (120, 84), (84, 10)), (128, 32, 1)
    ),
}
LEARNING_RATE, MOMENTUM = 0.01, 0.9


def weights(name: str) -> list[np.ndarray]:
    """Glorot-uniform kernels, zero biases; the same in every process."""
    rng = np.random.default_rng(0)

    def initial(shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) == 1:
            return np.zeros(shape, np.float32)
        field = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (field * (shape[-2] + shape[-1])))
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    return [initial(shape) for shape in NETS[name].shapes]


def batch(name: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic images, channels last, and class numbers."""
    rng = np.random.default_rng(size)
    return rng.random((size, *NETS[name].inputs), dtype=np.float32), rng.integers(0, 10, size)
