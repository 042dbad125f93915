"""One seed for everything that draws."""

import random

import numpy as np

from striate import random as striate_random


def set_random_seed(seed: int) -> None:
    """Seeds Python's `random`, NumPy and striate. The same script then gives the same bits: initial weights, shuffling
    and dropout are functions of the seed alone, for any number of threads.

    Args:
        seed: an integer from 0 to 2**32 - 1 (NumPy takes no other).

    Raises:
        ValueError: seed is not an integer.

    Example:
        >>> set_random_seed(7)
    """
    striate_random.set_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
