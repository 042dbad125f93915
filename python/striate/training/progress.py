"""The progress bar: right in a terminal, and quiet in a log."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

_WIDTH = 20
_INTERVAL = 0.05  # seconds between redraws: a bar that reads its metrics at every step would slow small nets


def seconds_text(seconds: float) -> str:
    """'3s', '2:05', '1:02:03'."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def per_step_text(seconds: float) -> str:
    """'479ms/step', '2s/step', '35us/step'."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def metrics_text(logs: dict[str, float]) -> str:
    """' - accuracy: 0.1923 - loss: 2.6226'; small values get an exponent."""
    return "".join(
        f" - {name}: {value:.4f}" if value == 0 or abs(value) > 1e-3 else f" - {name}: {value:.4e}"
        for name, value in ((name, float(logs[name])) for name in sorted(logs))
    )


class ProgressBar:
    """Shows one epoch.

    Args:
        steps: how many there will be; None if nobody knows.
        verbose: 0 nothing, 1 a bar, 2 one line at the end.
        stream: where to; None means standard output. Where it is no terminal, verbose=1 prints the last state alone, so
            that logs hold a line an epoch and no control characters.
    """

    def __init__(self, steps: int | None, verbose: int, stream: TextIO | None = None) -> None:
        self.steps = steps
        self.verbose = verbose
        self.stream = stream or sys.stdout
        self.terminal = bool(getattr(self.stream, "isatty", lambda: False)())
        self.start = self.shown = time.perf_counter()

    def wants(self, step: int) -> bool:
        """Whether update(step, ...) would draw, so that metrics need not be read for nothing."""
        return (
            self.verbose == 1
            and self.terminal
            and (step == self.steps or time.perf_counter() - self.shown >= _INTERVAL)
        )

    def update(self, step: int, logs: dict[str, float]) -> None:
        """Draws the state after `step` steps."""
        self.shown = time.perf_counter()
        elapsed = self.shown - self.start
        left = elapsed / max(step, 1) * (self.steps - step) if self.steps else elapsed
        self._write("\r\x1b[K" + self._line(step, seconds_text(left), elapsed, logs, color=True))

    def finish(self, step: int, logs: dict[str, Any]) -> None:
        """Draws the end, with a newline."""
        elapsed = time.perf_counter() - self.start
        if self.verbose == 1:
            line = self._line(step, seconds_text(elapsed), elapsed, logs, color=self.terminal)
            self._write(("\r\x1b[K" if self.terminal else "") + line + "\n")
        elif self.verbose == 2:
            total = f"{step}/{self.steps or step} - {seconds_text(elapsed)} - {per_step_text(elapsed / max(step, 1))}"
            self._write(total + metrics_text(logs) + "\n")

    def _line(self, step: int, time_text: str, elapsed: float, logs: dict[str, float], color: bool) -> str:
        if self.steps:
            filled = _WIDTH * step // self.steps
            head = f"{step:{len(str(self.steps))}d}/{self.steps} "
        else:
            filled = _WIDTH
            head = f"{step}/Unknown "
        if color:
            bar = f"\x1b[32m{'━' * filled}\x1b[0m\x1b[37m{'━' * (_WIDTH - filled)}\x1b[0m"
            head = f"\x1b[1m{head}\x1b[0m"
        else:
            bar = "━" * filled + " " * (_WIDTH - filled)
        return (
            f"{head}{bar} \x1b[1m{time_text}\x1b[0m" * color
            + f"{head}{bar} {time_text}" * (not color)
            + (f" {per_step_text(elapsed / max(step, 1))}" + metrics_text(logs))
        )

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except UnicodeEncodeError:  # a terminal or file that knows no box drawing
            self.stream.write(text.replace("━", "="))
        self.stream.flush()
