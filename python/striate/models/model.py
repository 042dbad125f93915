"""Models: layers that can be trained, saved and looked at."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from striate import dispatch, tracing, tree
from striate.layers.layer import Layer
from striate.models import configuration
from striate.models.graph import CallGraph
from striate.tensors import SymbolicTensor
from striate.training.feeding import fitted
from striate.training.trainer import Trainer


class Model(Trainer, Layer):
    """A layer with inputs and outputs of its own.

    Either functional, `Model(inputs, outputs)`: the calls of layers that lead from one to the other; or a subclass that
    makes its layers in `__init__` and calls them in `call`.

    Args:
        inputs: a symbolic tensor made by `Input`, or a list or dict of them. Any tensor of another model will do.
        outputs: a symbolic tensor, or a list or dict of them.
        name: None: "functional" or the class's name, and a number.
        trainable: whether training changes the weights.

    Raises:
        ValueError: an output does not follow from the inputs, or two layers have one name.

    Example:
        >>> x = Input((4,))
        >>> model = Model(x, layers.Dense(2)(x))
        >>> model.predict(np.zeros((3, 4)), verbose=0).shape
        (3, 2)
    """

    graph: CallGraph | None = None
    _keeps_types = True  # its inputs say what they take
    _keeps_losses = False
    _losses: Any = ()

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, trainable: bool = True, **kwargs: Any
    ) -> None:
        functional = inputs is not None or outputs is not None
        if functional and (inputs is None or outputs is None):
            raise ValueError("A functional model takes both `inputs` and `outputs`.")
        if functional and name is None and type(self) is Model:
            from striate import naming

            name = naming.unique_name("functional")
        super().__init__(name=name, **kwargs)
        self.forget_functions()
        if functional:
            self._set_graph(CallGraph(inputs, outputs, self.name))
        if not trainable:
            self.trainable = False

    def _set_graph(self, graph: CallGraph | None) -> None:
        self.graph = graph
        self.built = graph is not None
        self.forget_functions()

    # --- calling -----------------------------------------------------------------------------------------------
    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Replays the calls of layers."""
        if self.graph is None:
            raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")
        return self.graph.replay(self._in_order(inputs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args:
            args = (self.prepare_inputs(args[0]), *args[1:])
        elif "inputs" in kwargs:
            kwargs = {**kwargs, "inputs": self.prepare_inputs(kwargs["inputs"])}
        return super().__call__(*args, **kwargs)

    def prepare_inputs(self, inputs: Any) -> Any:
        """Arrays as the model's inputs want them: their type, and with or without a last axis of size 1.

        Raises:
            ValueError: their number or a shape does not fit.
        """
        if self.graph is None:
            return tree.map_leaves(self._as_array, inputs)
        given, wanted = self._in_order(inputs), self.graph.flat_inputs
        fitted = iter([_fit(x, want, self.name, i) for i, (x, want) in enumerate(zip(given, wanted, strict=True))])
        return tree.map_leaves(lambda _: next(fitted), self.graph.inputs)

    def _call_eagerly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._keeps_losses, self._losses = True, []
        try:
            return super()._call_eagerly(args, kwargs)
        finally:
            self._keeps_losses = False

    def _call_in_graph(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = super()._call_in_graph(args, kwargs)
        trace = tracing.current()
        if self._keeps_losses and trace is not None and trace.losses:
            self._losses = dispatch.evaluate(list(trace.losses))
        return outputs

    @property
    def losses(self) -> list[Any]:
        """What layers have given `add_loss`: in the step that is being traced, else in the last call on arrays."""
        trace = tracing.current()
        return list(self._losses if trace is None else trace.losses)

    def _in_order(self, inputs: Any) -> list[Any]:
        """Tensors in the order of the model's inputs; a dict is read by the inputs' names."""
        wanted = self.graph.flat_inputs if self.graph else []
        if isinstance(inputs, dict):
            keys = list(self.graph.inputs) if self.graph and isinstance(self.graph.inputs, dict) else None
            keys = keys or [tensor.name for tensor in wanted]
            missing = [key for key in keys if key not in inputs]
            if missing:
                raise ValueError(f"Model '{self.name}' needs an input named {missing[0]!r}. Received: {list(inputs)}.")
            return [inputs[key] for key in keys]
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(given) != len(wanted):
            raise ValueError(
                f'Layer "{self.name}" expects {len(wanted)} input(s), but it received {len(given)} input tensors. '
                "Python lists of numbers are not data: use numpy.asarray(...)."
            )
        return given

    def _scope_name(self) -> str:
        return self.name if tracing.depth() else ""

    # --- what it is made of ------------------------------------------------------------------------------------
    @property
    def layers(self) -> list[Any]:
        """The layers, in the order in which weights and the summary list them."""
        return list(self.graph.layers) if self.graph else self.sublayers()

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError("`Model.layers` attribute is reserved and should not be used. Please use another name.")

    def sublayers(self) -> list[Any]:
        return list(self.graph.layers) if self.graph else super().sublayers()

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic input tensors."""
        return list(self._drawn().flat_inputs)

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic output tensors."""
        return list(self._drawn().flat_outputs)

    @property
    def input(self) -> Any:
        """The symbolic inputs, in the structure they were given in."""
        return self._drawn().inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs, in the structure they were given in."""
        return self._drawn().outputs

    @property
    def input_shape(self) -> Any:
        return tree.map_leaves(lambda tensor: tensor.shape, self.input)

    @property
    def output_shape(self) -> Any:
        return tree.map_leaves(lambda tensor: tensor.shape, self.output)

    def _drawn(self) -> CallGraph:
        if self.graph is None:
            raise AttributeError(
                f"Model '{self.name}' has no symbolic inputs and outputs: it is not functional, or not built yet. "
                "Give it an Input, or call build(input_shape)."
            )
        return self.graph

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by its name or its place in `layers`.

        Raises:
            ValueError: there is none, or both or neither are given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"Provide either a layer name or layer index at `get_layer`. Received: {name=}, {index=}.")
        found = self.layers
        if index is not None:
            if not -len(found) <= index < len(found):
                raise ValueError(f"Was asked to retrieve layer {index}, but the model only has {len(found)} layers.")
            return found[index]
        for layer in found:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in found]}.")

    def build(self, input_shape: Any) -> None:
        """Makes the weights of a model that has no symbolic inputs, for inputs of this shape (None: unknown)."""
        if not self.built:
            self.built = True  # tracing `call` builds the layers
            try:
                self.look_through(input_shape)
            except BaseException:
                self.built = False
                raise

    # --- telling and keeping -----------------------------------------------------------------------------------
    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints a table of the layers; `print_fn` gets the text instead, if given."""
        from striate.models.summary import summary_text

        text = summary_text(self, line_length, positions, expand_nested, show_trainable, layer_range)
        (print_fn or print)(text)

    def get_config(self) -> dict[str, Any]:
        if self.graph is not None and type(self).call is Model.call:
            return configuration.of_graph(self)
        base = super().get_config()
        if type(self).get_config is Model.get_config:
            return {**base, **self._attribute_config({**base, "inputs": None, "outputs": None})}
        return base

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        if "input_layers" in config:
            return configuration.to_graph(cls, config, custom_objects)
        return cls(**config)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, without weights; `model_from_json` reads it."""
        return json.dumps(configuration.serialize_layer(self), **{"default": configuration.plain_number, **kwargs})

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Writes the model to a file: layers, weights, optimizer, and what C++ needs to run and to train it."""
        from striate import saving

        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Writes the weights alone to a file."""
        from striate import saving

        saving.save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Reads weights from a file that this model, or one of the same layers, has written."""
        from striate import saving

        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch)


def _fit(x: Any, want: SymbolicTensor, model: str, index: int) -> Any:
    """A tensor in the rank of an input, as `feeding.fitted` says, and an array in its type."""
    if isinstance(x, (np.ndarray, np.generic)):
        if x.dtype.kind not in "fiub":
            raise ValueError(f"Model '{model}': input {index} has elements of type {x.dtype}, which are no numbers.")
        x = np.asarray(x, want.dtype)
    elif not hasattr(x, "shape"):
        raise ValueError(
            f"Model '{model}': input {index} is of type {type(x).__name__} (Unrecognized data type). Use "
            "numpy.asarray(...)."
        )
    found = fitted(x, want.shape)
    if found is None:
        raise ValueError(
            f'Input {index} of layer "{model}" is incompatible with the layer: expected shape={want.shape}, found '
            f"shape={tuple(x.shape)}. Reshape the data, or build the model for its shape."
        )
    return found
