"""An epoch of `fit` against its bare steps: `train_on_batch` on slices of the same arrays, in turn, two threads.

    python bench/fit.py                         # with striate installed
    python bench/fit.py resnet20:128:15         # network:batch:steps
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from models import nets, workload
from models.striate_engine import Engine

ROUNDS = 5


def seconds(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(name: str, batch: int, steps: int) -> None:
    model = Engine(name, nets.NETS[name].ops(True), "train", workload.THREADS).model
    x, y = (np.concatenate([a] * steps) for a in nets.batch(name, batch))

    def bare() -> None:
        for i in range(0, len(x), batch):
            model.train_on_batch(x[i : i + batch], y[i : i + batch])

    def fit() -> None:
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    fit(), bare()
    times = [(seconds(fit), seconds(bare)) for _ in range(ROUNDS)]
    fitted, stepped = (statistics.median(t) / steps * 1e3 for t in zip(*times, strict=True))
    print(f"{name}, batch {batch}: fit {fitted:.2f} ms a step, bare {stepped:.2f}, {fitted / stepped:.3f} times")


if __name__ == "__main__":
    for name, (batch, steps) in workload.arguments(__doc__, ["lenet5:128:60", "lab:128:60", "resnet20:128:15"], 2):
        compare(name, batch, steps)
