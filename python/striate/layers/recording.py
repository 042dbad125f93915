"""Calls of layers on symbolic tensors: what they give, and the record that models replay."""

from __future__ import annotations

from typing import Any

from striate import dispatch, tracing, tree
from striate.tensors import Node, SymbolicTensor


def record(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls a layer on symbolic tensors: finds the outputs' shapes and remembers the call."""
    inputs = [x for x in tree.leaves((args, kwargs)) if isinstance(x, SymbolicTensor)]
    node = Node(layer, args, kwargs, inputs)
    node.outputs = infer(layer, *args, **kwargs)
    for index, output in enumerate(tree.leaves(node.outputs)):
        output.history = (node, index)
    layer.inbound_nodes.append(node)
    return node.outputs


def infer(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """Symbolic tensors of the shapes that a call gives; the call leaves no trace."""
    with tracing.Trace(rng=dispatch.placeholder("rng", "int64", (2,))):
        stand_ins = tree.map_leaves(
            lambda x: dispatch.placeholder(x.name, x.dtype, x.shape) if isinstance(x, SymbolicTensor) else x,
            (args, kwargs),
        )
        outputs = layer._call_in_graph(*stand_ins)
    return tree.map_leaves(lambda y: SymbolicTensor(y.shape, y.dtype, layer.name), outputs)


def symbolic(shape: Any, dtype: str) -> Any:
    """Symbolic tensors of a shape, or of several in a list or dict."""
    if isinstance(shape, dict):
        return {key: symbolic(part, dtype) for key, part in shape.items()}
    if isinstance(shape, list) or (isinstance(shape, tuple) and shape and isinstance(shape[0], (list, tuple))):
        return [symbolic(part, dtype) for part in shape]
    return SymbolicTensor(tuple(shape), dtype, "input")


def first_call(layer: Any) -> Node:
    """The record of a layer's first call in a model."""
    if not layer.inbound_nodes:
        raise AttributeError(
            f"The layer {layer.name} has never been called on a symbolic tensor and thus has no input or output."
        )
    return layer.inbound_nodes[0]  # type: ignore[no-any-return]
