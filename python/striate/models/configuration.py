"""Models as plain dicts, fit for JSON, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from striate import layers, tree
from striate.layers.operation import Operation
from striate.saving import registry
from striate.tensors import SymbolicTensor


def serialize_layer(layer: Any) -> dict[str, Any]:
    """A layer or model as {"class_name", "config"}."""
    from striate.models.model import Model

    functional = type(layer) is Model and layer.graph is not None
    name = "Functional" if functional else registry.get_registered_name(type(layer))
    return {"class_name": name, "config": layer.get_config()}


def deserialize_layer(described: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The layer or model that `serialize_layer` described, without its weights."""
    from striate.models.model import Model
    from striate.models.sequential import Sequential

    known = {"Operation": Operation, "Sequential": Sequential, "Functional": Model, "Model": Model}
    found = {**known, **registry.all_custom_objects(custom_objects)}
    name, config = described.get("class_name"), described.get("config", {})
    cls = found.get(str(name))
    if isinstance(cls, type) and issubclass(cls, Model):
        return cls.from_config(config, custom_objects) if _takes_custom(cls) else cls.from_config(config)
    return layers.deserialize(described, found)


def _takes_custom(cls: type) -> bool:
    import inspect

    return "custom_objects" in inspect.signature(cls.from_config).parameters  # type: ignore[attr-defined]


def plain_number(x: Any) -> Any:
    """json.dumps's `default`: what NumPy scalars are in JSON."""
    if isinstance(x, np.generic):
        return x.item()
    raise TypeError(f"A configuration holds {x!r} of type {type(x).__name__}, which cannot be written to a file.")


def of_graph(model: Any) -> dict[str, Any]:
    """A functional model's configuration: its layers, and for each the calls that belong to the model."""
    graph = model.graph
    node_numbers: dict[int, int] = {}
    calls: dict[int, list[Any]] = {}
    sources = [x.history[0] for x in graph.flat_inputs if x.history and not x.history[0].inputs]
    for node in [*sources, *graph.nodes]:
        calls.setdefault(id(node.layer), []).append(node)
        node_numbers[id(node)] = len(calls[id(node.layer)]) - 1

    def place(x: SymbolicTensor) -> list[Any]:
        node, index = x.history  # type: ignore[misc]
        return [node.layer.name, node_numbers[id(node)], index]

    def plain(x: Any) -> Any:
        if isinstance(x, list):
            return [plain(part) for part in x]
        if isinstance(x, tuple):
            return {"class_name": "__tuple__", "items": [plain(part) for part in x]}
        if isinstance(x, dict):
            return {key: plain(part) for key, part in x.items()}
        if isinstance(x, SymbolicTensor):
            config = {"shape": x.shape, "dtype": x.dtype, "keras_history": place(x)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(x, (np.ndarray, np.generic)):
            return {"class_name": "__numpy__", "config": {"value": x.tolist(), "dtype": x.dtype.name}}
        if isinstance(x, slice):
            return {"class_name": "__slice__", "config": {"value": [x.start, x.stop, x.step]}}
        if x is Ellipsis:
            return {"class_name": "__ellipsis__", "config": {}}
        try:
            json.dumps(x)
        except TypeError:
            raise TypeError(f"Model '{model.name}' has a call with {x!r}, which cannot be written to a file.") from None
        return x

    described = []
    for layer in graph.layers:
        inbound = [
            {"args": plain(list(node.args)), "kwargs": plain(node.kwargs)}
            for node in calls.get(id(layer), ())
            if node.inputs
        ]
        described.append({**serialize_layer(layer), "name": layer.name, "inbound_nodes": inbound})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": described,
        "input_layers": tree.map_leaves(place, graph.inputs),
        "output_layers": tree.map_leaves(place, graph.outputs),
    }


def to_graph(cls: type, config: dict[str, Any], custom_objects: dict[str, Any] | None) -> Any:
    """The functional model that `of_graph` described."""
    made: dict[str, Any] = {}
    waiting: list[tuple[str, int, dict[str, Any]]] = []
    tensors: dict[tuple[str, int, int], Any] = {}
    for described in config["layers"]:
        layer = deserialize_layer(described, custom_objects)
        made[described["name"]] = layer
        if not described["inbound_nodes"]:
            tensors[described["name"], 0, 0] = layer.output
        waiting += [(described["name"], number, call) for number, call in enumerate(described["inbound_nodes"])]
    while waiting:
        left = []
        for name, number, call in waiting:
            try:
                args, kwargs = _resolve(call["args"], tensors), _resolve(call["kwargs"], tensors)
            except KeyError:
                left.append((name, number, call))
                continue
            outputs = tree.leaves(made[name](*args, **kwargs))
            tensors.update(((name, number, index), tensor) for index, tensor in enumerate(outputs))
        if len(left) == len(waiting):
            raise ValueError(
                f"Model {config.get('name')!r}: its configuration names a tensor that no layer gives: {left[0]}."
            )
        waiting = left
    inputs, outputs = (_places(config[key], tensors) for key in ("input_layers", "output_layers"))
    model = cls(inputs=inputs, outputs=outputs, name=config.get("name"))
    if not config.get("trainable", True):
        model._trainable = False
    return model


def _resolve(structure: Any, tensors: dict[tuple[str, int, int], Any]) -> Any:
    """What `plain` has written."""
    if isinstance(structure, (list, tuple)):
        return [_resolve(part, tensors) for part in structure]
    if not isinstance(structure, dict):
        return structure
    kind, config = structure.get("class_name"), structure.get("config", {})
    if kind == "__keras_tensor__":
        name, node, index = config["keras_history"]
        return tensors[name, node, index]
    if kind == "__tuple__":
        return tuple(_resolve(part, tensors) for part in structure["items"])
    if kind == "__numpy__":
        return np.asarray(config["value"], config["dtype"])
    if kind == "__slice__":
        return slice(*config["value"])
    if kind == "__ellipsis__":
        return ...
    return {key: _resolve(part, tensors) for key, part in structure.items()}


def _places(structure: Any, tensors: dict[tuple[str, int, int], Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _places(part, tensors) for key, part in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        return tensors[structure[0], structure[1], structure[2]]
    return [_places(part, tensors) for part in structure]
