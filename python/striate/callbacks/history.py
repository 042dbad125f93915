"""What happened, epoch by epoch."""

from typing import Any

from striate.callbacks.callback import Callback, Logs


class History(Callback):
    """What `fit` returns: `history`, a dict of lists with one float an epoch, and `epoch`, the epochs' numbers.

    Every `fit` has one; there is no need to give it.

    Example:
        >>> history = History()
        >>> history.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.8})
        >>> history.history
        {'accuracy': [0.8], 'loss': [0.5]}
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        """Starts anew."""
        self.history = {}
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Appends the epoch's logs, names in alphabetical order."""
        self.epoch.append(epoch)
        for name in sorted(logs or {}):
            self.history.setdefault(name, []).append((logs or {})[name])
        if self.model is not None:
            self.model.history = self
