"""Ends training that no longer gets better."""

from typing import Any

from striate.callbacks.callback import Logs
from striate.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends training when a figure has not improved for some epochs.

    Args:
        monitor: the figure's key in the logs.
        min_delta: by how much it has to get better for that to count as an improvement.
        patience: after how many epochs without improvement training ends.
        verbose: 1 tells when that happens.
        mode: "min": smaller is better, "max": larger is, "auto": by the name.
        baseline: a value that has to be beaten; None: none.
        restore_best_weights: whether the model ends with the weights of its best epoch instead of the last.
        start_from_epoch: epochs before this one do not count.

    Raises:
        ValueError: mode is "auto" and the name does not tell which direction is better.

    Example:
        >>> EarlyStopping(monitor="val_accuracy", patience=3).patience
        3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._begin()

    def _begin(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Starts anew: one object may serve several fits."""
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Counts epochs without improvement."""
        value = self.read_monitor(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Tells what happened; puts the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
