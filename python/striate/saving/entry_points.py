"""The functions that a file carries for C++: predict, and after compile() evaluate and train_step."""

from __future__ import annotations

import json
import warnings
from typing import Any

from striate import _core
from striate.metrics.mean import BaseMean
from striate.training.functions import Tracer


def trace(model: Any) -> list[Any]:
    """The functions, traced anew; a model that has neither symbolic inputs nor seen data has none.

    A loss or metric of one's own may not take the labels that are likely before any were seen. Then `predict` is the
    only function, with a warning.
    """
    if not model._knows_outputs:
        return []
    inputs = model.input_specs(())
    if model._workspace is None:
        model._workspace = _core.Workspace()
    objectives = model._make_objectives() if model.compiled else None
    tracer = Tracer(model, objectives, model.training_state, model._workspace)
    functions = [tracer.predict(inputs)]
    seen = model.labels_seen is not None
    if objectives is not None and (seen or objectives.own_loss or any(loss is not None for loss in objectives.losses)):
        try:
            functions += [make(inputs, model.label_specs(), []) for make in (tracer.test, tracer.train)]
        except (ValueError, TypeError, AttributeError) as error:  # AttributeError: of no labels at all
            if seen:
                raise
            warnings.warn(
                f"The file of model '{model.name}' will only predict: its loss or a metric does not take the labels "
                f"that are likely, so no training step can be written. Train a batch before save(). ({error})",
                stacklevel=4,
            )
    return functions


def input_shapes(model: Any) -> Any:
    """The inputs' shapes as JSON has them: a list, or a dict by name if the model takes one; None: not known."""
    if not model._knows_outputs:
        return None
    specs = model.input_specs(())
    shapes = {spec.name: list(spec.shape) for spec in specs}
    by_name = isinstance(model._input_structure, dict) and list(model._input_structure) == list(shapes)
    return shapes if by_name else [list(spec.shape) for spec in specs]


def metrics_text(model: Any, names: dict[Any, str]) -> str:
    """The metadata "entry_metrics": which variables hold the sums that C++ divides and prints. Metrics that are not
    plain means are left out."""
    described = [
        {"name": name, "sum": names[tracker.total], "count": names[tracker.count]}
        for name, tracker in zip(model.metrics_names, model.metrics, strict=True)
        if getattr(type(tracker), "result", None) is BaseMean.result
    ]
    return json.dumps({"train_step": described, "evaluate": described})
