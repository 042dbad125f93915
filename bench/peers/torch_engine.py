"""The networks of nets.py in PyTorch. Flags: cl (channels last in memory), compile (torch.compile)."""

import numpy as np
import torch
import torch._inductor.config
from models import nets
from torch.nn import functional as F  # noqa: N812


class Network(torch.nn.Module):
    """Interprets the operations; plain calls of functions, which cost less than modules inside modules."""

    def __init__(self, ops: list[nets.Op]) -> None:
        super().__init__()
        self.ops = ops
        last_use = {j: i for i, op in enumerate(ops) for j in op.inputs}
        self.dead = [[j for j, last in last_use.items() if last == i] for i in range(len(ops))]
        for i, op in enumerate(ops):
            for weight, value in nets.weights(op).items():
                tensor = self._native(op, value)
                if weight.startswith("moving"):
                    self.register_buffer(f"{weight}_{i}", tensor)
                else:
                    self.register_parameter(f"{weight}_{i}", torch.nn.Parameter(tensor))

    def _native(self, op: nets.Op, value: np.ndarray) -> torch.Tensor:
        """A copy of a weight in PyTorch's order; a dense layer's rows behind a flatten are (c, h, w) there."""
        tensor = torch.from_numpy(value)
        if tensor.ndim == 4:
            return tensor.permute(3, 2, 0, 1).contiguous()
        if tensor.ndim == 2 and self.ops[op.inputs[0]].kind == "flatten":
            h, w, c = self.ops[self.ops[op.inputs[0]].inputs[0]].shape
            return tensor.reshape(h, w, c, -1).permute(3, 2, 0, 1).reshape(tensor.shape[1], -1).contiguous()
        return tensor.T.contiguous() if tensor.ndim == 2 else tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [x]
        for i, op in enumerate(self.ops[1:], 1):
            values.append(self._apply_op(i, op, [values[j] for j in op.inputs]))
            for j in self.dead[i]:
                values[j] = None
        return values[-1]

    def _apply_op(self, i: int, op: nets.Op, inputs: list[torch.Tensor]) -> torch.Tensor:
        x, w = inputs[0], self._parameters
        match op.kind:
            case "conv":
                return F.conv2d(x, w[f"kernel_{i}"], w.get(f"bias_{i}"), op.stride, op.padding[0])
            case "conv_transpose":
                return F.conv_transpose2d(x, w[f"kernel_{i}"], w[f"bias_{i}"], op.stride)
            case "batch_norm":
                mean, variance = self._buffers[f"moving_mean_{i}"], self._buffers[f"moving_variance_{i}"]
                momentum = 1 - nets.STATISTICS_MOMENTUM
                return F.batch_norm(
                    x, mean, variance, w[f"gamma_{i}"], w[f"beta_{i}"], self.training, momentum, nets.EPSILON
                )
            case "relu":
                return F.relu_(x)
            case "tanh":
                return torch.tanh(x)
            case "max_pool":
                return F.max_pool2d(x, op.size, op.stride, op.padding[0])
            case "avg_pool":
                return F.avg_pool2d(x, op.size, op.stride, op.padding[0])
            case "global_pool":
                return x.mean((2, 3))
            case "flatten":
                return x.flatten(1)
            case "dense":
                return F.linear(x, w[f"kernel_{i}"], w[f"bias_{i}"])
            case "dropout":
                return F.dropout(x, op.rate, self.training)
            case "add":
                return x.add_(inputs[1])
            case "concat":
                return torch.cat(inputs, 1)
        raise ValueError(op.kind)


class Engine:
    """One network, ready to train or to predict."""

    def __init__(self, ops: list[nets.Op], batch: int, task: str, threads: int, flags: list[str]) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.version = f"PyTorch {torch.__version__.split('+')[0]}"
        self.channels_last = "cl" in flags
        network = Network(ops).train(task == "train")
        if self.channels_last:
            network = network.to(memory_format=torch.channels_last)
        if task == "train":
            self.optimizer = torch.optim.SGD(network.parameters(), nets.LEARNING_RATE, nets.MOMENTUM, fused=True)
        if "compile" in flags:
            torch._inductor.config.freezing = task == "predict"
            network = torch.compile(network)
        self.model = network

    def images(self, x: np.ndarray) -> np.ndarray:
        """NumPy images in the order that this engine likes best."""
        return x if self.channels_last else np.ascontiguousarray(x.transpose(0, 3, 1, 2))

    def _tensor(self, x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(x).permute(0, 3, 1, 2) if self.channels_last else torch.from_numpy(x)

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        loss = F.cross_entropy(self.model(self._tensor(x)), torch.from_numpy(y))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def predict(self, x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return self.model(self._tensor(x)).numpy()

    def channels_at_the_end(self, outputs: np.ndarray) -> np.ndarray:
        return np.moveaxis(outputs, 1, -1)
