"""What callbacks share that watch one figure."""

import math
import warnings

from striate.callbacks.callback import Callback, Logs

# Metrics that are better when larger, by what their name contains.
_LARGER_IS_BETTER = ("acc", "auc", "precision", "recall", "f1", "iou")


class MonitorCallback(Callback):
    """Base of callbacks that watch whether a figure in the logs improves.

    Args:
        monitor: the figure's key in the logs: "val_loss", "accuracy".
        mode: "min", "max", or "auto": by the name.
        initial_value_threshold: the value that the first improvement has to beat; None: any does.
        min_delta: by how much a value has to be better to count.

    Raises:
        ValueError: mode is "auto" and the name does not tell which direction is better.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        initial_value_threshold: float | None = None,
        min_delta: float = 0.0,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__}: mode '{mode}' is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best = initial_value_threshold
        self._larger_is_better = mode == "max" or (mode == "auto" and _larger_is_better(type(self).__name__, monitor))

    def read_monitor(self, logs: Logs) -> float | None:
        """The figure; None, with a warning that names what there is, if the logs lack it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            available = ",".join(sorted(logs or {}))
            warnings.warn(
                f"{type(self).__name__}: `{self.monitor}` is not in the logs; this epoch is passed over. "
                f"Available metrics are: {available}",
                stacklevel=4,
            )
        return None if value is None else float(value)

    def improves(self, value: float, best: float | None) -> bool:
        """Whether value is better than best by more than min_delta."""
        if math.isnan(value):
            return False
        if best is None:
            return True
        return value - self.min_delta > best if self._larger_is_better else value + self.min_delta < best


def _larger_is_better(owner: str, monitor: str) -> bool:
    name = monitor.removeprefix("val_").lower()
    if (
        name == "loss"
        or "loss" in name
        or "error" in name
        or "entropy" in name
        or name in ("mse", "mae", "mape", "msle")
    ):
        return False
    if any(part in name for part in _LARGER_IS_BETTER):
        return True
    raise ValueError(
        f"{owner}: monitor='{monitor}' does not say whether smaller or larger is better. Pass mode='min' or mode='max'."
    )
