"""What a model is compiled with, and the model as training sees it."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import optimizers, tree
from striate.layers import recording
from striate.layers.weights import frozen_layers, trainable_changes
from striate.training.feeding import Spec
from striate.training.functions import TrainingState
from striate.training.memory_limit import checked_max_memory
from striate.training.objectives import Objectives
from striate.training.overrides import refuse_own_steps
from striate.training.ready import Ready
from striate.training.spreading import unique_names


class Compiled:
    """The part of `Model` that knows its optimizer, losses and metrics, and the functions traced with them.

    It is mixed into a layer with `graph` (the model's record of calls, or None), `build`, `name` and `weights`.
    """

    _objectives: Objectives | None = None
    _training_state: TrainingState | None = None
    _looked_at = -1
    _frozen: tuple[Any, ...] = ()
    # Types and shapes, without the batch's axis, of the labels that a training or test step was last traced for.
    labels_seen: list[tuple[str, tuple[int | None, ...]]] | None = None
    # Of a model without a graph, as soon as it is built: symbolic tensors, Nones and shapes.
    _input_structure: Any = None
    _output_structure: Any = None
    _output_shapes: list[Any] | None = None
    history: Any = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        max_memory: Any = None,
    ) -> None:
        """Says what training makes small, how, and what to report.

        Args:
            optimizer: a name ("sgd", "adam"), a config or an instance.
            loss: a name, a function or an instance; for several outputs a list or a dict by output name.
            loss_weights: factors of the losses of several outputs, a list or a dict.
            metrics: a list of names ("accuracy"), functions or instances; for several outputs a list with one of these,
                a list of them or None for each, or a dict.
            weighted_metrics, run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: Keras's arguments; each
                takes its default, and what means nothing here is ignored.
            max_memory: what a training step may take, as `memory(batch_size, training=True).total` counts it: weights,
                optimizer slots, activations and gradients, threads' scratch. An integer of bytes, or a text like
                "512 MB" or "2 GB" (MB: 1000² bytes, MiB: 1024²); None: no limit. Where a step would take more, parts of
                the forward pass are computed again during the backward pass in place of being kept, cheapest first;
                results have the same bits, and a step takes longer. Data, and what `evaluate` and `predict` keep of
                their own, are not counted; nor is the copy of the weights that `fit` keeps of each epoch's start, as
                many bytes as the weights have (none with `striate.config.check_finite = False`).

        Raises:
            ValueError: an argument is unknown, comes in a later version, or does not fit the outputs.
            NotImplementedError: the model's or the optimizer's class overrides a method that a compiled step would
                never call, such as `train_step`.

        Training raises MemoryError, which names the least that would do, where `max_memory` is not enough for a batch.
        """
        refuse_own_steps(self)
        self._compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "auto_scale_loss": auto_scale_loss,
            "max_memory": checked_max_memory(max_memory),
        }
        self._objectives = None
        self.labels_seen = None
        self._training_state = self.training_state  # its seed is drawn now, whichever of several models trains first
        self.forget_functions()
        if self._knows_outputs:  # else the first batch does this
            self._make_objectives()

    def _make_objectives(self) -> Objectives:
        if self._objectives is None:
            self._objectives = Objectives(list(self.output_names), own_loss=self._own_loss, **self._compile_arguments)
            self._compile_arguments["optimizer"] = self._objectives.optimizer
        return self._objectives

    @property
    def _own_loss(self) -> bool:
        return type(self).compute_loss is not Compiled.compute_loss

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """What a training or test step makes small: the losses of `compile`, weighted, and what `add_loss` was given.

        A subclass may override it; it is traced once, on values of a graph, so it is written in `striate.ops`.

        Args:
            x: the inputs, in the model's structure.
            y: the labels: one, a list, or a dict where the outputs are one; None: there are none.
            y_pred: the outputs, in the model's structure.
            sample_weight: None; or weights, one, or a list, as labels are.
            training: whether this is a training step.

        Returns:
            A scalar.

        Raises:
            ValueError: there is no loss, or labels do not fit the outputs.
        """
        goals = self._make_objectives()
        weights = [] if sample_weight is None else tree.leaves(sample_weight)
        parts = goals.parts([] if y is None else tree.leaves(y), tree.leaves(y_pred), weights)
        return goals.total(parts, self.losses)

    def forget_functions(self) -> None:
        """Lets the next step trace the model anew: its layers or what is trainable have changed."""
        self._traced: dict[tuple[Any, ...], dict[tuple[Any, ...], Any]] = {}
        self._ready: dict[str, Ready] = {}

    @property
    def _functions(self) -> dict[tuple[Any, ...], Any]:
        """The functions traced with the layers trainable that are now. Freezing layers and thawing them again, as GANs
        do at each step, traces twice in all."""
        if self._looked_at != trainable_changes():
            self._looked_at, self._frozen = trainable_changes(), frozen_layers(self)  # type: ignore[arg-type]
        return self._traced.setdefault(self._frozen, {})

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return getattr(self, "_compile_arguments", None) is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer, or None before `compile`."""
        if not self.compiled:
            return None
        if self._objectives is None:  # not built yet
            self._compile_arguments["optimizer"] = optimizers.get(self._compile_arguments["optimizer"])
            return self._compile_arguments["optimizer"]
        return self._objectives.optimizer

    @property
    def loss(self) -> Any:
        """The loss as `compile` was given it."""
        return self._compile_arguments["loss"] if self.compiled else None

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, the loss's mean first; those that depend on the labels' shape come with data."""
        return list(self._objectives.trackers.values()) if self._objectives else []

    @property
    def metrics_names(self) -> list[str]:
        """The names in `evaluate`'s result, in its order."""
        return list(self._objectives.trackers) if self._objectives else []

    def reset_metrics(self) -> None:
        """Forgets what metrics have gathered."""
        if self._objectives:
            self._objectives.reset()

    @property
    def training_state(self) -> TrainingState:
        """Seed, step and epoch, which make runs repeatable."""
        if self._training_state is None:
            self._training_state = TrainingState()
        return self._training_state

    # --- the model as functions see it ---------------------------------------------------------------------------
    def look_through(self, input_shape: Any) -> None:
        """Finds what `call` takes and gives, by tracing it on inputs of this shape."""
        inputs = recording.symbolic(input_shape, self.dtype)
        self._keep_outputs(recording.infer(self, inputs))
        leaves, keys = tree.leaves(inputs), list(inputs) if isinstance(inputs, dict) else []
        for i, tensor in enumerate(leaves):
            tensor.name = keys[i] if len(keys) == len(leaves) else f"input_{i}"
            tensor.shape = (None, *tensor.shape[1:])
        self._input_structure = inputs

    def _keep_outputs(self, outputs: Any) -> list[Any]:
        self._output_structure = tree.map_leaves(lambda _: None, outputs)
        leaves = tree.leaves(outputs)
        self._output_shapes = [tuple(value.shape) for value in leaves]
        return leaves

    @property
    def _knows_outputs(self) -> bool:
        return self.graph is not None or self._output_shapes is not None

    def input_specs(self, x: Any) -> list[Spec]:
        """What the model's inputs take. Data build a model that has not been yet.

        A model without a graph takes what these data are; if there are none, what it was traced for, with None where
        that differed.
        """
        if not self._knows_outputs:
            shapes = tree.map_leaves(lambda a: (None, *np.shape(a)[1:]), x)
            if not self.built:
                self.build(shapes)
            if not self._knows_outputs:  # its own `build` has only made weights
                self.look_through(shapes)
        tensors = tree.leaves(self._input_structure) if self.graph is None else self.graph.flat_inputs
        specs = [Spec(tensor.name, tensor.dtype, tuple(tensor.shape)) for tensor in tensors]
        if self.graph is not None:
            return specs
        arrays: list[Any] = [x.get(spec.name) for spec in specs] if isinstance(x, dict) else tree.leaves(x)
        shapes = [np.shape(a)[1:] for a in arrays] or self._traced_input_shapes()
        if len(shapes) != len(specs):  # the check of the data tells
            return specs
        return [spec._replace(shape=(None, *shape)) for spec, shape in zip(specs, shapes, strict=True)]

    def _traced_input_shapes(self) -> list[tuple[int | None, ...]]:
        built = [tensor.shape[1:] for tensor in tree.leaves(self._input_structure)]
        traced = [key[2] for key in self._functions] or [built]
        return [
            tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True))
            for shapes in zip(*traced, strict=True)
        ]

    def trace(self, values: list[Any], training: bool) -> list[Any]:
        """The outputs for these values of a graph."""
        if self.graph is not None:
            return tree.leaves(self(values if len(values) > 1 else values[0], training=training))
        given = iter(values)
        inputs = tree.map_leaves(lambda _: next(given), self._input_structure)
        return self._keep_outputs(self(inputs, training=training))

    @property
    def output_names(self) -> list[str]:
        """The names by which losses and metrics know the outputs: those of the layers that give them."""
        structure = self._output_structure if self.graph is None else self.graph.outputs
        if isinstance(structure, dict) and len(structure) == len(self.output_shapes):
            return list(structure)
        if self.graph is None:
            return [f"output_{i + 1}" for i in range(len(self.output_shapes))]
        return unique_names([tensor.history[0].layer.name for tensor in self.graph.flat_outputs])

    @property
    def structures(self) -> tuple[Any, Any]:
        """The inputs and the outputs as they stand in lists and dicts, whatever their leaves are."""
        if self.graph is not None:
            return self.graph.inputs, self.graph.outputs
        return self._input_structure, self._output_structure

    @property
    def output_shapes(self) -> list[Any]:
        """The outputs' shapes, the batch's axis included."""
        if self.graph is not None:
            return [tuple(tensor.shape) for tensor in self.graph.flat_outputs]
        return list(self._output_shapes or ())
