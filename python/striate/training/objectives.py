"""What compile() is given: an optimizer, losses and metrics, matched with the model's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import losses, metrics, ops, optimizers
from striate.training import feeding
from striate.training.spreading import (
    check_apart,
    figure,
    named,
    prepared,
    resolved,
    spread,
    spread_metrics,
    unique_names,
    wanted_metrics,
    weights_of_losses,
)
from striate.utils.later import refuse_later

# Arguments of compile() whose meaning comes later (or that have none here), and what they may be.
_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "weighted_metrics": (None, []),
    "run_eagerly": (False, None),
    "steps_per_execution": (1, None),
    "jit_compile": ("auto", True, False, None),
    "auto_scale_loss": (True, False),
}


class Objectives:
    """The optimizer, and for each output of a model its loss, the loss's weight and its metrics.

    Args:
        output_names: the model's outputs.
        optimizer, loss, loss_weights, metrics: as `Model.compile` takes them.
        max_memory: bytes that a training step may take, or None.
        own_loss: whether the model's class overrides `compute_loss`, which takes whatever labels it likes.
        **others: `compile`'s other arguments, which take their defaults alone.

    Attributes:
        labelled: the numbers of the outputs that a loss or a metric compares with labels.

    Raises:
        ValueError: an argument is unknown, comes in a later version, or does not fit the outputs.
        NotImplementedError: the optimizer's class overrides what would never be called.
    """

    def __init__(
        self,
        output_names: list[str],
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        max_memory: int | None = None,
        own_loss: bool = False,
        **others: Any,
    ) -> None:
        for name, value in others.items():
            if name not in _ACCEPTED:
                raise ValueError(f"compile() got an unexpected argument `{name}`.")
            if not any(value is known or value == known for known in _ACCEPTED[name]):
                refuse_later("compile()", {name: (value, _ACCEPTED[name][0])})
        self.output_names = output_names
        self.given = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics}
        self.optimizer = optimizers.get(optimizer)
        optimizers.refuse_own_updates(self.optimizer)
        self.max_memory = max_memory
        self.own_loss = own_loss
        self.losses = [losses.get(item) for item in spread(loss, output_names, "loss", repeat=True)]
        self.loss_weights = weights_of_losses(loss_weights, output_names)
        # Names are looked up now, while a surrounding `custom_object_scope` knows them.
        self.wanted = [
            [prepared(each) for each in wanted_metrics(item)] for item in spread_metrics(metrics, output_names)
        ]
        check_apart([item for wanted in self.wanted for item in wanted])
        self.labelled = [i for i, loss in enumerate(self.losses) if loss is not None or self.wanted[i]]
        self.loss_mean = new_mean("loss")
        several = len(output_names) > 1 and not own_loss  # what a loss of one's own is made of is not known
        self.output_means = {
            i: new_mean(f"{name}_loss") for i, name in enumerate(output_names) if several and self.losses[i] is not None
        }
        self.metrics: list[list[Any]] | None = None  # made when the shapes of labels and predictions are known
        self.trackers = self._by_log_name()

    # --- labels --------------------------------------------------------------------------------------------------
    def labels_in(self, y: Any) -> list[np.ndarray]:
        """The labels that a step takes, as arrays: for the outputs that a loss or a metric wants them of, in order; for
        a `compute_loss` of one's own all that are given.

        Raises:
            ValueError: one is missing, or there are too many.
        """
        if self.own_loss and not isinstance(y, dict):
            return feeding.listed(y, [], "y")
        spare = [name for i, name in enumerate(self.output_names) if i not in self.labelled]
        arrays = feeding.listed(y, self.output_names, "y", optional=spare)
        if self.own_loss:
            return [array for array in arrays if array is not None]
        return [arrays[i] for i in self.labelled]

    def places(self, count: int) -> list[int]:
        """The numbers of the outputs that so many labels belong to; none if only the model's own loss can tell.

        Raises:
            ValueError: that cannot be told.
        """
        if count == len(self.labelled):
            return self.labelled
        if count == len(self.output_names):
            return list(range(count))
        if self.own_loss and not any(self.wanted):
            return []
        raise self._misfit(count)

    def _misfit(self, count: int) -> ValueError:
        wanted = [self.output_names[i] for i in self.labelled]
        return ValueError(f"`y` holds {count} arrays; losses and metrics want one for each of the outputs {wanted}.")

    def likely_labels(self, output_shapes: list[Any]) -> list[tuple[str, tuple[int | None, ...]]]:
        """The type and the shape, without the batch's axis, of the labels that each loss takes by its nature."""
        return [
            ("int64", tuple(output_shapes[i][1:-1]))
            if isinstance(self.losses[i], losses.SparseCategoricalCrossentropy)
            else ("float32", tuple(output_shapes[i][1:]))
            for i in self.labelled
        ]

    def check_labels(self, targets: list[np.ndarray], output_shapes: list[Any]) -> None:
        """Class numbers must be in range: the kernels can only answer NaN.

        Raises:
            ValueError: names the value and the range.
        """
        for i, target in zip(self.places(len(targets)), targets, strict=False):
            loss, shape = self.losses[i], output_shapes[i]
            if not isinstance(loss, losses.SparseCategoricalCrossentropy) or target.size == 0 or shape[-1] is None:
                continue
            low, high, classes = target.min(), target.max(), int(shape[-1])
            if not (low >= 0 and high < classes):  # so written, NaN is wrong too
                wrong = low if low < 0 else high
                raise ValueError(
                    f"Received a label value of {wrong} which is outside the valid range of [0, {classes}). Labels are "
                    f"class numbers; the model's last layer has {classes} outputs. Count classes from 0, or give the "
                    "last layer more units."
                )

    # --- the loss ------------------------------------------------------------------------------------------------
    def parts(self, targets: list[Any], outputs: list[Any], weights: list[Any]) -> list[tuple[int, Any]]:
        """[(number of an output, its loss)]; `weights` are the samples', one for each target, or empty."""
        places = self.places(len(targets))
        if len(places) != len(targets):
            raise self._misfit(len(targets))
        weighted = weights or [None] * len(targets)
        return [
            (i, self.losses[i](target, outputs[i], weight))
            for i, target, weight in zip(places, targets, weighted, strict=True)
            if self.losses[i] is not None
        ]

    def total(self, parts: list[tuple[int, Any]], added: list[Any]) -> Any:
        """The sum of weighted losses of outputs, and of what `add_loss` was given.

        Raises:
            ValueError: there are none.
        """
        total = None
        for weight, part in [*((self.loss_weights[i], part) for i, part in parts), *((1, part) for part in added)]:
            scaled = part if weight == 1 else ops.multiply(part, weight)
            total = scaled if total is None else ops.add(total, scaled)
        if total is None:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`, or add one with `add_loss`."
            )
        return total

    # --- metrics -------------------------------------------------------------------------------------------------
    def resolve_metrics(self, target_shapes: list[Any], output_shapes: list[Any]) -> list[list[Any]]:
        """The metric objects of each output; "accuracy" becomes the one that the shapes ask for."""
        if self.metrics is None:
            found: list[list[Any]] = [[] for _ in self.output_names]
            if any(self.wanted):
                for i, target in zip(self.places(len(target_shapes)), target_shapes, strict=True):
                    found[i] = [resolved(item, target, output_shapes[i]) for item in self.wanted[i]]
            self.metrics = found
            self.trackers = self._by_log_name()
        return self.metrics

    def forget_metrics(self) -> None:
        """Lets the next labels say again what "accuracy" means."""
        self.metrics = None
        self.trackers = self._by_log_name()

    def _by_log_name(self) -> dict[str, Any]:
        """All metric objects: the loss first, each output's loss if there are several, then metrics by output."""
        means = [self.loss_mean, *self.output_means.values()]
        pairs = [(mean.name, mean) for mean in means]
        several = len(self.output_names) > 1
        for output, group in zip(self.output_names, self.metrics or [], strict=False):
            pairs += [(f"{output}_{metric.name}" if several else metric.name, metric) for metric in group]
        return dict(zip(unique_names([name for name, _ in pairs]), [metric for _, metric in pairs], strict=True))

    def logs(self) -> dict[str, float]:
        """The figures so far, read from their Variables."""
        return {name: figure(name, tracker.result()) for name, tracker in self.trackers.items()}

    def reset(self) -> None:
        """Forgets all batches."""
        for tracker in self.trackers.values():
            tracker.reset_state()


def new_mean(name: str) -> Any:
    """A mean that stands in logs under this name."""
    return named(metrics.Mean(), name)
