"""Batches by number, made when they are asked for."""

from typing import Any


class PyDataset:
    """Base of data sets that make batch number `index` on demand: from files, by augmentation, by a formula.

    Subclasses have `__getitem__(index)`, which returns `(inputs, targets)` or `(inputs, targets, sample_weights)`, and
    `__len__`, the number of batches an epoch has. `fit` visits them in an order of its own, and calls
    `on_epoch_begin()` before and `on_epoch_end()` after each epoch.

    Args:
        workers: accepted for Keras's sake; batches are made while the previous step computes.
        use_multiprocessing: likewise.
        max_queue_size: likewise.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return np.array([[index]]), np.array([[index * index]])
        >>> Squares()[2]
        (array([[2]]), array([[4]]))
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs __getitem__(index), which returns batch number index.")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs __len__(), the number of batches in an epoch.")

    @property
    def num_batches(self) -> int:
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch of training."""

    def on_epoch_end(self) -> None:
        """Called after each epoch of training; the place to shuffle."""


Sequence = PyDataset
