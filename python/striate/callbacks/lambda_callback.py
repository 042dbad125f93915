"""Functions as a callback."""

from collections.abc import Callable
from typing import Any

from striate.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Calls functions at the moments they are given for.

    Args:
        on_epoch_begin: a function of (epoch, logs).
        on_epoch_end: a function of (epoch, logs).
        on_train_begin: a function of (logs).
        on_train_end: a function of (logs).
        on_train_batch_begin: a function of (batch, logs).
        on_train_batch_end: a function of (batch, logs).
        **kwargs: functions for any other hook of `Callback`, by the hook's name.

    Raises:
        ValueError: a keyword names no hook.

    Example:
        >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).on_epoch_end(3, {})
        3 {}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise ValueError(f"LambdaCallback: Callback has no hook named {name!r}.")
            if function is not None:
                setattr(self, name, function)
