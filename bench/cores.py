"""How far apart two cores are: a virtual machine's host may put them on one L3 cache or on two, and move them meanwhile.

What one core has written reaches the other in a third of the time where they share an L3. Here a byte goes to and fro
between two processes; the interpreter has a part in the time, but the two placements stay well apart: 230-280 ns and
590-610 on Zen 5, where 80-130 and 370-450 are the cache lines' own. The bound between them is of that machine.
"""

import mmap
import os
import signal
import statistics
import time

SHARED_BELOW_NS = 400  # of Zen 5 at 4 GHz
TRIPS = 2000
SPINS = 10**8  # a few seconds: the other process is gone
THERE, BACK, END = 0, 64, 255  # bytes in cache lines of their own; what ends the other process


def _answer(shared: memoryview) -> None:
    last = 0
    while last != END:
        if shared[THERE] != last:
            last = shared[THERE]
            shared[BACK] = last


def round_trip_ns(one: int, other: int) -> float:
    """Median time of a byte's way from one core to the other and back, or 0 if it's the same core."""
    if one == other:
        return 0.0
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    shared = memoryview(memory)
    process = os.fork()
    if process == 0:
        signal.alarm(10)  # should this process be killed
        os.sched_setaffinity(0, {other})
        _answer(shared)
        os._exit(0)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {one})
    times = []
    for trip in range(TRIPS):
        value = trip % (END - 1) + 1
        start = time.perf_counter_ns()
        shared[THERE] = value
        for _ in range(SPINS):
            if shared[BACK] == value:
                break
        else:
            raise RuntimeError(f"core {other} does not answer")
        times.append(time.perf_counter_ns() - start)
    shared[THERE] = END
    os.waitpid(process, 0)
    os.sched_setaffinity(0, allowed)
    return statistics.median(times)


def share_cache(round_trips: list[float]) -> bool | None:
    """Whether the cores shared an L3 throughout; None where that changed, or there was one core."""
    shared = {trip < SHARED_BELOW_NS if trip else None for trip in round_trips}
    return shared.pop() if len(shared) == 1 else None
