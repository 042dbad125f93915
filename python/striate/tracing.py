"""What is gathered while layers are called on symbolic values: updates, losses, random streams."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from striate import _core, random


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace | None] = []
        self.path: list[str] = []


_state = _ThreadState()


class Trace:
    """One pass over `call` methods that builds a graph; as a context manager it is the thread's current one.

    Args:
        training: what layers get for `training` where nobody says otherwise.
        rng: an int64 value of shape (2,), seed and step, that random operations are keyed by; None: each eager pass
            draws anew.

    Attributes:
        updates: {Variable: value}: what variables hold after a run.
        losses: scalars that layers add to the loss.
        batch_like: a value of the layer being called whose first axis is the batch's, or None. Random numbers that are
            wanted for each sample are as many.
        activations: where `record_activations` asked for them, [(layer's path, value)] in the order of calls.
    """

    def __init__(self, training: bool = False, rng: Any = None) -> None:
        self.training = training
        self.updates: dict[Any, Any] = {}
        self.losses: list[Any] = []
        self.activations: list[tuple[str, Any]] | None = None
        self.batch_like: Any = None
        self._rng = rng
        self._draws = 0

    def __enter__(self) -> Trace:
        _state.traces.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _state.traces.pop()

    def random_key(self, seed: int | None = None) -> tuple[Any, int]:
        """(rng, stream) for the next random operation. The number of the draw in this trace makes the stream, not the
        layer's name: the same model built twice in one process ("dropout", then "dropout_1") draws the same."""
        number = self._draws
        self._draws += 1
        if self._rng is None:
            self._rng = _core.constant(np.array([random.next_seed(), 0], np.int64))
        if seed is None:
            return self._rng, _core.stream_id(f"draw/{number}")
        step = _core.ops.crop(self._rng, [1], [0])
        own = _core.ops.concatenate([_core.constant(np.array([seed], np.int64)), step], 0)
        return own, _core.stream_id(f"draw/{number}")


def current() -> Trace | None:
    """The innermost trace of this thread."""
    return _state.traces[-1] if _state.traces else None


def read(variable: Any) -> Any:
    """A variable's value: the one that an update in this trace has given it, else what it holds when a run starts."""
    trace = current()
    pending = trace.updates.get(variable) if trace is not None else None
    return leaf(variable) if pending is None else pending


#: A variable's value as a run finds it, whatever updates a trace holds.
leaf = _core.Variable.value


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Within it no trace is on: weights are made, assigned and read at once."""
    _state.traces.append(None)
    try:
        yield
    finally:
        _state.traces.pop()


def current_path() -> str:
    """The names of the layers being called, outermost first: "block/conv2d"."""
    return "/".join(name for name in _state.path if name)


def depth() -> int:
    """How many layers' calls this thread is in."""
    return len(_state.path)


@contextlib.contextmanager
def scope(name: str) -> Iterator[None]:
    """Within it, weights, random streams, errors and profiles belong to a layer of this name; "" for a model at the
    top, whose name stands in none of them."""
    _state.path.append(name)
    try:
        with _core.NameScope(name) if name else contextlib.nullcontext():
            yield
    finally:
        _state.path.pop()
