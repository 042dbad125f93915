"""A progress bar for loops of one's own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from striate.training.progress import ProgressBar
from striate.utils.later import refuse_later


class Progbar:
    """Shows how far a loop has come, as `fit` does.

    Args:
        target: how many steps there will be; None if nobody knows.
        width: 20; other values come in a later version.
        verbose: 0 nothing, 1 a bar, 2 one line at the end.
        interval: seconds between redraws.
        stateful_metrics: names of values to show as they are; others are averaged over the steps.
        unit_name: accepted for Keras's sake.

    Example:
        >>> bar = Progbar(2, verbose=0)
        >>> bar.update(1, [("loss", 3.0)])
        >>> bar.update(2, [("loss", 1.0)])
        >>> bar.values
        {'loss': 2.0}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        refuse_later("Progbar", {"width": (width, 20)})
        self.target = target
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self._bar = ProgressBar(target, verbose)
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen = 0
        self._finished = False

    @property
    def values(self) -> dict[str, float]:
        """The values as they are shown."""
        return {name: total / max(count, 1) for name, (total, count) in self._sums.items()}

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Shows that `current` steps are done.

        Args:
            current: how many.
            values: (name, value) pairs of the steps since the last call.
            finalize: whether this is the end; None: if `current` has reached the target.
        """
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            total, count = self._sums.get(name, (0.0, 0))
            stateful = name in self.stateful_metrics
            self._sums[name] = (float(value), 1) if stateful else (total + float(value) * steps, count + steps)
        self._seen = current
        if finalize or (finalize is None and self.target is not None and current >= self.target):
            if not self._finished:
                self._bar.finish(current, self.values)
            self._finished = True
        elif self._bar.terminal and self._bar.verbose == 1 and time.perf_counter() - self._bar.shown >= self.interval:
            self._bar.update(current, self.values)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Shows that n more steps are done."""
        self.update(self._seen + n, values)
