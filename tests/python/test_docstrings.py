"""Every Example in a docstring runs and prints what it says."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import striate

ROOT = Path(striate.__file__).parent


def modules():
    """Those with Examples."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in ROOT.rglob("*.py") if ">>> " in path.read_text())
    return sorted(".".join(["striate", *(part for part in path.parts if part != "__init__")]) for path in paths)


class Doubling(striate.layers.Layer):
    """A layer of the user's own."""

    def call(self, inputs):
        return inputs + inputs


@pytest.fixture
def names():
    """What Examples find there: the package's usual names, and a model that lies in net.striate."""
    model = striate.Sequential([striate.Input((4,)), striate.layers.Dense(2)])
    model.save("net.striate")
    usual = {name: getattr(striate, name) for name in ("Input", "Model", "Sequential", "layers", "ops")}
    saving = {name: getattr(striate.saving, name) for name in ("load_model", "register_keras_serializable")}
    return {**usual, **saving, "np": np, "striate": striate, "model": model, "images": np.zeros((3, 4)), "Doubling": Doubling}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", modules())
def test_examples(own_folder, names, name):
    failed, _ = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert failed == 0


def test_there_are_examples():
    assert {"striate.models.model", "striate.saving.model_file", "striate.layers.dense"} <= set(modules())
