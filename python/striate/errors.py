"""What striate raises beside Python's own exceptions."""

from striate._core import ShapeError

__all__ = ["ShapeError"]
