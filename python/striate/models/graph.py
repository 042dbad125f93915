"""The record of layer calls that a functional model replays."""

from __future__ import annotations

import collections
from typing import Any

from striate import tree
from striate.layers.input_layer import Input
from striate.tensors import Node, SymbolicTensor


class CallGraph:
    """The calls between a model's inputs and its outputs.

    In the place of inputs that other layers give it puts ones of its own, as Keras does: every input has a layer then,
    which files and copies name.

    Attributes:
        inputs, outputs: symbolic tensors, in the structures they were given in.
        nodes: the calls, each after those whose outputs it takes.
        layers: the layers, those farthest from the outputs first, as Keras orders them.

    Raises:
        ValueError: something is no symbolic tensor, an output depends on no input, or two layers have one name.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str) -> None:
        self.inputs, self.outputs = inputs, outputs
        for role, structure in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.leaves(structure):
                if not isinstance(x, SymbolicTensor) or x.history is None:
                    raise ValueError(
                        f"All `{role}` of a model must be symbolic tensors: what Input() and layers called on it give. "
                        f"Received: {role}={x!r} of type {type(x).__name__}."
                    )
        self.flat_inputs: list[SymbolicTensor] = tree.leaves(inputs)
        self.flat_outputs: list[SymbolicTensor] = tree.leaves(outputs)
        self.nodes = _calls_between(self.flat_inputs, self.flat_outputs, name)
        if any(_is_computed(tensor) for tensor in self.flat_inputs):
            self._put_own_inputs()
        self.layers = _ordered_layers(self.flat_inputs, self.nodes)
        for layer_name, count in collections.Counter(layer.name for layer in self.layers).items():
            if count > 1:
                raise ValueError(
                    f'The name "{layer_name}" is used {count} times in the model. All layer names should be unique.'
                )

    def _put_own_inputs(self) -> None:
        """The same calls, from inputs that no layer computes."""
        own = {
            id(tensor): Input(batch_shape=tensor.shape, dtype=tensor.dtype) if _is_computed(tensor) else tensor
            for tensor in self.flat_inputs
        }

        def swap(x: Any) -> Any:
            return own.get(id(x), x)

        for i, node in enumerate(self.nodes):
            args, kwargs = tree.map_leaves(swap, node.args), tree.map_leaves(swap, node.kwargs)
            self.nodes[i] = copy = Node(node.layer, args, kwargs, [swap(x) for x in node.inputs])
            copy.outputs = tree.map_leaves(lambda x: SymbolicTensor(x.shape, x.dtype, x.name), node.outputs)
            for index, (x, new) in enumerate(zip(tree.leaves(node.outputs), tree.leaves(copy.outputs), strict=True)):
                new.history = (copy, index)
                own.setdefault(id(x), new)
        self.inputs, self.outputs = tree.map_leaves(swap, self.inputs), tree.map_leaves(swap, self.outputs)
        self.flat_inputs, self.flat_outputs = tree.leaves(self.inputs), tree.leaves(self.outputs)

    def replay(self, values: list[Any]) -> Any:
        """Makes the calls again, on these values in the inputs' place."""
        held = {id(tensor): value for tensor, value in zip(self.flat_inputs, values, strict=True)}

        def resolve(x: Any) -> Any:
            return held[id(x)] if isinstance(x, SymbolicTensor) else x

        for node in self.nodes:
            args, kwargs = tree.map_leaves(resolve, node.args), tree.map_leaves(resolve, node.kwargs)
            results = tree.leaves(node.layer(*args, **kwargs))
            held.update((id(t), value) for t, value in zip(tree.leaves(node.outputs), results, strict=True))
        return tree.map_leaves(resolve, self.outputs)


def _is_computed(tensor: SymbolicTensor) -> bool:
    return tensor.history is not None and bool(tensor.history[0].inputs)


def _calls_between(inputs: list[SymbolicTensor], outputs: list[SymbolicTensor], name: str) -> list[Node]:
    """Depth first and without recursion, so that deep models are no deeper for Python."""
    ends = {id(tensor) for tensor in inputs}
    ordered: dict[int, Node] = {}
    stack: list[tuple[SymbolicTensor, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while stack:
        tensor, visited = stack.pop()
        if id(tensor) in ends:
            continue
        node = tensor.history[0] if tensor.history else None
        if node is None or not node.inputs:
            raise ValueError(
                f"Model '{name}': the output depends on {tensor!r}, which is not among the model's inputs. Add it to "
                "`inputs`."
            )
        if id(node) in ordered:
            continue
        if visited:
            ordered[id(node)] = node
        else:
            stack.append((tensor, True))
            stack += [(x, False) for x in reversed(node.inputs)]
    return list(ordered.values())


def _ordered_layers(inputs: list[SymbolicTensor], nodes: list[Node]) -> list[Any]:
    """By the longest way to an output; where that is equal, as they are called."""
    depth_of: dict[int, int] = {}  # of nodes
    for node in reversed(nodes):
        depth = depth_of.setdefault(id(node), 0)
        for tensor in node.inputs:
            before = id(tensor.history[0])  # type: ignore[index]
            depth_of[before] = max(depth_of.get(before, 0), depth + 1)
    layers: dict[int, tuple[int, Any]] = {}
    sources = [tensor.history[0] for tensor in inputs if tensor.history]
    for node in [*(node for node in sources if not node.inputs), *nodes]:
        deepest = max(depth_of.get(id(node), 0), layers.get(id(node.layer), (0, None))[0])
        layers[id(node.layer)] = (deepest, node.layer)
    return [layer for _, layer in sorted(layers.values(), key=lambda entry: -entry[0])]
