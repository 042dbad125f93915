"""Saves the model while it trains."""

import os
import string

from striate.callbacks.callback import Logs
from striate.callbacks.monitor import MonitorCallback
from striate.saving import paths
from striate.utils.later import refuse_later


class ModelCheckpoint(MonitorCallback):
    """Saves the model after epochs or every so many batches.

    A file is replaced only once the new one is whole, so a crash while saving leaves the last good one.

    Args:
        filepath: where to. It may hold `{epoch}`, counted from 1, and any key of the logs, with formats:
            "net-{epoch:02d}-{val_loss:.2f}.striate".
        monitor: the figure that says which model is best.
        verbose: 1 tells when it saves.
        save_best_only: whether to save only when the figure has improved.
        save_weights_only: False; True comes in a later version.
        mode: "min": smaller is better, "max": larger is, "auto": by the name.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the value that the first improvement has to beat; None: any does.

    Raises:
        ValueError: save_freq is neither "epoch" nor a positive integer; filepath has another ending, is no format, or
            names a key that the logs lack.

    Example:
        >>> ModelCheckpoint("best.striate", save_best_only=True).save_best_only
        True
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        # The figure matters only for the best model; else any name will do, as in Keras.
        super().__init__(monitor, mode if save_best_only else "min", initial_value_threshold)
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f"`save_freq` must be 'epoch' or a positive integer. Received: save_freq={save_freq!r}.")
        refuse_later("ModelCheckpoint", {"save_weights_only": (save_weights_only, False)})
        self.filepath = _checked_template(paths.to_write(filepath, (".striate",), True, "a model"))
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Saves every so many batches, if told to."""
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(self._epoch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Remembers the epoch for the file's name."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Saves, unless told to do so every so many batches."""
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _save(self, epoch: int, logs: Logs) -> None:
        if self.save_best_only:
            value = self.read_monitor(logs)
            if value is None:
                return
            if not self.improves(value, self.best):
                self._tell(f"Epoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
                return
            path = self._path(epoch, logs)
            before = "inf" if self.best is None else f"{self.best:.5f}"
            self._tell(
                f"Epoch {epoch + 1}: {self.monitor} improved from {before} to {value:.5f}, saving model to {path}"
            )
            self.best = value
        else:
            path = self._path(epoch, logs)
            self._tell(f"Epoch {epoch + 1}: saving model to {path}")
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        self.model.save(path)

    def _tell(self, text: str) -> None:
        if self.verbose > 0:
            print(f"\n{text}")

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **(logs or {}))
        except KeyError as error:
            raise ValueError(
                f"ModelCheckpoint: filepath={self.filepath!r} names {error}, which is not in the logs. "
                f"There are: epoch, {', '.join(sorted(logs or {}))}."
            ) from None
        except ValueError as error:
            raise _no_format(self.filepath, error) from None


def _checked_template(filepath: str) -> str:
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(filepath) if name is not None]
        if not all(field.isidentifier() for field in fields):
            raise ValueError(f"the fields are {fields}")
    except ValueError as error:
        raise _no_format(filepath, error) from None
    return filepath


def _no_format(filepath: str, error: Exception) -> ValueError:
    return ValueError(
        f"ModelCheckpoint: filepath={filepath!r} is no format: {error}. Fields have a name, epoch or a key of the "
        "logs, and may have a format: 'net-{epoch:02d}-{val_loss:.2f}.striate'. Braces of the name itself are doubled."
    )
