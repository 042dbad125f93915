"""One engine with one network and one task in a process of its own; answers requests on stdin with a line of JSON each.

    cd bench; python -m models.worker ENGINE NET TASK BATCH THREADS [no-dropout]

ENGINE is striate or one of peers/*_engine.py, with its flags behind dashes; TASK is train or predict. Requests:

- `check`: outputs (a sample of them), or the losses of three steps, from the common weights; and the times of those calls
- `warm SECONDS`: runs for so long; the fastest step
- `time STEPS WARM`: milliseconds a step, after WARM steps that are not timed
- `memory`: peak resident MiB since the start
"""

import importlib
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from engines import flags_of, peer_of
from models import nets

SAMPLE = 4096  # outputs that are compared


def make(engine: str, name: str, task: str, size: int, threads: int, dropout: bool):
    base, flags = peer_of(engine), flags_of(engine)
    ops = nets.NETS[name].ops(dropout)
    if base == "striate":
        from models.striate_engine import Engine

        return Engine(name, ops, task, threads)
    return importlib.import_module(f"peers.{base}_engine").Engine(ops, size, task, threads, flags)


def peak_mib() -> float:
    """Not `getrusage`'s, which begins with what the process that started this one had."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def milliseconds(step, steps: int) -> float:
    """Of one step."""
    start = time.perf_counter_ns()
    for _ in range(steps):
        step()
    return (time.perf_counter_ns() - start) / steps / 1e6


class Task:
    """The calls that are timed, and their check."""

    def __init__(self, engine, name: str, task: str, size: int) -> None:
        x, y = nets.batch(name, size)
        x = engine.images(x)
        self.engine, self.task = engine, task
        self.step = partial(engine.train, x, y) if task == "train" else partial(engine.predict, x)

    def check(self) -> dict:
        answers, first = [], []
        for _ in range(3):
            if hasattr(self.engine, "reset"):
                self.engine.reset()
            start = time.perf_counter()
            answers.append(self.step())
            first.append(1e3 * (time.perf_counter() - start))
        if self.task == "predict":
            outputs = getattr(self.engine, "channels_at_the_end", np.asarray)(answers[0])
            outputs = np.ascontiguousarray(outputs).reshape(-1)
            answers = outputs[:: 1 + outputs.size // SAMPLE].tolist()
        return {"answers": answers, "first_ms": first}

    def warm(self, seconds: float) -> float:
        end, times = time.perf_counter() + seconds, []
        while not times or time.perf_counter() < end:
            times.append(milliseconds(self.step, 1))
        return min(times)


def main() -> None:
    engine, name, task, size, threads = sys.argv[1:6]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what engines print is not an answer
    made = make(engine, name, task, int(size), int(threads), "no-dropout" not in sys.argv)
    work = Task(made, name, task, int(size))
    print(json.dumps(made.version), file=replies, flush=True)
    for line in sys.stdin:
        request, *numbers = line.split()
        if request == "check":
            answer = work.check()
        elif request == "warm":
            answer = work.warm(float(numbers[0]))
        elif request == "time":
            milliseconds(work.step, int(numbers[1])) if int(numbers[1]) else None
            answer = milliseconds(work.step, int(numbers[0]))
        else:
            answer = peak_mib()
        print(json.dumps(answer), file=replies, flush=True)


if __name__ == "__main__":
    main()
