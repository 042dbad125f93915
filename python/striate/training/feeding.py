"""Data on its way to a step: checked once, then gathered batch by batch, large ones while the last step computes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, NoReturn

import numpy as np

from striate import _core, tree
from striate.losses.shapes import fits


class Batch(NamedTuple):
    """Arrays of one step, ready for the engine; `weights` is empty when nothing is weighted."""

    inputs: list[np.ndarray]
    targets: list[np.ndarray]
    weights: list[np.ndarray]

    @property
    def size(self) -> int:
        return len(self.inputs[0])


class Spec(NamedTuple):
    """What an input of a model takes: shape with None where any size will do, the batch first."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


def is_array(data: Any) -> bool:
    """True for what NumPy sees as an array by itself; lists are not, since nobody means them as one."""
    return isinstance(data, np.ndarray) or (
        hasattr(data, "__array__") and hasattr(data, "shape") and not isinstance(data, type)
    )


def listed(data: Any, names: Sequence[str], what: str, optional: Collection[str] = ()) -> list[Any]:
    """Data for several inputs or outputs, given as an array, a list, a tuple or a dict by name, in the order of names.

    Args:
        data: what was given.
        names: of the inputs or outputs; empty: any number of arrays will do.
        what: the argument's name, for errors.
        optional: names whose data may be missing from a dict, or None; None stands in their place then.

    Raises:
        ValueError: it is nothing of these, its number or its names do not fit.
    """
    if isinstance(data, dict):
        if optional and (unknown := [name for name in data if name not in names]):
            raise ValueError(f"`{what}` names {unknown}, which the model has not. Expected keys of {list(names)}.")
        items = [data.get(name) for name in names]
        if missing := [name for name, item in zip(names, items, strict=True) if item is None and name not in optional]:
            raise ValueError(f"`{what}` lacks {missing}; it has {sorted(data)}. Expected the keys {list(names)}.")
    elif is_array(data):
        items = [data]
    elif isinstance(data, (list, tuple)) and any(is_array(item) for item in data):
        items = list(data)
    else:
        _refuse_type(data, what)
    if names and len(items) != len(names):
        raise ValueError(f"`{what}` holds {len(items)} arrays, the model has {len(names)}: {list(names)}.")
    for place, item in enumerate(items):
        if not is_array(item) and not (item is None and names and names[place] in optional):
            _refuse_type(data if item is None else item, what)
    return [None if item is None else np.asarray(item) for item in items]


def _refuse_type(data: Any, what: str) -> NoReturn:
    shown = repr(data)
    shown = shown[:60] + "..." if len(shown) > 60 else shown
    raise ValueError(
        f"Unrecognized data type: {what}={shown} (of type {type(data)}). Use NumPy arrays, e.g. np.array(...)."
    )


def fitted(array: Any, shape: Sequence[int | None]) -> Any:
    """An array in the rank of an input's shape, a last axis of size 1 added or dropped as Keras does; None if it does
    not fit then. The batch's axis, the first, has any size."""
    if array.ndim == len(shape) - 1 and shape[-1] == 1:
        array = array[..., np.newaxis]
    elif array.ndim == len(shape) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    return array if array.ndim and fits(tuple(array.shape[1:]), tuple(shape[1:])) else None


def fitted_inputs(data: Any, specs: Sequence[Spec], model: str) -> list[np.ndarray]:
    """Arrays for the model's inputs, as `fitted` says.

    Raises:
        ValueError: names, number or shapes do not fit, or an array is empty or holds no numbers.
    """
    arrays = listed(data, [spec.name for spec in specs], "x")
    for i, (array, spec) in enumerate(zip(arrays, specs, strict=True)):
        check_numbers(array, "x", spec.name)
        arrays[i] = fitted(array, spec.shape)
        if arrays[i] is None:
            raise ValueError(
                f"Input '{spec.name}' of model '{model}' is incompatible with the data: expected shape={spec.shape}, "
                f"found shape={array.shape}. Reshape the data, or build the model for its shape."
            )
    return arrays


def check_numbers(array: np.ndarray, what: str, name: str = "") -> None:
    """Raises ValueError for arrays that hold no samples or no numbers."""
    label = f"`{what}`" + (f" ('{name}')" if name else "")
    if array.ndim == 0:
        raise ValueError(f"{label} must have a batch axis. Received a scalar: {array!r}.")
    if array.size == 0:
        raise ValueError(f"{label} is empty: shape={array.shape}. Give at least one sample.")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{label} must hold numbers. Received dtype={array.dtype}.")


def check_cardinality(**groups: Sequence[np.ndarray]) -> int:
    """The number of samples, which all arrays must share."""
    sizes = {name: [len(array) for array in arrays] for name, arrays in groups.items() if arrays}
    found = {size for group in sizes.values() for size in group}
    if len(found) > 1:
        lines = "\n".join(f"'{name}' sizes: {', '.join(map(str, group))}" for name, group in sizes.items())
        raise ValueError(
            f"Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.\n{lines}"
        )
    return found.pop()


def engine_dtype(dtype: np.dtype) -> str:
    """The engine's type for targets of this one: integers stay integers, the rest is float32."""
    if dtype == np.uint8 or dtype == np.int32 or dtype == np.int64:
        return str(dtype)
    return "int64" if dtype.kind in "iu" else "float32"


def rows_of(array: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The rows of these numbers. `take` is the faster, but first copies all of an array that isn't contiguous."""
    return array.take(order, axis=0) if array.flags.c_contiguous else array[order]


def copied(array: np.ndarray, dtype: Any) -> np.ndarray:
    """The array, contiguous and of this type, in memory of its own."""
    made = np.ascontiguousarray(array, dtype)
    return made.copy() if np.may_share_memory(made, array) else made


# Bytes from which on a batch is gathered by a thread of its own: 400 KB take 30 us, and handing them over 80.
GATHERED_BESIDE = 1 << 20


class ArrayFeed:
    """Batches of arrays held in memory.

    Args:
        inputs, targets, weights: lists of arrays with one first axis.
        dtypes: the engine's type of each of them, in that order.
        batch_size: samples a step; the last batch may be shorter.
    """

    def __init__(
        self,
        inputs: list[np.ndarray],
        targets: list[np.ndarray],
        weights: list[np.ndarray],
        dtypes: list[str],
        batch_size: int,
    ) -> None:
        self.arrays = [*inputs, *targets, *weights]
        self.splits = (len(inputs), len(inputs) + len(targets))
        self.dtypes = [np.dtype(name) for name in dtypes]
        self.batch_size = batch_size
        self.samples = len(self.arrays[0])

    @property
    def steps(self) -> int:
        return -(-self.samples // self.batch_size)

    def batches(self, epoch: int = 0, steps: int | None = None, seed: int | None = None) -> Iterator[Batch]:
        """One epoch, as `visits` says; large batches are gathered while the one before is computed."""
        visited = visits(self.samples, self.steps, epoch, steps, seed)
        slices = seed is None and all(
            a.dtype == d and a.flags.c_contiguous for a, d in zip(self.arrays, self.dtypes, strict=True)
        )  # nothing to gather
        if slices or self._batch_bytes < GATHERED_BESIDE:
            return (self._batch(*visit) for visit in visited)
        return ahead(self._batch, visited)

    @property
    def _batch_bytes(self) -> int:
        count = min(self.batch_size, self.samples)
        return sum(array[:count].size * dtype.itemsize for array, dtype in zip(self.arrays, self.dtypes, strict=True))

    def begin_epoch(self) -> None:
        """Nothing to tell: the order of samples is `visits`'."""

    def end_epoch(self) -> None:
        """Likewise."""

    def _batch(self, step: int, order: np.ndarray | None) -> Batch:
        begin, end = step * self.batch_size, min((step + 1) * self.batch_size, self.samples)
        parts = []
        for array, dtype in zip(self.arrays, self.dtypes, strict=True):
            part = array[begin:end] if order is None else rows_of(array, order[begin:end])
            parts.append(np.ascontiguousarray(part, dtype=dtype))
        first, second = self.splits
        return Batch(parts[:first], parts[first:second], parts[second:])


def visits(
    size: int, steps: int, epoch: int, count: int | None, seed: int | None
) -> Iterator[tuple[int, np.ndarray | None]]:
    """The batches of an epoch, each as (its number, the order of the pass it belongs to).

    Epochs shorter than the data go on where the last one ended, so that all data come before any comes again.

    Args:
        size: how many samples, or batches, are put in order.
        steps: batches that make a pass.
        epoch: epochs done before this one.
        count: batches an epoch, no more than `steps`; None: a pass.
        seed: keys the order of each pass; None: as they are, and the order is None.
    """
    count = min(count or steps, steps)
    order, ordered = None, -1
    for visit in range(epoch * count, (epoch + 1) * count):
        number, step = divmod(visit, steps)
        if seed is not None and number != ordered:
            order, ordered = _core.permutation(size, seed, number), number
        yield step, order


def ahead(make: Callable[..., Batch], calls: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    """make(*call) for each call, begun on another thread while the one before is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="striate-feed") as pool:
        future = None
        for call in calls:
            before, future = future, pool.submit(make, *call)
            if before is not None:
                yield before.result()
        if future is not None:
            yield future.result()


class StreamFeed:
    """Batches that an iterable or a Sequence gives: x, (x, y) or (x, y, sample_weight); a list is a tuple, as in Keras.

    Args:
        source: an iterable (a generator too), or something with `__len__` and `__getitem__`.
        convert: makes a Batch of what the source gives, in other memory: the source goes on before the batch is used.
        steps: batches an epoch; None: what `len` says, or until the source ends.
    """

    def __init__(self, source: Any, convert: Callable[[Any], Batch], steps: int | None) -> None:
        self.source = source
        self.convert = convert
        self._resumes = steps is not None
        self._indexed = hasattr(source, "__getitem__") and hasattr(source, "__len__")
        self.steps = steps if steps is not None else (len(source) if hasattr(source, "__len__") else None)
        self._iterator: Iterator[Any] = iter(())

    def batches(self, epoch: int = 0, steps: int | None = None, seed: int | None = None) -> Iterator[Batch]:
        """One epoch. It goes on where the last one left the source if the feed was given its `steps`."""
        with ThreadPoolExecutor(1, thread_name_prefix="striate-feed") as pool:
            items = self._visited(epoch, seed) if self._indexed else self._iterated()
            done = object()
            future = pool.submit(next, items, done)
            while (item := future.result()) is not done:
                batch = self.convert(tuple(item) if isinstance(item, list) else item)
                future = pool.submit(next, items, done)
                yield batch

    def begin_epoch(self) -> None:
        """Tells a source that wants to know."""
        self._tell("on_epoch_begin")

    def end_epoch(self) -> None:
        """Tells a source that wants to know, so that it may shuffle."""
        self._tell("on_epoch_end")

    def _tell(self, hook: str) -> None:
        tell = getattr(self.source, hook, None)
        if callable(tell):
            tell()

    def _visited(self, epoch: int, seed: int | None) -> Iterator[Any]:
        length = len(self.source)  # may change from epoch to epoch
        for step, order in visits(length, length, epoch, self.steps if self._resumes else None, seed):
            yield self.source[step if order is None else int(order[step])]

    def _iterated(self) -> Iterator[Any]:
        fresh = not self._resumes
        if fresh:
            self._iterator = iter(self.source)
        count = 0
        while self.steps is None or count < self.steps:
            try:
                yield next(self._iterator)
                count += 1
            except StopIteration:
                if fresh:
                    return
                self._iterator, fresh = iter(self.source), True  # a pass may begin within an epoch


def is_stream(x: Any) -> bool:
    """True for what gives batches one after the other, rather than being the data."""
    if is_array(x) or isinstance(x, (list, tuple, dict, str)):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__next__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def split_off(fraction: float, x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
    """(x, y, weight) without the last part of the samples, and that part; the part is None for a fraction of 0.

    Raises:
        ValueError: the fraction is out of its range or leaves one side without samples, or these are no arrays of as
            many samples.
    """
    if not fraction:
        return (x, y, weight), None
    if not 0 < fraction < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1. Received: validation_split={fraction}.")
    given = {"x": x, "y": y, "sample_weight": weight}
    samples = check_cardinality(
        **{what: _arrays(data, what) for what, data in given.items() if data is not None or what == "x"}
    )
    at = int(samples * (1.0 - fraction))  # rounded down, as Keras does
    if at <= 0 or at >= samples:
        raise ValueError(
            f"Training data contains {samples} samples, which is not sufficient to split it into a validation and "
            f"training set as specified by `validation_split={fraction}`. Give more data, or another fraction."
        )

    def part(rows: slice) -> tuple[Any, ...]:
        return tuple(
            tree.map_leaves(lambda a: None if a is None else np.asarray(a)[rows], data) for data in (x, y, weight)
        )

    return part(slice(0, at)), part(slice(at, samples))


def _arrays(data: Any, what: str) -> list[np.ndarray]:
    leaves = [leaf for leaf in tree.leaves(data) if leaf is not None]  # None: labels that nothing wants
    if not leaves or not all(is_array(leaf) for leaf in leaves):
        _refuse_type(data, what)
    arrays = [np.asarray(leaf) for leaf in leaves]
    for array in arrays:
        check_numbers(array, what)
    return arrays


def refuse_no_batches(purpose: str, steps: int | None) -> NoReturn:
    """Raises ValueError about a source that has ended before the first step."""
    advice = "give one without end and a number of steps" if steps is None else "give one with enough of them"
    raise ValueError(
        f"The source of batches to {purpose} gave none. A generator gives each batch once, over all epochs: {advice}, "
        "or give arrays or a striate.utils.PyDataset, which can be visited again."
    )
