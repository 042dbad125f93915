"""Data sets. `mnist5k` comes with the package; the others are looked for on this machine, then downloaded."""

from striate.datasets import fashion_mnist, mnist, mnist5k

__all__ = ["fashion_mnist", "mnist", "mnist5k"]
