"""Tensors that live between runs."""

from striate._core import Variable

__all__ = ["Variable"]
