"""Writes the logs to a file."""

import csv
import os
from typing import Any

from striate.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes each epoch's logs as one line of a CSV file.

    The columns are "epoch" and the names of the first epoch's logs in alphabetical order; each line is on the disk
    before the next epoch begins.

    Args:
        filename: where to.
        separator: what stands between values.
        append: whether to go on with a file that exists (its header stays) instead of replacing it.

    Example:
        >>> CSVLogger("log.csv").sep
        ','
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._file: Any = None
        self._keys: list[str] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Opens the file."""
        has_header = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115 - closed by on_train_end
        self._keys = None
        self._write_header = not has_header

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Writes a line."""
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.sep, lineterminator="\n")
        if self._keys is None:
            self._keys = sorted(logs)
            if self._write_header:
                writer.writerow(["epoch", *self._keys])
        writer.writerow([epoch, *(logs.get(key, "NA") for key in self._keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
