"""What Python costs a training step: train_on_batch on a tiny network, less the time inside the engine.

    python overhead.py [--steps N]

Prints one line of JSON, in microseconds. The clock around the engine's call is itself counted as overhead.
"""

import argparse
import json
import time

import numpy as np

import striate
from striate import _core, layers

inside = 0


def clocked(run):
    """`run`, adding its nanoseconds to `inside`."""

    def call(*args):
        global inside
        start = time.perf_counter_ns()
        try:
            return run(*args)
        finally:
            inside += time.perf_counter_ns() - start

    return call


def measure(step, steps: int) -> tuple[float, float]:
    """(whole step, Python's part) in microseconds, the fastest of 25 repetitions: what interrupts a step is not ours."""
    global inside
    totals, outside = [], []
    for _ in range(25):
        inside, start = 0, time.perf_counter_ns()
        for _ in range(steps):
            step()
        total = time.perf_counter_ns() - start
        totals.append(total / steps / 1000)
        outside.append((total - inside) / steps / 1000)
    return min(totals), min(outside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=200, help="in each of the 25 repetitions")
    steps = parser.parse_args().steps
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(striate.optimizers.SGD(0.01, 0.9), loss="sparse_categorical_crossentropy")
    x, y = np.ones((2, 4), np.float32), np.array([0, 2])
    _core.Function.run = clocked(_core.Function.run)
    found = {}
    for name, step in {
        "train": lambda: model.train_on_batch(x, y),
        "predict": lambda: model.predict_on_batch(x),
    }.items():
        measure(step, 20)  # traces and compiles
        total, outside = measure(step, steps)
        found[f"{name}_us"], found[f"{name}_python_us"] = round(total, 2), round(outside, 2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
