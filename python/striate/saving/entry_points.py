"""The functions that a file carries for C++: predict, and after compile() evaluate and train_step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from striate import _core, losses
from striate.metrics.mean import BaseMean
from striate.training.feeding import Spec
from striate.training.functions import Tracer


def trace(model: Any) -> list[Any]:
    """The functions, traced anew; a model that has neither symbolic inputs nor seen data has none."""
    inputs = input_specs(model)
    if inputs is None:
        return []
    if model._workspace is None:
        model._workspace = _core.Workspace()
    if not model.compiled:
        return [Tracer(model, None, model.training_state, model._workspace).predict(inputs)]
    objectives = model._make_objectives()
    tracer = Tracer(model, objectives, model.training_state, model._workspace)
    functions = [tracer.predict(inputs)]
    targets = target_specs(model, objectives)
    if targets is not None:
        functions += [tracer.test(inputs, targets, False), tracer.train(inputs, targets, False)]
    return functions


def input_specs(model: Any) -> list[Spec] | None:
    """What the model takes; of a model without symbolic inputs, what it has taken."""
    if model.graph is not None:
        return list(model.input_specs(None))
    for (kind, *_), function in reversed(model._functions.items()):
        if kind == "predict":
            return [Spec(f"input_{i}", x.dtype, tuple(x.shape)) for i, x in enumerate(function.inputs)]
    for (_, weighted, *targets), function in reversed(model._functions.items()):
        count = len(function.inputs) - len(targets) * (2 if weighted else 1)
        return [Spec(f"input_{i}", x.dtype, tuple(x.shape)) for i, x in enumerate(function.inputs[:count])]
    return None


def target_specs(model: Any, objectives: Any) -> list[Spec] | None:
    """The labels: as they were in the last training or test step, else what each loss takes by its nature."""
    if all(loss is None for loss in objectives.losses):
        return None
    for kind, _, *targets in reversed(model._functions):
        if kind != "predict" and targets:
            return _named([(np.dtype(char).name, shape) for char, shape in targets])
    described = []
    for loss, shape in zip(objectives.losses, model.output_shapes, strict=True):
        sparse = isinstance(loss, losses.SparseCategoricalCrossentropy)
        described.append(("int64", tuple(shape[1:-1])) if sparse else ("float32", tuple(shape[1:])))
    return _named(described)


def _named(targets: list[tuple[str, tuple[int | None, ...]]]) -> list[Spec]:
    return [
        Spec(f"y_{i}" if len(targets) > 1 else "y", dtype, (None, *shape)) for i, (dtype, shape) in enumerate(targets)
    ]


def metrics_text(model: Any, names: dict[Any, str]) -> str:
    """The metadata "entry_metrics": which variables hold the sums that C++ divides and prints. Metrics that are not
    plain means are left out."""
    described = [
        {"name": tracker.name, "sum": names[tracker.total], "count": names[tracker.count]}
        for tracker in model.metrics
        if getattr(type(tracker), "result", None) is BaseMean.result
    ]
    return json.dumps({"train_step": described, "evaluate": described})
