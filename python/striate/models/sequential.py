"""Models of layers one behind the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from striate.layers.input_layer import Input, InputLayer
from striate.layers.layer import Layer
from striate.models import configuration
from striate.models.graph import CallGraph
from striate.models.model import Model
from striate.tensors import SymbolicTensor


class Sequential(Model):
    """Layers one behind the other, each of which takes one tensor and gives one.

    Weights are made as soon as the shape of the inputs is known: from an `Input` at the front, from the first layer's
    `input_shape=`, from `build(input_shape)`, or from the first data.

    Args:
        layers: a list of layers; None: none yet.
        trainable: whether training changes the weights.
        name: None: "sequential" and a number.

    Example:
        >>> model = Sequential([Input((4,)), layers.Dense(2)])
        >>> model.count_params()
        10
    """

    def __init__(
        self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, trainable=trainable, **kwargs)
        self._stack: list[Any] = []
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Puts a layer behind the last.

        Raises:
            ValueError: it is no layer, its name is taken, or it does not fit behind the last.
        """
        if isinstance(layer, SymbolicTensor) and layer.history and isinstance(layer.history[0].layer, InputLayer):
            layer = layer.history[0].layer
        if not isinstance(layer, Layer):
            raise ValueError(f"Only instances of `striate.Layer` can be added to a Sequential. Received: {layer!r}.")
        if any(layer.name == other.name for other in self._stack):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already the "
                "name of a layer in this model."
            )
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(f"Sequential model '{self.name}' has layers already: an InputLayer must come first.")
        if self.graph is not None:
            output = layer(self.graph.outputs)
            self._stack.append(layer)
            self._set_graph(CallGraph(self.graph.inputs, output, self.name))
            return
        self._stack.append(layer)
        shape = _known_input(self._stack[0]) if len(self._stack) == 1 else None
        if isinstance(layer, InputLayer):
            self._set_graph(CallGraph(layer.output, layer.output, self.name))
        elif shape is not None:
            self._draw(shape)

    def pop(self, rebuild: bool = True) -> Any:
        """Takes the last layer off and returns it.

        Raises:
            TypeError: there is none.
        """
        if not self._stack:
            raise TypeError("There are no layers in the model.")
        layer = self._stack.pop()
        if self.graph is not None:
            last = self.graph.outputs.history[0]
            layer.inbound_nodes = [node for node in layer.inbound_nodes if node is not last]
            source = last.inputs[0] if last.inputs else None
            self._set_graph(None if source is None else CallGraph(self.graph.inputs, source, self.name))
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape, the batch's axis included.

        Raises:
            ValueError: there are no layers, or one does not fit.
        """
        if self.graph is not None:
            return
        if input_shape is None:
            raise ValueError(f"Sequential model {self.name} cannot be built without an `input_shape`.")
        if not self._stack:
            raise ValueError(
                f"Sequential model {self.name} cannot be built: it has no layers. Call `model.add(layer)`."
            )
        self._draw(tuple(input_shape))

    def _draw(self, batch_shape: tuple[int | None, ...]) -> None:
        inputs = output = Input(batch_shape=(None, *batch_shape[1:]))
        for layer in self._stack:
            output = layer(output)
        self._set_graph(CallGraph(inputs, output, self.name))

    def prepare_inputs(self, inputs: Any) -> Any:
        if self.graph is None and hasattr(inputs, "shape"):
            self.build_from_shape(tuple(inputs.shape))
        return super().prepare_inputs(inputs)

    @property
    def layers(self) -> list[Any]:
        """The layers, without the input's."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError("`Sequential.layers` attribute is reserved. Use `add()` and `pop()`.")

    def sublayers(self) -> list[Any]:
        return list(self.__dict__.get("_stack", ()))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        stack = list(self._stack)
        if self.graph is not None and not isinstance(stack[0], InputLayer):
            stack.insert(0, self.graph.inputs.history[0].layer)
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "layers": [configuration.serialize_layer(layer) for layer in stack],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        described = config.get("layers", ())
        model = cls(name=config.get("name"), dtype=config.get("dtype"))
        for layer in described:
            model.add(configuration.deserialize_layer(layer, custom_objects))
        if not config.get("trainable", True):
            model._trainable = False  # the layers' own configurations say what they are
        return model


def _known_input(layer: Any) -> tuple[int | None, ...] | None:
    """The shape of inputs that a first layer tells of, with the batch's axis."""
    if layer._given_shape is not None:
        return (None, *layer._given_shape)
    graph = getattr(layer, "graph", None)
    return graph.inputs.shape if graph is not None and isinstance(graph.inputs, SymbolicTensor) else None
