"""What to say when numbers break: which step, which layer first, and what to try."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from striate.training.feeding import Batch
from striate.training.functions import Tracer


def refuse_non_finite(
    model: Any, batch: Batch, loss: float, epoch: int, step: int, saved: list[np.ndarray]
) -> NoReturn:
    """Puts the weights of the epoch's start back and raises RuntimeError naming the step and the first culprit."""
    culprit = _culprit(model, batch)
    for weight, array in zip(model.weights, saved, strict=False):
        weight.assign(array)
    raise RuntimeError(
        f"The loss became {loss} at step {step} of epoch {epoch + 1}: {culprit}. The weights are again the last "
        "finite ones at an epoch's start. Try a smaller learning rate, scale the inputs (x / 255), or look for bad "
        "samples. "
        "striate.config.check_finite = False goes on regardless, and callbacks.TerminateOnNaN() stops without an error."
    )


def _culprit(model: Any, batch: Batch) -> str:
    for spec, array in zip(model.input_specs(batch.inputs), batch.inputs, strict=True):
        if not np.isfinite(array).all():
            return f"input '{spec.name}' holds NaN or infinite values"
    for i, array in enumerate(batch.targets):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"the labels (output {i}) hold NaN or infinite values"
    broken = [weight.name for weight in model.weights if not np.isfinite(weight.read()).all()]
    tracer = Tracer(model, None, model.training_state, model._workspace)
    function, names = tracer.activations(model.input_specs(batch.inputs), training=True)
    for name, array in zip(names, function.run(batch.inputs), strict=True):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            why = f" (its weight '{broken[0]}' is not finite)" if any(b.startswith(f"{name}/") for b in broken) else ""
            return f"layer '{name}' is the first whose output holds NaN or infinite values{why}"
    if broken:
        return f"the update made weight '{broken[0]}' of layer '{broken[0].rpartition('/')[0]}' NaN or infinite"
    return "all layers' outputs are finite, so the loss itself overflowed"
