"""Weights alone, in a safetensors file."""

from __future__ import annotations

import json
from typing import Any

from striate import _core
from striate.saving import paths, variables

ENDINGS = (".weights.striate", ".safetensors")


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Writes a model's weights to a file.

    Args:
        model: a built model.
        filepath: a name that ends in ".weights.striate" or ".safetensors".
        overwrite: whether a file may be replaced.

    Raises:
        ValueError: the name's ending is another, or the model has no weights yet.
        FileExistsError: the file is there, and overwrite=False.
    """
    path = paths.to_write(filepath, ENDINGS, overwrite, "weights")
    if not model.built:
        raise ValueError(f"Model '{model.name}' is not built, so it has no weights to save. Call it on data first.")
    named = variables.unique((weight.name, weight) for weight in model.weights)
    order = json.dumps([name for name, _ in named])
    _core.write_tensor_file(path, {name: weight.read() for name, weight in named}, {"weights": order})


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Reads the weights of a file, written by `save_weights`, `save` or another library.

    They are matched in order, since automatic names differ from run to run; files of other libraries by name.

    Args:
        model: a built model of the same layers.
        filepath: the file.
        skip_mismatch: whether weights of another shape keep their values.

    Raises:
        ValueError: names the file and the reason; nothing is changed then.
    """
    path = paths.to_read(filepath)
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' is not built, so it has no weights to load into. Call it on data first."
        )
    arrays, metadata = _core.read_tensor_file(path)
    named = variables.unique((weight.name, weight) for weight in model.weights)
    if (order := variables.order_in(metadata)) is not None:
        if len(order) != len(named):
            raise ValueError(f"'{path}' holds {len(order)} weights, model '{model.name}' has {len(named)} weights.")
        named = [(name, weight) for name, (_, weight) in zip(order, named, strict=True)]
    if skip_mismatch:
        named = [(name, w) for name, w in named if name in arrays and arrays[name].shape == tuple(w.shape)]
    variables.assign(named, arrays, path)
