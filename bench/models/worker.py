"""One engine with one network in a process of its own; answers requests on stdin with a line of JSON each.

    cd bench; python -m models.worker ENGINE NET THREADS

Requests, a line each: `check B` (outputs and losses on batch size B), `train B STEPS` and `predict B STEPS` (seconds a
step), `memory` (peak resident MiB since the start).
"""

import json
import os
import resource
import sys
import time
from functools import partial

from models import nets

ENGINES = ("striate", "torch", "torch-channels-last")


def make(engine: str, name: str, threads: int):
    if engine == "striate":
        from models.striate_models import Model

        return Model(name, threads)
    from peers.torch_models import Model

    return Model(name, threads, channels_last=engine.endswith("last"))


def seconds_a_step(step, steps: int) -> float:
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def main() -> None:
    engine, name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    model = make(engine, name, threads)
    print(json.dumps({"version": model.version}), flush=True)
    for line in sys.stdin:
        request, *numbers = line.split()
        numbers = [int(number) for number in numbers]
        if request == "memory":
            answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        elif request == "check":
            x, y = nets.batch(name, numbers[0])
            answer = {"outputs": model.predict(x).tolist(), "losses": []}
            for _ in range(3):
                model.reset()
                answer["losses"].append(model.train(x, y))
        else:
            batch = nets.batch(name, numbers[0])
            step = partial(model.train, *batch) if request == "train" else partial(model.predict, batch[0])
            answer = seconds_a_step(step, numbers[1])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
