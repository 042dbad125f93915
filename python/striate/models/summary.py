"""The table that `Model.summary` prints, in Keras's look."""

from __future__ import annotations

import math
import shutil
from typing import Any

from striate import tree
from striate.layers.input_layer import InputLayer
from striate.tensors import Node
from striate.utils.later import refuse_later

# Where columns end, as parts of the line, and the longest line: a chain of layers, or a graph with its connections.
_CHAIN, _CHAIN_LENGTH = (0.45, 0.80, 1.0), 88
_GRAPH, _GRAPH_LENGTH = (0.30, 0.56, 0.70, 1.0), 108


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: Any = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> str:
    """The table of a model's layers, and what their parameters sum up to."""
    refuse_later("summary", {"layer_range": (layer_range, None)})
    nodes = _calls(model)
    chain = _is_chain(model, nodes)
    header = ["Layer (type)", "Output Shape", "Param #"] + ([] if chain else ["Connected to"])
    ends = list(positions or (_CHAIN if chain else _GRAPH))
    if line_length is None:
        line_length = min(_CHAIN_LENGTH if chain else _GRAPH_LENGTH, shutil.get_terminal_size().columns - 4)
    if show_trainable:
        header.append("Trainable")
        ends = [*(end * 0.85 for end in ends), 1.0] if ends[-1] <= 1 else [*ends, line_length]
    if ends[-1] <= 1:
        ends = [int(line_length * end) for end in ends]
    rows = [
        row
        for layer in (model.layers if chain and not model.graph else _shown(model))
        for row in _rows(layer, nodes, chain, show_trainable, expand_nested, 0)
    ]
    table = _table(header, rows, _widths(ends))
    return "\n".join([f'Model: "{model.name}"', *table, *_totals(model)])


def _shown(model: Any) -> list[Any]:
    from striate.models.sequential import Sequential

    return list(model.layers if isinstance(model, Sequential) else model.graph.layers)


def _calls(model: Any) -> dict[int, list[Node]]:
    """The calls that belong to the model, by layer."""
    calls: dict[int, list[Node]] = {}
    for node in model.graph.nodes if model.graph else ():
        calls.setdefault(id(node.layer), []).append(node)
    return calls


def _is_chain(model: Any, calls: dict[int, list[Node]]) -> bool:
    """Whether each layer is called once, on one tensor, which no other layer takes."""
    if model.graph is None:
        return True
    nodes = model.graph.nodes
    taken = [id(tensor) for node in nodes for tensor in node.inputs]
    return len(model.graph.flat_inputs) == 1 and len(taken) == len(set(taken)) == len(nodes) == len(calls)


def _rows(
    layer: Any, calls: dict[int, list[Node]], chain: bool, show_trainable: bool, expand: bool, level: int
) -> list[list[str]]:
    kind = "Operation" if not hasattr(layer, "graph") and hasattr(layer, "operation") else type(layer).__name__
    if getattr(layer, "graph", None) is not None and kind == "Model":
        kind = "Functional"
    row = ["    " * level + ("└ " if level else "") + f"{layer.name} ({kind})", _shape(layer, calls), _count(layer)]
    if not chain:
        tensors = [tensor for node in calls.get(id(layer), ()) for tensor in node.inputs]
        row.append(", ".join(_place(tensor, calls) for tensor in tensors) or "-")
    if show_trainable:
        row.append("-" if not layer.weights else "Y" if layer.trainable else "N")
    rows = [row]
    if expand and hasattr(layer, "fit"):
        for part in layer.layers:
            rows += _rows(part, _calls(layer), chain, show_trainable, expand, level + 1)
    return rows


def _shape(layer: Any, calls: dict[int, list[Node]]) -> str:
    if isinstance(layer, InputLayer):
        return str(layer.batch_shape)
    known = calls.get(id(layer)) or layer.inbound_nodes
    if not known:
        return "?"
    shapes = [tensor.shape for tensor in tree.leaves(known[0].outputs)]
    return str(shapes[0]) if len(shapes) == 1 else str(shapes)


def _count(layer: Any) -> str:
    if not layer.built and not layer.weights:
        return "0 (unbuilt)"
    return f"{layer.count_params():,}"


def _place(tensor: Any, calls: dict[int, list[Node]]) -> str:
    node, index = tensor.history
    mine = calls.get(id(node.layer), [node])
    return f"{node.layer.name}[{mine.index(node) if node in mine else 0}][{index}]"


def _totals(model: Any) -> list[str]:
    trainable, rest = _parameters(model.trainable_weights), _parameters(model.non_trainable_weights)
    steps = model.optimizer.iterations.numpy() if model.optimizer is not None else 0
    own = _parameters(model.optimizer.variables) if steps else (0, 0)
    total = tuple(sum(parts) for parts in zip(trainable, rest, own, strict=True))
    figures = {"Total": total, "Trainable": trainable, "Non-trainable": rest, **({"Optimizer": own} if steps else {})}
    return [f" {name} params: {count:,} ({_bytes(size)})" for name, (count, size) in figures.items()]


def _parameters(variables: list[Any]) -> tuple[int, int]:
    """How many values, and how many bytes."""
    width = {"float32": 4, "int32": 4, "uint8": 1}
    counts = [(math.prod(variable.shape), width.get(variable.dtype, 8)) for variable in variables]
    return sum(count for count, _ in counts), sum(count * size for count, size in counts)


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


# --- drawing -----------------------------------------------------------------------------------------------------
def _widths(ends: list[int]) -> list[int]:
    """Columns' widths between their lines. What lines and padding take is taken evenly, as in Keras's tables."""
    widths = [end - begin + 2 for begin, end in zip([0, *ends], ends, strict=False)]
    excess, left = sum(widths) + len(widths) + 1 - ends[-1], len(widths)
    for i in range(len(widths)):
        part = round(excess / left) if excess > 0 else 0
        widths[i], excess, left = max(widths[i] - part, 3), excess - part, left - 1
    return widths


def _table(header: list[str], rows: list[list[str]], widths: list[int]) -> list[str]:
    def line(left: str, stroke: str, cross: str, right: str) -> str:
        return left + cross.join(stroke * width for width in widths) + right

    def cells(row: list[str], bar: str) -> list[str]:
        folded = [_fold(text, width - 2) for text, width in zip(row, widths, strict=True)]
        height = max(len(lines) for lines in folded)
        drawn = []
        for i in range(height):
            texts = [lines[i] if i < len(lines) else "" for lines in folded]
            aligned = [
                f" {text:>{width - 2}} " if column == 2 else f" {text:<{width - 2}} "
                for column, (text, width) in enumerate(zip(texts, widths, strict=True))
            ]
            drawn.append(bar + bar.join(aligned) + bar)
        return drawn

    lines = [line("┏", "━", "┳", "┓"), *cells(header, "┃"), line("┡", "━", "╇", "┩")]
    for number, row in enumerate(rows):
        lines += [line("├", "─", "┼", "┤")] if number else []
        lines += cells(row, "│")
    return [*lines, line("└", "─", "┴", "┘")]


def _fold(text: str, width: int) -> list[str]:
    """Broken at spaces, and within words that are longer than a line."""
    lines = [""]
    indent = len(text) - len(text.lstrip())
    for number, word in enumerate(text.split()):
        word = " " * indent + word if number == 0 else word
        if number and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
            continue
        pieces = [word[i : i + width] for i in range(0, len(word), width)]
        lines += pieces
    return lines[1:] or [""]
