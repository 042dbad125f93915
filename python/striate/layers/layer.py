"""Base of layers.

A layer's `call` serves three callers: a model that is being drawn (symbolic tensors; the call is recorded), a function
that is being traced (values of a graph), and somebody who wants to see numbers (arrays; computed at once).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from striate import config, dispatch, initializers, naming, regularizers, tracing, tree
from striate.layers import recording
from striate.layers.weights import WeightOwner
from striate.tensors import Node, SymbolicTensor

L = TypeVar("L", bound="Layer")


class Layer(WeightOwner):
    """What models are made of: weights and a `call` that computes outputs from inputs.

    Subclasses have `call(inputs)`, written in `striate.ops` and other layers; `build(input_shape)`, which makes the
    weights by `add_weight`, if they depend on the inputs' shape; and `get_config()`, if the constructor's arguments are
    not attributes of the same names. If `call` takes `training`, it gets True in `fit`, else False.

    Args:
        activity_regularizer: None; regularizers come in a later version.
        trainable: whether training changes the weights.
        dtype: the weights' type: "float32", the default, or "float64".
        autocast: whether inputs are cast to it.
        name: unique in a model; None: the class's name in snake case and a number.
        **kwargs: `input_shape` or `input_dim`, the shape of inputs without the batch's axis, for a Sequential's first
            layer.

    Raises:
        ValueError: an argument is unknown.

    Example:
        >>> class Doubling(Layer):
        ...     def call(self, inputs):
        ...         return inputs + inputs
        >>> Doubling()(np.float32([1, 2])).tolist()
        [2.0, 4.0]
    """

    _init_parameters: tuple[str, ...] = ()
    _call_takes_training = False
    _training_place: int | None = None  # where among the arguments of `call` it stands
    accepts_integers = False  # whether integer arrays stay integers
    _keeps_types = False  # whether floating inputs of another type than the layer's stay as they are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Looked at once a class, not once a call.
        parameters = inspect.signature(cls.call).parameters
        cls._call_takes_training = "training" in parameters
        kinds = [p.kind for p in parameters.values()]
        by_place = "training" in parameters and parameters["training"].kind == 1 and 2 not in kinds
        cls._training_place = list(parameters).index("training") - 1 if by_place else None
        named = [p.name for p in inspect.signature(cls.__init__).parameters.values() if p.kind not in (2, 4)]
        cls._init_parameters = tuple(dict.fromkeys([*named[1:], *cls._init_parameters]))
        if "build" in vars(cls):
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        given_shape = _given_input_shape(kwargs)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        if name is not None and (not isinstance(name, str) or "/" in name or not name):
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name!r}."
            )
        regularizers.get(activity_regularizer)
        super().__init__()
        self.name = name or naming.unique_name(type(self).__name__)
        self.built = False
        self.autocast = autocast
        self._dtype = config.standardize_dtype(dtype)
        self._given_shape = given_shape
        self._trainable = bool(trainable)
        self.inbound_nodes: list[Node] = []

    # --- what subclasses override ------------------------------------------------------------------------------
    def build(self, input_shape: Any) -> None:
        """Makes the weights; called once, before the first call, with the shape of the inputs (None: unknown)."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Computes outputs from inputs."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call()` method implemented.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, fit for JSON."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype}
        return {**base, **self._attribute_config(base)} if type(self).get_config is Layer.get_config else base

    def _attribute_config(self, base: dict[str, Any]) -> dict[str, Any]:
        """The constructor's other arguments, from the attributes of the same names."""
        own = [
            name for name in self._init_parameters if name not in {*base, "activity_regularizer", "autocast", "kwargs"}
        ]
        missing = [name for name in own if name not in vars(self)]
        if missing:
            raise NotImplementedError(
                f"Layer {type(self).__name__} takes {missing} in `__init__` and has no attributes of these names, so "
                "it must override `get_config()` to be saved."
            )
        return {name: getattr(self, name) for name in own}

    @classmethod
    def from_config(cls: type[L], config: dict[str, Any]) -> L:
        """The layer that `get_config` described, without its weights."""
        return cls(**config)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of this shape; found by tracing `call`."""
        if not self.built:
            self.build_from_shape(input_shape)
        shapes = recording.infer(self, recording.symbolic(input_shape, self._dtype))
        return tree.map_leaves(lambda tensor: tensor.shape, shapes)

    # --- calling -----------------------------------------------------------------------------------------------
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "_trainable" not in vars(self):
            raise RuntimeError(
                f"In layer {type(self).__name__}, you forgot to call `super().__init__()` first in `__init__`."
            )
        place = self._training_place
        if place is not None and place < len(args) and "training" not in kwargs:
            args, kwargs = args[:place], {**self._named(args[place:], place), **kwargs}
        given = tree.leaves((args, kwargs))
        if any(isinstance(x, SymbolicTensor) for x in given):
            return recording.record(self, args, kwargs)
        if dispatch.in_graph(given):
            with contextlib.nullcontext() if tracing.current() else tracing.Trace():
                return self._call_in_graph(args, kwargs)
        if tracing.current():  # what is computed of arrays and weights follows the weights from run to run
            return self._call_in_graph(*dispatch.as_constants(self._with_arrays(args, kwargs)))
        return self._call_eagerly(args, kwargs)

    def _named(self, args: tuple[Any, ...], start: int) -> dict[str, Any]:
        """Arguments of `call` from `training` on, which it gets by name."""
        names = list(inspect.signature(self.call).parameters)[start:]
        if len(args) > len(names):
            raise TypeError(
                f"Layer '{self.name}': `call` takes {start + len(names)} arguments. Received: {start + len(args)}."
            )
        return dict(zip(names, args, strict=False))

    def build_from_shape(self, input_shape: Any) -> None:
        """Builds if need be, under the layer's own path."""
        if self.built:
            return
        with tracing.scope(self._scope_name()), tracing.suspended():
            self.build(input_shape)
        self.built = True

    def _call_in_graph(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        trace = tracing.current()
        assert trace is not None
        training = kwargs.get("training")
        training = trace.training if training is None else bool(training)
        if self._call_takes_training:
            kwargs = {**kwargs, "training": training}
        else:
            kwargs = {key: value for key, value in kwargs.items() if key != "training"}
        if self.autocast and not self._keeps_types:
            args, kwargs = dispatch.cast_floats((args, kwargs), self._dtype)
        with tracing.scope(self._scope_name()):
            try:
                if not self.built:
                    with tracing.suspended():
                        self.build(_shapes(args, kwargs))
                    self.built = True
                outer = trace.training, trace.batch_like
                trace.training, trace.batch_like = training, _batch_like(args, kwargs, trace.batch_like)
                try:
                    outputs = self.call(*args, **kwargs)
                finally:
                    trace.training, trace.batch_like = outer
            except (ValueError, TypeError, IndexError, RuntimeError, MemoryError) as error:
                _name_layer(error, self, args, kwargs)
                raise
            if trace.activations is not None:
                trace.activations += [(tracing.current_path(), y) for y in tree.leaves(outputs)]
        return outputs

    def _call_eagerly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args, kwargs = self._with_arrays(args, kwargs)
        given = tree.leaves((args, kwargs))
        if not any(isinstance(x, np.ndarray) for x in given):
            refused = next((x for x in given if x is not None and not isinstance(x, bool)), None)
            raise ValueError(
                f"Layer '{self.name}' takes arrays or tensors. Received: {refused!r} of type {type(refused).__name__} "
                "(Unrecognized data type). Use numpy.asarray(...)."
            )
        with tracing.Trace(training=bool(kwargs.get("training", False))) as trace:
            values = dispatch.as_constants((args, kwargs))
            outputs = self._call_in_graph(*values)
        updates = list(trace.updates.items())
        outputs, new = dispatch.evaluate((outputs, [value for _, value in updates]))
        for (variable, _), value in zip(updates, new, strict=True):
            variable.assign(value)
        return outputs

    def _with_arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tree.map_leaves(self._as_array, args), {key: self._as_array(x) for key, x in kwargs.items()}

    def _as_array(self, x: Any) -> Any:
        """An array in the layer's type; everything that is none stays."""
        if not isinstance(x, (np.ndarray, np.generic)):
            return x
        floats = x.dtype.kind == "f" or (not self.accepts_integers and x.dtype.kind in "iub")
        return np.asarray(x, self._dtype if self.autocast and floats else None)

    def _scope_name(self) -> str:
        return self.name

    # --- weights and updates -----------------------------------------------------------------------------------
    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Any:
        """A new weight, a Variable named "<layers' names>/<name>".

        Args:
            shape: sizes; None: a scalar.
            initializer: what makes the first values: a name, an initializer, or a function of (shape, dtype).
            dtype: the element type; None: the layer's.
            trainable: whether training changes it.
            autocast, regularizer, constraint: their defaults; other values come in a later version.
            name: unique in the layer; None: "variable".
        """
        regularizers.get(regularizer)
        if constraint is not None:
            raise ValueError(f"add_weight: `constraint` comes in a later version of striate. Received: {constraint!r}.")
        sizes = (shape,) if hasattr(shape, "__index__") else tuple(shape or ())
        dtype = self._dtype if dtype is None else str(np.dtype(dtype))
        make = initializers.get(initializer or ("glorot_uniform" if dtype.startswith("float") else "zeros"))
        path = tracing.current_path() if tracing.depth() else self.name
        with tracing.suspended():
            first = np.asarray(make(sizes, dtype), dtype)
        return self.own(f"{path}/{name or 'variable'}", first, trainable)

    def add_update(self, variable: Any, value: Any) -> None:
        """At the end of the running step the variable takes the value; later reads in this trace see it already."""
        if tracing.current() is not None:
            variable.assign(value)

    def add_loss(self, loss: Any) -> None:
        """Adds a scalar to the loss of the step that is being traced."""
        trace = tracing.current()
        if trace is not None:
            trace.losses.extend(tree.leaves(loss))

    # --- where it stands in a model ----------------------------------------------------------------------------
    @property
    def dtype(self) -> str:
        return self._dtype

    compute_dtype = variable_dtype = dtype

    @property
    def input(self) -> Any:
        """The symbolic tensors of the layer's first call."""
        return recording.first_call(self).args[0]

    @property
    def output(self) -> Any:
        """What the layer's first call on symbolic tensors gave."""
        return recording.first_call(self).outputs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _marking_built(build: Callable[..., Any]) -> Callable[..., Any]:
    """`build` that a user may call before the layer's first call, which would otherwise make the weights anew."""

    @functools.wraps(build)
    def marking(self: Layer, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        self.built = True

    return marking


def _given_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """The shape of inputs, without the batch's axis, that a Sequential's first layer may name."""
    if "input_dim" in kwargs:
        return (kwargs.pop("input_dim"),)
    for name, skip in (("input_shape", 0), ("batch_input_shape", 1)):
        if name in kwargs:
            shape = kwargs.pop(name)
            return None if shape is None else tuple([shape] if hasattr(shape, "__index__") else shape)[skip:]
    return None


def _shapes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The shape, or shapes, of the first argument."""
    first = args[0] if args else next(iter(kwargs.values()), None)
    return tree.map_leaves(lambda x: tuple(x.shape) if hasattr(x, "shape") else None, first)


def _batch_like(args: tuple[Any, ...], kwargs: dict[str, Any], outer: Any) -> Any:
    """A tensor whose first size is the batch's: the first where it is unknown, the outer layer's, or just the first."""
    tensors = [x for x in tree.leaves((args, kwargs)) if hasattr(x, "dtype") and len(getattr(x, "shape", ()))]
    unknown = next((x for x in tensors if x.shape[0] is None), outer)
    return tensors[0] if unknown is None and tensors else unknown


def _name_layer(error: BaseException, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Puts the innermost layer's name and the shapes it was called with before the message, once."""
    if getattr(error, "striate_layer", None) is not None or not error.args:
        return
    error.striate_layer = layer.name  # type: ignore[attr-defined]
    text = str(error.args[0]).replace(f" (layer '{tracing.current_path()}')", "")  # the engine's way of saying where
    if f'"{layer.name}"' not in text:
        text = f"In layer '{layer.name}' ({type(layer).__name__}), called on shape {_shapes(args, kwargs)}: {text}"
    error.args = (text, *error.args[1:])
