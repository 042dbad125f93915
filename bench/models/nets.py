"""The networks that are timed, each as a list of operations that every engine interprets, and one set of weights for all.

Images and activations are (height, width, channels), kernels (height, width, channels in, channels out), as in Keras.
Weights are drawn by name, so that an engine may take them in any order and hold one at a time.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

LEARNING_RATE, MOMENTUM = 1e-4, 0.9  # small steps: larger ones amplify rounding in ResNet-50 from random weights
EPSILON, STATISTICS_MOMENTUM = 1e-5, 0.99  # of batch normalization


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        kind: what it does; the methods of `Graph` are the kinds.
        name: of the layer.
        inputs: positions of the operations whose outputs it takes.
        shape: of its output, without the batch.
        weights: {name: shape}, in Keras's order.
        size, stride: of a window, the same along both axes.
        padding: (before, after) along both axes, zeros.
        rate: of dropout.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    weights: dict[str, tuple[int, ...]]
    size: int = 1
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    rate: float = 0.0


class Graph:
    """A list of operations that grows; every method adds one and returns its position."""

    def __init__(self, inputs: tuple[int, int, int]) -> None:
        self.ops = [Op("input", "input", (), inputs, {})]

    def _add(self, kind: str, inputs: tuple[int, ...], shape, weights=None, name=None, **attributes) -> int:
        name = name or f"{kind}_{len(self.ops)}"
        self.ops.append(Op(kind, name, inputs, tuple(shape), weights or {}, **attributes))
        return len(self.ops) - 1

    def _window(self, x: int, size: int, stride: int, padding) -> tuple[tuple[int, int], dict]:
        before, after = padding = (padding, padding) if isinstance(padding, int) else padding
        h, w = ((side + before + after - size) // stride + 1 for side in self.ops[x].shape[:2])
        return (h, w), {"size": size, "stride": stride, "padding": padding}

    def conv(self, x: int, filters: int, size: int, stride=1, padding=None, bias=True, name=None) -> int:
        side, window = self._window(x, size, stride, size // 2 if padding is None else padding)
        weights = {"kernel": (size, size, self.ops[x].shape[2], filters), **({"bias": (filters,)} if bias else {})}
        return self._add("conv", (x,), (*side, filters), weights, name, **window)

    def conv_transpose(self, x: int, filters: int, size: int, name=None) -> int:
        h, w, channels = self.ops[x].shape
        weights = {"kernel": (size, size, filters, channels), "bias": (filters,)}
        return self._add(
            "conv_transpose", (x,), (h * size, w * size, filters), weights, name, size=size, stride=size
        )

    def pool(self, x: int, kind: str, size: int, stride: int, padding=0, name=None) -> int:
        side, window = self._window(x, size, stride, padding)
        return self._add(f"{kind}_pool", (x,), (*side, self.ops[x].shape[2]), name=name, **window)

    def batch_norm(self, x: int, name=None) -> int:
        shape = self.ops[x].shape
        weights = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), shape[-1:])
        return self._add("batch_norm", (x,), shape, weights, name)

    def relu(self, x: int) -> int:
        return self._add("relu", (x,), self.ops[x].shape)

    def tanh(self, x: int) -> int:
        return self._add("tanh", (x,), self.ops[x].shape)

    def dropout(self, x: int, rate: float) -> int:
        return self._add("dropout", (x,), self.ops[x].shape, rate=rate)

    def add(self, x: int, y: int) -> int:
        return self._add("add", (x, y), self.ops[x].shape)

    def concat(self, *inputs: int) -> int:
        shapes = [self.ops[x].shape for x in inputs]
        return self._add("concat", inputs, (*shapes[0][:2], sum(shape[2] for shape in shapes)))

    def global_pool(self, x: int) -> int:
        return self._add("global_pool", (x,), self.ops[x].shape[2:])

    def flatten(self, x: int) -> int:
        return self._add("flatten", (x,), (int(np.prod(self.ops[x].shape)),))

    def dense(self, x: int, units: int, name=None) -> int:
        weights = {"kernel": (self.ops[x].shape[0], units), "bias": (units,)}
        return self._add("dense", (x,), (units,), weights, name)


def _lab(g: Graph) -> None:
    x = 0
    for i, filters in enumerate((32, 64), 1):
        x = g.pool(g.relu(g.conv(x, filters, 3, name=f"conv{i}")), "max", 2, 2)
    g.dense(g.relu(g.dense(g.flatten(x), 128, "dense")), 10, "output")


def _lenet5(g: Graph) -> None:
    x = g.pool(g.tanh(g.conv(0, 6, 5, name="c1")), "avg", 2, 2)
    x = g.pool(g.tanh(g.conv(x, 16, 5, padding=0, name="c3")), "avg", 2, 2)
    x = g.flatten(g.tanh(g.conv(x, 120, 5, padding=0, name="c5")))
    g.dense(g.tanh(g.dense(x, 84, "f6")), 10, "output")


def _conv_bn(g: Graph, x: int, filters: int, size: int, stride=1, name="") -> int:
    return g.batch_norm(g.conv(x, filters, size, stride, bias=False, name=f"{name}_conv"), f"{name}_bn")


def _residual(g: Graph, x: int, filters: int, stride: int, bottleneck: bool, name: str) -> int:
    """A block with a projection (option B) where the shape changes; the stride is in the 3x3 convolution (v1.5)."""
    out = filters * 4 if bottleneck else filters
    layers = ((1, filters, 1), (3, filters, stride), (1, out, 1)) if bottleneck else ((3, out, stride), (3, out, 1))
    y = x
    for i, (size, width, step) in enumerate(layers, 1):
        y = _conv_bn(g, y, width, size, step, f"{name}_{i}")
        if i < len(layers):
            y = g.relu(y)
    if g.ops[x].shape != g.ops[y].shape:
        x = _conv_bn(g, x, out, 1, stride, f"{name}_0")
    return g.relu(g.add(y, x))


def _resnet20(g: Graph) -> None:
    x = g.relu(_conv_bn(g, 0, 16, 3, name="conv1"))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            x = _residual(g, x, filters, 2 if stage and not block else 1, False, f"conv{stage + 2}_block{block + 1}")
    g.dense(g.global_pool(x), 10, "predictions")


def _resnet(g: Graph, blocks: tuple[int, ...], bottleneck: bool) -> None:
    x = g.pool(g.relu(_conv_bn(g, 0, 64, 7, 2, "conv1")), "max", 3, 2, 1)
    for stage, count in enumerate(blocks):
        for block in range(count):
            name = f"conv{stage + 2}_block{block + 1}"
            x = _residual(g, x, 64 << stage, 2 if stage and not block else 1, bottleneck, name)
    g.dense(g.global_pool(x), 1000, "predictions")


def _alexnet(g: Graph) -> None:
    x = g.pool(g.relu(g.conv(0, 96, 11, 4, 0, name="conv1")), "max", 3, 2)
    x = g.pool(g.relu(g.conv(x, 256, 5, name="conv2")), "max", 3, 2)
    for i, filters in enumerate((384, 384, 256), 3):
        x = g.relu(g.conv(x, filters, 3, name=f"conv{i}"))
    x = g.flatten(g.pool(x, "max", 3, 2))
    for i in (6, 7):
        x = g.dropout(g.relu(g.dense(x, 4096, f"fc{i}")), 0.5)
    g.dense(x, 1000, "fc8")


def _vgg16(g: Graph) -> None:
    x = 0
    for block, (filters, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for i in range(count):
            x = g.relu(g.conv(x, filters, 3, name=f"block{block}_conv{i + 1}"))
        x = g.pool(x, "max", 2, 2)
    x = g.flatten(x)
    for i in (1, 2):
        x = g.dropout(g.relu(g.dense(x, 4096, f"fc{i}")), 0.5)
    g.dense(x, 1000, "predictions")


def _googlenet(g: Graph) -> None:
    def conv(x: int, filters: int, size: int, stride: int, name: str) -> int:
        return g.relu(g.conv(x, filters, size, stride, name=name))

    def inception(x: int, name: str, one: int, r3: int, three: int, r5: int, five: int, pooled: int) -> int:
        return g.concat(
            conv(x, one, 1, 1, f"{name}_1x1"),
            conv(conv(x, r3, 1, 1, f"{name}_3x3_reduce"), three, 3, 1, f"{name}_3x3"),
            conv(conv(x, r5, 1, 1, f"{name}_5x5_reduce"), five, 5, 1, f"{name}_5x5"),
            conv(g.pool(x, "max", 3, 1, 1), pooled, 1, 1, f"{name}_pool_proj"),
        )

    x = g.pool(conv(0, 64, 7, 2, "conv1"), "max", 3, 2, 1)
    x = g.pool(conv(conv(x, 64, 1, 1, "conv2_reduce"), 192, 3, 1, "conv2"), "max", 3, 2, 1)
    x = inception(x, "3a", 64, 96, 128, 16, 32, 32)
    x = g.pool(inception(x, "3b", 128, 128, 192, 32, 96, 64), "max", 3, 2, 1)
    x = inception(x, "4a", 192, 96, 208, 16, 48, 64)
    x = inception(x, "4b", 160, 112, 224, 24, 64, 64)
    x = inception(x, "4c", 128, 128, 256, 24, 64, 64)
    x = inception(x, "4d", 112, 144, 288, 32, 64, 64)
    x = g.pool(inception(x, "4e", 256, 160, 320, 32, 128, 128), "max", 3, 2, 1)
    x = inception(x, "5a", 256, 160, 320, 32, 128, 128)
    x = inception(x, "5b", 384, 192, 384, 48, 128, 128)
    g.dense(g.dropout(g.global_pool(x), 0.4), 1000, "predictions")


def _unet(g: Graph) -> None:
    def twice(x: int, filters: int, name: str) -> int:
        for i in (1, 2):
            x = g.relu(g.conv(x, filters, 3, name=f"{name}_conv{i}"))
        return x

    skips, x = [], 0
    for level in range(4):
        x = twice(x, 64 << level, f"down{level + 1}")
        skips.append(x)
        x = g.pool(x, "max", 2, 2)
    x = twice(x, 1024, "bottom")
    for level in reversed(range(4)):
        x = g.conv_transpose(x, 64 << level, 2, f"up{level + 1}_conv_transpose")
        x = twice(g.concat(skips[level], x), 64 << level, f"up{level + 1}")
    g.conv(x, 2, 1, name="predictions")


@dataclass(frozen=True)
class Net:
    """What is built, from which images, and the batches: the first is trained and predicted; so are others, 1 predicted alone."""

    build: Callable[[Graph], None]
    inputs: tuple[int, int, int]
    batches: tuple[int, ...]

    def ops(self, dropout: bool = True) -> list[Op]:
        graph = Graph(self.inputs)
        if not dropout:
            graph.dropout = lambda x, rate: x
        self.build(graph)
        return graph.ops


NETS = {
    "lab": Net(_lab, (28, 28, 1), (128, 32, 1)),
    "lenet5": Net(_lenet5, (28, 28, 1), (128, 1)),
    "resnet20": Net(_resnet20, (32, 32, 3), (128, 1)),
    "alexnet": Net(_alexnet, (227, 227, 3), (32, 1)),
    "vgg16": Net(_vgg16, (224, 224, 3), (8, 1)),
    "googlenet": Net(_googlenet, (224, 224, 3), (16, 1)),
    "resnet18": Net(partial(_resnet, blocks=(2, 2, 2, 2), bottleneck=False), (224, 224, 3), (16, 1)),
    "resnet50": Net(partial(_resnet, blocks=(3, 4, 6, 3), bottleneck=True), (224, 224, 3), (16, 1)),
    "unet": Net(_unet, (256, 256, 3), (2, 1)),
}


def _initial(name: str, weight: str, shape: tuple[int, ...]) -> np.ndarray:
    """Kernels uniform with He's variance; the others near what they usually start from, so that a slip would show."""
    low, high = {
        "bias": (-0.05, 0.05),
        "gamma": (0.5, 1.0),
        "beta": (-0.1, 0.1),
        "moving_mean": (-0.1, 0.1),
        "moving_variance": (0.5, 1.5),
    }.get(weight, (0, 0))
    if weight == "kernel":
        high = np.sqrt(6 / np.prod(shape[:-1]))
        low = -high
    rng = np.random.default_rng(zlib.crc32(f"{name}/{weight}".encode()))
    values = rng.random(shape, dtype=np.float32)
    values *= np.float32(high - low)
    values += np.float32(low)
    return values


def weights(op: Op) -> dict[str, np.ndarray]:
    """The weights that every engine starts from."""
    return {weight: _initial(op.name, weight, shape) for weight, shape in op.weights.items()}


def parameters(ops: list[Op]) -> Iterator[tuple[int, str]]:
    """(position, weight) of all that is trained."""
    return ((i, weight) for i, op in enumerate(ops) for weight in op.weights if not weight.startswith("moving"))


def batch(name: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic images, and the numbers of their classes (of their pixels' classes for U-Net)."""
    net, rng = NETS[name], np.random.default_rng(size)
    *pixels, classes = net.ops()[-1].shape
    return 2 * rng.random((size, *net.inputs), dtype=np.float32) - 1, rng.integers(0, classes, (size, *pixels))
