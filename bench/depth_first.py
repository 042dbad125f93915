"""What running the first layers for some images at a time, then the rest for all, could save in inference at most.

    python bench/depth_first.py                 # with striate installed
    python bench/depth_first.py resnet50:16     # network:batch

Nothing runs in that order here. Each step is timed with 1, 2, 4, ... images; a step of fewer images, done as often as it
takes for all, is what it would cost in a chain of steps. The best of all places to cut and all sizes bounds what the
order can save but for what the caches would then hold from step to step; the best size for every step by itself bounds
what any order can.
"""

from __future__ import annotations

import statistics

from models import nets, workload
from models.striate_engine import Engine

RUNS = 15


def step_seconds(engine: Engine, name: str, batch: int) -> list[tuple[str, float]]:
    """Each step's layer and op, and its median time."""
    x = nets.batch(name, batch)[0]
    engine.predict(x), engine.predict(x)
    runs = []
    for _ in range(RUNS):
        engine.model.profile(True)
        engine.predict(x)
        runs.append([(f"{step.scope} {step.op}", step.seconds) for step in engine.model.profile() if step.runs])
        engine.model.profile(False)
    return [(steps[0][0], statistics.median(seconds for _, seconds in steps)) for steps in zip(*runs, strict=True)]


def bound(name: str, batch: int) -> str:
    """The bound for one network and batch, and the sizes it was taken over, as a line to print."""
    engine = Engine(name, nets.NETS[name].ops(True), "predict", workload.THREADS)
    whole = step_seconds(engine, name, batch)
    names, times = [n for n, _ in whole], {batch: [s for _, s in whole]}
    size = 1
    while size < batch:
        steps = step_seconds(engine, name, size)
        if [n for n, _ in steps] == names:  # else other steps were fused: not comparable
            times[size] = [s * batch / size for _, s in steps]
        size *= 2
    total = sum(times[batch])
    cuts = [
        (sum(chain[:cut]) + sum(times[batch][cut:]), size, cut) for size, chain in times.items() for cut in range(len(names) + 1)
    ]
    best, images, cut = min(cuts)
    each = sum(map(min, zip(*times.values(), strict=True)))
    return (
        f"{name}, batch {batch}: {1e3 * total:.2f} ms; of sizes {sorted(times)} {images} at a time up to step {cut} of {len(names)} "
        f"saves {100 * (1 - best / total):.1f}%; a size of its own for every step {100 * (1 - each / total):.1f}%"
    )


if __name__ == "__main__":
    networks = ["resnet20:128", "alexnet:32", "vgg16:8", "googlenet:16", "resnet18:16", "resnet50:16", "unet:2"]
    for name, (batch,) in workload.arguments(__doc__, networks, 1):
        print(bound(name, batch), flush=True)
