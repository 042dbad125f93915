"""Several callbacks as one."""

from collections.abc import Iterable
from typing import Any

from striate.callbacks.callback import Callback, Logs
from striate.callbacks.history import History

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList(Callback):
    """Passes every call on to each of its callbacks, in order.

    Args:
        callbacks: one callback, a list (which may be nested), or None. An object that has `set_model` and
            `on_epoch_end` will do; hooks that it lacks are passed over.
        add_history: whether to add a `History` if there is none.
        model: their model.
        **params: their params.

    Raises:
        ValueError: something in the list is no callback.

    Example:
        >>> CallbackList(add_history=True).history.history
        {}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks = list(_flatten(callbacks))
        self.history = next((callback for callback in self.callbacks if isinstance(callback, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Adds a callback behind the others."""
        self.callbacks.append(callback)

    def reads_batches(self, mode: str) -> bool:
        """Whether any callback overrides a batch hook of "train", "test" or "predict": if none does, nobody needs to
        compute logs after each batch."""
        return any(_overrides(callback, hook) for callback in self.callbacks for hook in _BATCH_HOOKS[mode])

    def set_model(self, model: Any) -> None:
        """Tells each its model."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)
        if self.history is not None:
            model.history = self.history

    def set_params(self, params: dict[str, Any]) -> None:
        """Tells each the params."""
        super().set_params(params)
        for callback in self.callbacks:
            _tell(callback, "set_params", params)


def _overrides(callback: Any, hook: str) -> bool:
    inherited = getattr(Callback, hook)
    return getattr(type(callback), hook, inherited) is not inherited or hook in getattr(callback, "__dict__", ())


def _tell(callback: Any, hook: str, *args: Any) -> None:
    """Calls a hook; an object that is no `Callback` may lack it."""
    told = getattr(callback, hook, None)
    if told is not None:
        told(*args)


def _flatten(callbacks: Any) -> Iterable[Callback]:
    if callbacks is None:
        return
    if isinstance(callbacks, (list, tuple)):
        for callback in callbacks:
            yield from _flatten(callback)
    elif isinstance(callbacks, Callback) or all(hasattr(callbacks, hook) for hook in ("set_model", "on_epoch_end")):
        yield callbacks
    else:
        raise ValueError(
            "`callbacks` takes Callback objects. For a plain function use "
            f"striate.callbacks.LambdaCallback(on_epoch_end=f). Received: {callbacks!r}."
        )


def _pass_on_epoch(hook: str) -> Any:
    def passed(self: CallbackList, number: int, logs: Logs = None) -> None:
        for callback in self.callbacks:
            _tell(callback, hook, number, logs)

    return passed


def _pass_on(hook: str) -> Any:
    def passed(self: CallbackList, logs: Logs = None) -> None:
        for callback in self.callbacks:
            _tell(callback, hook, logs)

    return passed


for _moment in ("begin", "end"):
    for _hook in ("epoch", "train_batch", "test_batch", "predict_batch"):
        setattr(CallbackList, f"on_{_hook}_{_moment}", _pass_on_epoch(f"on_{_hook}_{_moment}"))
    for _hook in ("train", "test", "predict"):
        setattr(CallbackList, f"on_{_hook}_{_moment}", _pass_on(f"on_{_hook}_{_moment}"))
