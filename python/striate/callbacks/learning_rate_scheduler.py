"""Sets the learning rate by a function of the epoch."""

import inspect
from collections.abc import Callable

from striate.callbacks.callback import Callback, Logs


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    The rate also goes into the logs as "learning_rate", so History has it.

    Args:
        schedule: a function of (epoch) or (epoch, learning rate so far), which returns the new rate; epochs count from
        0. verbose: 1 tells the rate each epoch.

    Raises:
        ValueError: the schedule returns no number.

    Example:
        >>> LearningRateScheduler(lambda epoch: 0.1 if epoch < 10 else 0.01).schedule(12)
        0.01
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        # Looked up once: whether the schedule wants the rate so far.
        parameters = inspect.signature(schedule).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._takes_rate = len(positional) > 1 or any(p.kind == p.VAR_POSITIONAL for p in parameters)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Sets the rate."""
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, float(optimizer.learning_rate.read())) if self._takes_rate else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError):
            raise ValueError(f"`schedule` must return a number. Received: {rate!r} for epoch {epoch}.") from None
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Puts the rate into the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate.read())
