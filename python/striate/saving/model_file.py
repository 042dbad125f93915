"""Whole models: layers, weights, optimizer and training state, and functions for C++, in one safetensors file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from striate import _core
from striate.models import configuration
from striate.saving import compile_arguments, entry_points, paths, registry, variables
from striate.utils.later import refuse_later

FORMAT_VERSION = "1"
_LATER = {"include_optimizer": True, "save_format": None, "zipped": None}  # Keras's, with their defaults


def save_model(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Writes a model to a file that `load_model` and C++ read.

    The file is written beside its target, synced and renamed, so a crash at any moment leaves the old file or the new
    one whole. Any safetensors reader opens it.

    Args:
        model: a built model.
        filepath: a name that ends in ".striate".
        overwrite: whether a file may be replaced.
        **kwargs: Keras's `include_optimizer`, `save_format` and `zipped`: for now only their defaults.

    Raises:
        ValueError: the name's ending is another, the model is not built, or an argument is unknown or comes in a later
            version.
        FileExistsError: the file is there, and overwrite=False.

    Example:
        >>> model.save("net.striate")
        >>> model = load_model("net.striate")
    """
    if unknown := set(kwargs) - set(_LATER):
        raise ValueError(f"save() got unexpected arguments: {sorted(unknown)}.")
    refuse_later("save()", {name: (value, _LATER[name]) for name, value in kwargs.items()})
    path = paths.to_write(filepath, (".striate",), overwrite, "a model")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' is not built, so it has no weights to save. Give it an Input, call "
            "build(input_shape), or call it on data."
        )
    if model.compiled:
        model.optimizer.build(model.trainable_weights)  # slots of weights that no step has met yet
    with model.guessing_labels():
        functions = entry_points.trace(model)
        named = variables.of_model(model)
        names = {variable: name for name, variable in named}
        described = {
            "model": configuration.serialize_layer(model),
            "inputs": entry_points.input_shapes(model),
            "labels": model.labels_seen,
            "compile": compile_arguments.serialize(model),
        }
        metadata = {
            "training": json.dumps({"batch_size": getattr(model, "batch_size", None) or 32}),
            "weights": json.dumps([names[weight] for weight in model.weights]),
            "entry_metrics": entry_points.metrics_text(model, names),
        }
        text = json.dumps(described, default=configuration.plain_number)
        _core.save_model(path, functions, named, text, metadata)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model that `model.save()` wrote, in Python or in C++.

    Args:
        filepath: the file.
        custom_objects: your own classes and functions by name, beside the registered ones.
        compile: whether to restore the optimizer with its state, the losses and the metrics.
        safe_mode: Keras's; files hold no code in any case.

    Raises:
        ValueError: names the file and the reason: it is not there, cut short, damaged, of a newer version, or needs a
            class that is not known.
    """
    path = paths.to_read(filepath)
    arrays, metadata = _core.read_tensor_file(path)
    with _naming(path):
        described = _configuration(path, metadata)
        with registry.custom_object_scope(custom_objects or {}):
            model = _rebuilt(path, described)
            if compile and described["compile"] is not None:
                try:
                    compile_arguments.restore(model, described["compile"])
                except ValueError as error:
                    raise ValueError(f"'{path}': {error} Pass it in custom_objects, or use compile=False.") from error
        if model.compiled:
            model.optimizer.build(model.trainable_weights)
            if (labels := described.get("labels")) is not None:
                model.labels_seen = [(dtype, tuple(shape)) for dtype, shape in labels]
        order = variables.order_in(metadata)
        if order is None:
            raise ValueError(f"'{path}' does not tell the order of its weights. It was edited or is damaged.")
        variables.assign(variables.of_file(model, order, path), arrays, path)
        model.batch_size = json.loads(metadata.get("training", "{}")).get("batch_size", 32)
    return model


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """What a damaged description makes of the code that reads it becomes an error that names the file."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(
            f"'{path}': its description of the model cannot be followed ({type(error).__name__}: {error}). It is "
            "damaged, or a class of your own does not take what its get_config() gave."
        ) from error
    except ValueError as error:
        if path in str(error):
            raise
        raise ValueError(f"'{path}': {error}") from error


def _configuration(path: str, metadata: dict[str, str]) -> dict[str, Any]:
    """The layers' description, if it is the one that the file's functions were made from."""
    if metadata.get("format") != "striate":
        raise ValueError(
            f"'{path}' is no model: its format is {metadata.get('format')!r}, not 'striate'. Weights alone are "
            "read by model.load_weights()."
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"'{path}' has format version {metadata.get('format_version')} (written by striate "
            f"{metadata.get('library_version')}); striate {_core.__version__} reads version {FORMAT_VERSION}. "
            "Upgrade striate."
        )
    text = metadata.get("configuration", "")
    expected = json.loads(metadata.get("entry_points", "{}")).get("configuration")
    if expected != _core.configuration_hash(text):
        raise ValueError(
            f"'{path}': the layer configuration is not the one its functions were made from (hash "
            f"{_core.configuration_hash(text)}, expected {expected}). It was edited after saving; save the model again."
        )
    if not text:
        raise ValueError(
            f"'{path}' was made in C++ and holds functions without layers. "
            f"striate.saving.PredictOnlyModel({path!r}) runs it."
        )
    described: dict[str, Any] = json.loads(text)
    return described


def _rebuilt(path: str, described: dict[str, Any]) -> Any:
    """The layers, with new weights."""
    try:
        model = configuration.deserialize_layer(described["model"])
    except ValueError as error:
        if "Unknown" not in str(error):
            raise
        reason = str(error).partition(" Known: ")[0]
        raise ValueError(
            f"'{path}' needs a class that is not known here. {reason} Pass it as custom_objects={{name: class}}, or "
            "decorate it with striate.saving.register_keras_serializable(). To predict without it, use "
            f"striate.saving.PredictOnlyModel({path!r})."
        ) from error
    if not model.built and (given := described["inputs"]):
        if isinstance(given, dict):
            model.build({name: tuple(shape) for name, shape in given.items()})
        else:
            shapes = [tuple(shape) for shape in given]
            model.build(shapes[0] if len(shapes) == 1 else shapes)
    return model
