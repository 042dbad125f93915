"""Every Example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import striate

PACKAGES = [
    "activations",
    "backend",
    "callbacks",
    "compat",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "utils",
]


def modules():
    for name in PACKAGES:
        package = importlib.import_module(f"striate.{name}")
        yield package.__name__
        if hasattr(package, "__path__"):
            yield from (f"{package.__name__}.{info.name}" for info in pkgutil.iter_modules(package.__path__))


@pytest.mark.parametrize("name", list(modules()))
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, extraglobs={"np": np, "striate": striate})
    assert failed == 0
