"""Ends training that has gone astray."""

import math

from striate.callbacks.callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Ends training when the loss is no longer a number.

    Without it `fit` raises then, which is the better default: this callback is for searches that go on with the next
    setting.

    Args:
        raise_error: whether to raise a RuntimeError instead of ending quietly.

    Raises:
        RuntimeError: the loss is NaN or infinite, and raise_error is True.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"NaN or Inf loss encountered in batch {batch}.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
