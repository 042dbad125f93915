#!/usr/bin/env python3
"""Trains a small residual network on MNIST or Fashion-MNIST in striate and its peers: what accuracy, after which time.

    STRIATE_DATA=data python bench/convergence.py --peers build/peers striate torch-cl-tc keras-tc
    STRIATE_DATA=data python bench/convergence.py --peers build/peers --data mnist striate torch-cl-tc keras-tc

Every engine starts from the same weights and sees the same batches in the same order, so that runs differ by rounding
alone; but for PyTorch, whose running variances are over n - 1 and whose momentum follows a new rate at once. Engines
run one after another, each in a process of its own with its own environment's Python. What counts is the training
itself, with its first step, in which Keras traces its function; shuffling and the test after each epoch are not timed.
`-direct` is striate without Winograd's convolutions, `-cl` PyTorch channels last, `-tc` an engine with tcmalloc
preloaded. With --resume, runs that the file of --json has are not repeated, so that commands one after another can
share the work.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

import engines
import numpy as np

BATCH, RATE, MOMENTUM = 128, 0.1, 0.9
EPSILON, STATISTICS_MOMENTUM = 1e-5, 0.9
WIDTHS = (32, 64, 128)  # of the stages, on 14x14, 7x7 and 4x4
GOALS = {"fashion_mnist": 0.92, "mnist": 0.992}


def rate_of(epoch: int, epochs: int) -> float:
    return RATE * 0.5 * (1 + math.cos(math.pi * epoch / epochs))


def kernel(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """He's normal weights, drawn by name."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return (rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype(np.float32)


# --- striate and Keras: the same lines ---------------------------------------------------------------------------
class KerasLike:
    """The network in the Keras API, from striate or from Keras itself."""

    def __init__(self, engine: str, seed: int, threads: int) -> None:
        if engines.peer_of(engine) == "striate":
            os.environ["STRIATE_NUM_THREADS"] = str(threads)
            import striate as keras

            version = f"{keras.__version__}, {keras.config.cpu_isa()}"
        else:
            os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
            import keras
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
            version = f"{keras.__version__}, TensorFlow {tf.__version__}"
        self.version = f"{engine} {version}"
        self.layers = keras.layers
        inputs = keras.Input((28, 28, 1))
        x = self.layers.MaxPooling2D(2)(self._conv_norm(inputs, WIDTHS[0], 3, 1, "stem"))
        for stage, width in enumerate(WIDTHS):
            x = self._block(x, width, 2 if stage else 1, f"block{stage}")
        x = self.layers.GlobalAveragePooling2D()(x)
        self.model = keras.Model(inputs, self.layers.Dense(10, name="dense")(x))
        for layer in self.model.layers:
            if hasattr(layer, "kernel"):
                rest = [np.zeros(w.shape, np.float32) for w in layer.weights[1:]]
                layer.set_weights([kernel(layer.name, tuple(layer.kernel.shape), seed), *rest])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.SGD(RATE, MOMENTUM), loss)

    def _conv_norm(self, x, width: int, size: int, strides: int, name: str, relu: bool = True):
        x = self.layers.Conv2D(width, size, strides, padding="same", use_bias=False, name=name)(x)
        x = self.layers.BatchNormalization(momentum=STATISTICS_MOMENTUM, epsilon=EPSILON)(x)
        return self.layers.ReLU()(x) if relu else x

    def _block(self, x, width: int, strides: int, name: str):
        y = self._conv_norm(x, width, 3, strides, f"{name}_1")
        y = self._conv_norm(y, width, 3, 1, f"{name}_2", relu=False)
        if strides > 1:
            x = self._conv_norm(x, width, 1, strides, f"{name}_0", relu=False)
        return self.layers.ReLU()(self.layers.Add()([x, y]))

    def train(self, x: np.ndarray, y: np.ndarray, rate: float) -> None:
        self.model.optimizer.learning_rate = rate
        for start in range(0, len(x), BATCH):  # in Keras 5-10% faster than fit()
            batch = slice(start, start + BATCH)
            self.model.train_on_batch(x[batch], y[batch])

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x, batch_size=500, verbose=0)


# --- PyTorch -----------------------------------------------------------------------------------------------------
class Torch:
    """The network in PyTorch; "same" padding by TensorFlow's rule, which puts the odd pixel after."""

    def __init__(self, engine: str, seed: int, threads: int) -> None:
        import torch
        from torch import nn

        self.torch = torch
        torch.set_num_threads(threads)
        self.version = f"{engine} {torch.__version__}"
        self.layout = torch.channels_last if "cl" in engines.flags_of(engine) else torch.contiguous_format

        class ConvNorm(nn.Module):
            def __init__(self, c: int, width: int, size: int, stride: int, odd: bool, name: str) -> None:
                super().__init__()
                self.odd = odd and stride > 1 and size > 1  # 14 -> 7 wants (0, 1), 7 -> 4 (1, 1)
                self.conv = nn.Conv2d(c, width, size, stride, 0 if self.odd else size // 2, bias=False)
                values = kernel(name, (size, size, c, width), seed).transpose(3, 2, 0, 1)
                self.conv.weight.data = torch.from_numpy(np.ascontiguousarray(values))
                self.norm = nn.BatchNorm2d(width, EPSILON, 1 - STATISTICS_MOMENTUM)

            def forward(self, x):
                return self.norm(self.conv(nn.functional.pad(x, (0, 1, 0, 1)) if self.odd else x))

        class Block(nn.Module):
            def __init__(self, c: int, width: int, stride: int, odd: bool, name: str) -> None:
                super().__init__()
                self.first = ConvNorm(c, width, 3, stride, odd, f"{name}_1")
                self.second = ConvNorm(width, width, 3, 1, odd, f"{name}_2")
                self.shortcut = ConvNorm(c, width, 1, stride, odd, f"{name}_0") if stride > 1 else nn.Identity()

            def forward(self, x):
                return (self.second(self.first(x).relu()) + self.shortcut(x)).relu()

        class Net(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.stem = ConvNorm(1, WIDTHS[0], 3, 1, False, "stem")
                channels = (WIDTHS[0], *WIDTHS)
                self.blocks = nn.Sequential(
                    *(Block(channels[i], w, 2 if i else 1, i == 1, f"block{i}") for i, w in enumerate(WIDTHS))
                )
                self.dense = nn.Linear(WIDTHS[-1], 10)
                self.dense.weight.data = torch.from_numpy(kernel("dense", (WIDTHS[-1], 10), seed).T.copy())
                self.dense.bias.data.zero_()

            def forward(self, x):
                x = nn.functional.max_pool2d(self.stem(x).relu(), 2)
                return self.dense(self.blocks(x).mean((2, 3)))

        self.net = Net().to(memory_format=self.layout)
        self.optimizer = torch.optim.SGD(self.net.parameters(), RATE, MOMENTUM, fused=True)

    def _images(self, x: np.ndarray):
        return self.torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=self.layout)

    def train(self, x: np.ndarray, y: np.ndarray, rate: float) -> None:
        self.net.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        images, labels = self._images(x), self.torch.from_numpy(y)
        for start in range(0, len(x), BATCH):
            batch = slice(start, start + BATCH)
            self.optimizer.zero_grad(set_to_none=True)
            self.torch.nn.functional.cross_entropy(self.net(images[batch]), labels[batch]).backward()
            self.optimizer.step()

    def predict(self, x: np.ndarray) -> np.ndarray:
        self.net.eval()
        with self.torch.inference_mode():
            return np.concatenate([self.net(self._images(x[i : i + 500])).numpy() for i in range(0, len(x), 500)])


# --- a run -------------------------------------------------------------------------------------------------------
def work(options: argparse.Namespace) -> None:
    """Trains one engine and prints a line of JSON for each epoch."""
    (engine,) = options.engines
    data = np.load(options.worker)
    net = (Torch if engines.peer_of(engine) == "torch" else KerasLike)(engine, options.seed, options.threads)
    seconds = 0.0
    for epoch in range(options.epochs):
        order = np.random.default_rng([options.seed, epoch]).permutation(len(data["x_train"]))
        x, y = data["x_train"][order], data["y_train"][order]
        start = time.perf_counter()
        net.train(x, y, rate_of(epoch, options.epochs))
        seconds += time.perf_counter() - start
        accuracy = float((net.predict(data["x_test"]).argmax(axis=1) == data["y_test"]).mean())
        line = {"epoch": epoch + 1, "seconds": round(seconds, 2), "accuracy": accuracy, "version": net.version}
        print(json.dumps(line), flush=True)


def run_of(engine: str, seed: int, options: argparse.Namespace) -> dict:
    """What tells a run's lines from another's."""
    return {"data": options.data, "epochs": options.epochs, "engine": engine, "seed": seed}


def run(engine: str, seed: int, data: Path, options: argparse.Namespace) -> list[dict]:
    """A worker's lines."""
    python, environment = engines.python_of(engine, options), engines.environment_of(engine, options, options.threads)
    arguments = ["--worker", data, "--seed", seed, "--epochs", options.epochs, "--threads", options.threads, engine]
    command = [str(part) for part in (python, Path(__file__).resolve(), *arguments)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout:
        if line.startswith("{"):
            lines.append({**run_of(engine, seed, options), **json.loads(line)})
            print(line.strip(), flush=True)
    if process.wait() != 0:
        raise RuntimeError(f"{engine} ended with status {process.returncode}")
    return lines


def lines_of(run: dict, lines: list[dict]) -> list[dict]:
    return [line for line in lines if run.items() <= line.items()]


def table(lines: list[dict], options: argparse.Namespace) -> str:
    """Markdown: for each engine the test accuracy of each seed, seconds an epoch, and seconds to the goal."""
    rows = [
        f"| engine | test accuracy, each seed | mean | seconds an epoch | seconds of training to {options.goal:.1%} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for engine in options.engines:
        runs = [lines_of(run_of(engine, seed, options), lines) for seed in range(options.seeds)]
        last = [run[-1]["accuracy"] for run in runs]
        seconds = ", ".join(f"{run[-1]['seconds'] / run[-1]['epoch']:.1f}" for run in runs)
        reached = [next((line for line in run if line["accuracy"] >= options.goal), None) for run in runs]
        to_goal = ", ".join(f"{line['seconds']:.0f} ({line['epoch']} epochs)" if line else "-" for line in reached)
        each = ", ".join(f"{accuracy:.2%}" for accuracy in last)
        rows.append(f"| {engine} | {each} | {statistics.mean(last):.2%} | {seconds} | {to_goal} |")
    return "\n".join(rows)


def prepare(folder: Path, name: str) -> Path:
    """The images as float32 of mean 0 and deviation 1, in a file that workers of any environment read."""
    import striate

    (x_train, y_train), (x_test, y_test) = getattr(striate.datasets, name).load_data()
    mean, deviation = np.float32(x_train.mean()), np.float32(x_train.std())
    scaled = [(x[..., None] - mean) / deviation for x in (x_train, x_test)]
    labels = {"y_train": y_train.astype(np.int64), "y_test": y_test.astype(np.int64)}
    np.savez(folder / f"{name}.npz", x_train=scaled[0], x_test=scaled[1], **labels)
    return folder / f"{name}.npz"


def compare(options: argparse.Namespace) -> None:
    lines = json.loads(options.json.read_text()) if options.resume and options.json.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(Path(folder), options.data)
        for seed in range(options.seeds):
            for engine in options.engines:
                if lines_of(run_of(engine, seed, options), lines):
                    continue
                print(f"{engine}, seed {seed}", flush=True)
                lines += run(engine, seed, data, options)
                if options.json:
                    options.json.write_text(json.dumps(lines, indent=1))
    print(table(lines, options))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", default=["striate", "torch-cl-tc", "keras-tc"], help="of striate, torch and keras")
    engines.add_arguments(parser)
    parser.add_argument("--data", choices=GOALS, default="fashion_mnist")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=2, help="how many runs, each from other weights")
    parser.add_argument("--goal", type=float, help="the accuracy that is waited for; else 92%% or, of MNIST, 99.2%%")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="a file for every line")
    parser.add_argument("--resume", action="store_true", help="leave out the runs that the file has")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resume and not options.json:
        parser.error("--resume needs the file of --json")
    options.goal = options.goal or GOALS[options.data]
    if options.worker:
        work(options)
    else:
        engines.check(options.engines, options, parser, {"compile", "fn", "1t"})
        if other := {engines.peer_of(engine) for engine in options.engines} - {"striate", "torch", "keras"}:
            parser.error(f"the network is not written for {', '.join(sorted(other))}, only for striate, torch and keras")
        compare(options)


if __name__ == "__main__":
    main()
