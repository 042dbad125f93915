"""What to do and say when numbers break: back to the epoch's start; which step, which layer first, and what to try."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from striate.training.feeding import Batch
from striate.training.functions import Tracer


class EpochStart:
    """What a model's training steps change, but for the optimizer's slots, which may take twice the weights' memory.

    Args:
        model: it is built and its training step is traced, so that all its Variables are there.
    """

    def __init__(self, model: Any) -> None:
        self.weights = [(weight, weight.read()) for weight in model.weights]
        self.state = [(variable, variable.read()) for variable in model.training_state.variables]
        self.optimizer = model.optimizer

    def broken(self) -> list[str]:
        """The names of weights that hold NaN or infinite values now, where they held none."""
        names = []
        with np.errstate(all="ignore"):
            for weight, before in self.weights:
                now = weight.read()
                # A sum costs little, and is finite unless an element is not or all are huge.
                if not np.isfinite(now.sum()) and (np.isfinite(before) & ~np.isfinite(now)).any():
                    names.append(weight.name)
        return names

    def put_back(self) -> None:
        """Makes the weights what they were, and the optimizer new but for its learning rate."""
        for variable, before in [*self.weights, *self.state]:
            variable.assign(before)
        self.optimizer.begin_anew()


def refuse_non_finite(model: Any, batch: Batch, loss: float, epoch: int, step: int, start: EpochStart) -> NoReturn:
    """Puts the epoch's start back and raises RuntimeError naming the step and the first culprit."""
    broken = start.broken()
    start.put_back()  # before the search: one NaN in an update breaks all weights, and the first layer would be blamed
    model.reset_metrics()
    what = f"weight '{broken[0]}'" if broken else "no weight"
    if len(broken) > 1:
        what += f" and {len(broken) - 1} more"
    if np.isfinite(loss):
        happened = f"The loss was {loss}, but {what} became NaN or infinite"
        unknown = "a gradient may be infinite where the loss is not, as the square root's is at 0"
    else:
        happened = f"The loss became {loss}"
        unknown = "all layers' outputs are finite, so the loss itself overflowed"
        if broken and step > 1:
            unknown = f"the updates since the epoch's start, where all is finite, made {what} NaN or infinite"
    raise RuntimeError(
        f"{happened} at step {step} of epoch {epoch + 1}: {_culprit(model, batch) or unknown}. The weights are "
        "again what they were at the epoch's start, and the optimizer begins anew. Try a smaller learning rate, scale "
        "the inputs (x / 255), or look for bad samples. striate.config.check_finite = False goes on regardless, and "
        "callbacks.TerminateOnNaN() stops without an error."
    )


def _culprit(model: Any, batch: Batch) -> str | None:
    """The first thing that is not finite on the way to the loss."""
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
    return None
