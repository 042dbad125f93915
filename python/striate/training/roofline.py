"""Where a model's time went, beside what the machine could have done in it."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from striate import _core, ops

_MATRIX = 1024  # 2.1 GFLOP a product
_ARRAY = 16 << 20  # elements: 64 MiB, more than caches hold
_ROUNDS = 5


class Peaks(NamedTuple):
    """What a machine reaches: arithmetic and memory, each alone.

    Attributes:
        flops: floating-point operations a second.
        bytes: read and written a second.
    """

    flops: float
    bytes: float


def _best_seconds(values: list[Any], result: Any, arrays: list[np.ndarray]) -> float:
    function = _core.Function("peak", values, [result])
    function.run(arrays)
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        function.run(arrays)
        times.append(time.perf_counter() - start)
    return min(times)


@functools.cache
def measured_peaks() -> Peaks:
    """Measured once, in about 0.1 s, on as many threads as models run on: a float32 product of two matrices of 1024 x
    1024, and the sum of an array of 64 MiB. Both are a tenth or so below what the hardware could do."""
    a, b = (_core.input(name, "float32", (_MATRIX, _MATRIX)) for name in "ab")
    matrix = np.ones((_MATRIX, _MATRIX), np.float32)
    product = _best_seconds([a, b], ops.matmul(a, b), [matrix, matrix])
    x = _core.input("x", "float32", (_ARRAY // _MATRIX, _MATRIX))
    total = _best_seconds([x], ops.sum(x), [np.ones((_ARRAY // _MATRIX, _MATRIX), np.float32)])
    return Peaks(2 * _MATRIX**3 / product, 4 * _ARRAY / total)


class Row(NamedTuple):
    """A layer's steps of one op together, of one run."""

    layer: str
    op: str
    kernel: str
    seconds: float
    flops: float
    bytes: float


class Profile(list[Any]):
    """What `Model.profile` has measured, a step an element; printed, a table of layers beside the roofline.

    A layer can be no faster than its arithmetic at the machine's peak, or its memory at the machine's, whichever takes
    longer: that is its roofline. Winograd's convolutions do less arithmetic than the sums that are counted, so they may
    come out above 100%, as layers may whose memory lies in the caches.
    """

    def __init__(self, steps: Iterable[Any]) -> None:
        super().__init__(steps)

    def rows(self) -> list[Row]:
        """Layers and ops, the longest first; steps that have not run are left out."""
        found: dict[tuple[str, str, str], Row] = {}
        for step in self:
            if step.runs == 0:
                continue
            key = (step.scope, step.op, step.kernel.split(" (")[0])
            old = found.get(key, Row(*key, 0.0, 0.0, 0.0))
            found[key] = Row(
                *key, old.seconds + step.seconds / step.runs, old.flops + step.flops, old.bytes + step.bytes
            )
        return sorted(found.values(), key=lambda row: -row.seconds)

    def table(self, most: int = 40, peaks: Peaks | None = None) -> str:
        """A line for each of the `most` longest rows; `peaks` other than those of this machine, if any."""
        rows = self.rows()
        if not rows:
            return "Nothing was measured: call `model.profile(True)`, run the model, then print `model.profile()`."
        peaks = peaks or measured_peaks()
        total = sum(row.seconds for row in rows)
        lines = [
            f"roofline: {peaks.flops / 1e9:.0f} GFLOP/s, {peaks.bytes / 1e9:.1f} GB/s, measured",
            f"{'layer':24} {'op':22} {'ms':>9} {'share':>6} {'GFLOP/s':>8} {'GB/s':>6} {'bound by':>10} {'reached':>7}"
            "  kernel",
        ]
        for row in rows[:most]:
            seconds = max(row.seconds, 1e-9)  # a clock may not have moved
            arithmetic, memory = row.flops / peaks.flops, row.bytes / peaks.bytes
            bound = "arithmetic" if arithmetic > memory else "memory"
            lines.append(
                f"{row.layer[:24]:24} {row.op[:22]:22} {1e3 * row.seconds:9.3f} {100 * row.seconds / total:5.1f}% "
                f"{row.flops / seconds / 1e9:8.1f} {row.bytes / seconds / 1e9:6.1f} "
                f"{bound:>10} {100 * max(arithmetic, memory) / seconds:6.0f}%  {row.kernel}"
            )
        if len(rows) > most:
            rest = sum(row.seconds for row in rows[most:])
            lines.append(f"{'':24} {f'{len(rows) - most} more':22} {1e3 * rest:9.3f} {100 * rest / total:5.1f}%")
        lines.append(f"{'':24} {'all':22} {1e3 * total:9.3f}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()
