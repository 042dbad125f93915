"""The memory of a process that predicts with batches of several sizes: weights are prepared once for all of them.

    python bench/batches.py                     # with striate installed
    python bench/batches.py resnet50:16,5,1     # network:batches
"""

from __future__ import annotations

import multiprocessing
import os

from models import nets, workload
from models.striate_engine import Engine


def resident_mib(name: str, batches: list[int]) -> float:
    """Resident at the end of a process that has predicted with each of the batches twice."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_predict, (name, batches))


def _predict(name: str, batches: list[int]) -> float:
    engine = Engine(name, nets.NETS[name].ops(True), "predict", workload.THREADS)
    for batch in batches * 2:
        engine.predict(nets.batch(name, batch)[0])
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


if __name__ == "__main__":
    for name, batches in workload.arguments(__doc__, ["vgg16:8,3,1", "resnet50:16,5,1", "unet:2,1"], None):
        alone = ", ".join(f"{batch} alone {resident_mib(name, [batch]):.0f}" for batch in batches)
        print(f"{name}, batches {batches}: {resident_mib(name, batches):.0f} MiB resident ({alone})", flush=True)
