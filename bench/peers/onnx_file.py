"""Writes a network of nets.py, with its weights, as an ONNX file; images are (n, c, h, w) there, as ONNX has them.

    cd bench; python -m peers.onnx_file NET FILE
"""

import sys
from pathlib import Path

import onnx
from models import nets
from onnx import TensorProto, helper, numpy_helper


def _weights(ops: list[nets.Op], op: nets.Op) -> dict:
    """In ONNX's order; a dense layer's rows behind a flatten are (c, h, w) there."""
    weights = nets.weights(op)
    kernel = weights.get("kernel")
    if op.kind in ("conv", "conv_transpose"):
        weights["kernel"] = kernel.transpose(3, 2, 0, 1)
    elif op.kind == "dense" and ops[op.inputs[0]].kind == "flatten":
        shape = ops[ops[op.inputs[0]].inputs[0]].shape
        weights["kernel"] = kernel.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    return weights


def _node(op: nets.Op, inputs: list[str]):
    window = {"kernel_shape": [op.size] * 2, "strides": [op.stride] * 2, "pads": [op.padding[0]] * 2 + [op.padding[1]] * 2}
    kind, attributes = {
        "conv": ("Conv", window),
        "conv_transpose": ("ConvTranspose", window),
        "batch_norm": ("BatchNormalization", {"epsilon": nets.EPSILON}),
        "relu": ("Relu", {}),
        "tanh": ("Tanh", {}),
        "max_pool": ("MaxPool", window),
        "avg_pool": ("AveragePool", window),
        "global_pool": ("GlobalAveragePool", {}),
        "flatten": ("Flatten", {}),
        "dense": ("Gemm", {}),
        "dropout": ("Identity", {}),
        "add": ("Add", {}),
        "concat": ("Concat", {"axis": 1}),
    }[op.kind]
    return helper.make_node(kind, inputs, [op.name], **attributes)


def write(name: str, file: Path) -> None:
    ops = nets.NETS[name].ops()
    nodes, initializers = [], []
    for op in ops[1:]:
        weights = _weights(ops, op)
        initializers += [numpy_helper.from_array(w.copy(), f"{op.name}/{weight}") for weight, w in weights.items()]
        inputs = [ops[i].name for i in op.inputs] + [f"{op.name}/{weight}" for weight in weights]
        if op.kind == "global_pool":
            nodes.append(helper.make_node("GlobalAveragePool", inputs, [f"{op.name}/pooled"]))
            nodes.append(helper.make_node("Flatten", [f"{op.name}/pooled"], [op.name]))
        else:
            nodes.append(_node(op, inputs))
    h, w, c = ops[0].shape
    images = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", c, h, w])
    *pixels, classes = ops[-1].shape
    outputs = helper.make_tensor_value_info(ops[-1].name, TensorProto.FLOAT, ["batch", classes, *pixels])
    graph = helper.make_graph(nodes, name, [images], [outputs], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, file)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
