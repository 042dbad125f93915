"""The networks of nets.py in PyTorch, eager mode, with the same weights."""

import numpy as np
from models import nets


class Model:
    """One network, ready to train and predict; NumPy in and out, images channels last as striate takes them.

    Args:
        name: which network.
        threads: of the intra-op pool.
        channels_last: whether weights and activations lie channels last in memory, which is faster on CPUs.
    """

    def __init__(self, name: str, threads: int, channels_last: bool) -> None:
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.version = f"torch {torch.__version__.split('+')[0]}"
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        nn = torch.nn
        layers = {
            "lab": lambda: [
                *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
                *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
                *(nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10)),
            ],
            "lenet5": lambda: [
                *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
                *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
                *(nn.Conv2d(16, 120, 5), nn.Tanh()),
                *(nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
            ],
        }[name]()
        self.model = nn.Sequential(*layers).to(memory_format=self.format)
        self._load(nets.weights(name))
        parameters = self.model.parameters()
        self.optimizer = torch.optim.SGD(parameters, lr=nets.LEARNING_RATE, momentum=nets.MOMENTUM)

    def _load(self, weights: list[np.ndarray]) -> None:
        channels = 0
        with self.torch.no_grad():
            for parameter, array in zip(self.model.parameters(), weights, strict=True):
                tensor = self.torch.from_numpy(array)
                if tensor.ndim == 4:
                    channels = tensor.shape[3]
                    tensor = tensor.permute(3, 2, 0, 1)
                elif (
                    tensor.ndim == 2 and channels
                ):  # the first dense layer: its rows are (h, w, c), PyTorch's (c, h, w)
                    tensor = tensor.reshape(-1, channels, tensor.shape[1]).transpose(0, 1).reshape(*tensor.shape).T
                    channels = 0
                elif tensor.ndim == 2:
                    tensor = tensor.T
                parameter.copy_(tensor)

    def _images(self, x: np.ndarray):
        images = self.torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=self.format)
        if self.format is self.torch.channels_last:
            return images
        # One channel lies the same either way, and its strides decide which kernels PyTorch takes: say channels first.
        n, c, h, w = images.shape
        return images.as_strided((n, c, h, w), (c * h * w, h * w, w, 1))

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        self.model.train()
        loss = self.torch.nn.functional.cross_entropy(self.model(self._images(x)), self.torch.from_numpy(y))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def reset(self) -> None:
        """Nothing: each loss is its batch's."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        self.model.eval()
        with self.torch.inference_mode():
            return self.model(self._images(x)).softmax(-1).numpy()
