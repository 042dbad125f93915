"""Base of callbacks."""

from typing import Any

Logs = dict[str, Any] | None


class Callback:
    """Something that `fit`, `evaluate` and `predict` call at certain moments.

    Subclasses override the hooks they need. `self.model` is the model, `self.params` a dict with "verbose", "epochs"
    and "steps"; `self.model.stop_training = True` ends training after the running epoch. Hooks get `logs`, a dict with
    the loss and the metrics so far. Reading logs in a batch hook waits for that batch to be computed; a callback that
    does not override the batch hooks costs nothing.

    The order is: train_begin, epoch_begin, (train_batch_begin, train_batch_end)*, test_begin, (test_batch_begin,
    test_batch_end)*, test_end, epoch_end, train_end.

    Example:
        >>> class PrintLoss(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
        >>> PrintLoss().on_epoch_end(0, {"loss": 0.5})
        0 0.5
    """

    model: Any = None
    params: dict[str, Any] | None = None

    def set_model(self, model: Any) -> None:
        """Called first, with the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called first, with "verbose", "epochs" and "steps"."""
        self.params = params

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Another name for `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Another name for `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Before an epoch; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """After an epoch and its validation; logs hold the epoch's loss and metrics, and `val_` ones."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a training step."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a training step; logs hold means since the epoch began."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a batch of `evaluate` or of validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a batch of `evaluate` or of validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a batch of `predict`; logs hold its "outputs"."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """After the last epoch."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Before `evaluate` or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """After `evaluate` or validation."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Before `predict`."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """After `predict`."""
