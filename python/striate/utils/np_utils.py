"""Keras 1's and 2's place for `to_categorical`."""

from striate.utils.numerical import normalize, to_categorical

__all__ = ["normalize", "to_categorical"]
