"""Base of optimizers."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from striate import _core, ops
from striate.utils.later import refuse_later

Updates = list[tuple[Any, Any]]


# What every Keras optimizer takes and striate has yet to give a meaning: name -> default.
_LATER = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class Optimizer:
    """Base of what turns gradients into new weights.

    The learning rate, the number of updates done and the slots (an optimizer's own tensors, one or more a weight) are
    Variables: assigning `learning_rate` acts on the next step without compiling anything anew, and files hold them.

    Subclasses name their slots in `slot_names` and have `update(weight, gradient, slots, rate)`.

    Args:
        learning_rate: a number.
        name: the prefix of configurations; None means the class's name in lower case.
        **kwargs: weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor and gradient_accumulation_steps come in a later version and take their default alone.

    Raises:
        ValueError: an argument is unknown, or comes in a later version.
    """

    slot_names: tuple[str, ...] = ()

    def __init__(self, learning_rate: float, name: str | None = None, **kwargs: Any) -> None:
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=3)
        later = {key: kwargs.pop(key) for key in list(kwargs) if key in _LATER}
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        refuse_later(type(self).__name__, {key: (value, _LATER[key]) for key, value in later.items()})
        self.name = name or type(self).__name__.lower()
        self._learning_rate = _core.Variable("optimizer/learning_rate", np.float32(_checked_rate(learning_rate)))
        self._iterations = _core.Variable("optimizer/iterations", np.int64(0))
        self._slots: dict[Any, list[Any]] = {}  # a weight's Variable -> its slots, in the order of slot_names

    @property
    def learning_rate(self) -> Any:
        """The learning rate, a float32 Variable; assign a number at any time."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self._learning_rate.assign(np.float32(_checked_rate(rate)))

    lr = learning_rate  # Keras 2's name

    @property
    def iterations(self) -> Any:
        """How many updates have been done, an int64 Variable."""
        return self._iterations

    @property
    def variables(self) -> list[Any]:
        """All Variables: iterations, learning rate, then the slots weight by weight."""
        return [self._iterations, self._learning_rate, *(slot for slots in self._slots.values() for slot in slots)]

    @property
    def built(self) -> bool:
        return bool(self._slots)

    def build(self, variables: Iterable[Any]) -> None:
        """Makes the slots of these weights, zeros; those that have theirs keep them."""
        for variable in variables:
            if variable not in self._slots:
                self._slots[variable] = [
                    _core.Variable(f"optimizer/{variable.name}/{slot}", np.zeros(variable.shape, str(variable.dtype)))
                    for slot in self.slot_names
                ]

    def begin_anew(self) -> None:
        """Makes the slots zeros and the iterations none, as if nothing had been trained."""
        for variable in (self._iterations, *(slot for slots in self._slots.values() for slot in slots)):
            variable.assign(np.zeros_like(variable.read()))

    def apply(self, pairs: Iterable[tuple[Any, Any]]) -> Updates:
        """The updates of one step.

        Args:
            pairs: [(Variable, gradient)], the gradient a symbolic value of the Variable's shape and type.

        Returns:
            [(Variable, new value)] for the weights, their slots and `iterations`.
        """
        self.build([variable for variable, _ in pairs])
        updates: Updates = []
        for variable, gradient in pairs:
            slots = self._slots[variable]
            rate = self._learning_rate.value()
            if variable.dtype != rate.dtype:
                rate = ops.cast(rate, variable.dtype)
            values = self.update(variable.value(), gradient, [slot.value() for slot in slots], rate)
            updates += zip([variable, *slots], values, strict=True)
        return [*updates, (self._iterations, ops.increment(self._iterations.value()))]

    def update(self, weight: Any, gradient: Any, slots: list[Any], rate: Any) -> list[Any]:
        """[new weight, new slots...], values of the graph as all arguments are."""
        raise NotImplementedError(f"{type(self).__name__} needs update(weight, gradient, slots, rate).")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, with the learning rate as it is now."""
        return {"name": self.name, "learning_rate": float(self._learning_rate.read())}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


def refuse_own_updates(optimizer: Any) -> None:
    """Checks an optimizer for Keras's ways of making updates, which would never be called.

    Raises:
        NotImplementedError: names the method, and says what to do instead.
    """
    for method in ("update_step", "apply_gradients", "build"):
        if getattr(type(optimizer), method, None) is not getattr(Optimizer, method, None):
            raise NotImplementedError(
                f"Optimizer '{optimizer.name}' ({type(optimizer).__name__}) overrides `{method}`, which has no part in "
                "a compiled step. Name what it keeps for each weight in `slot_names` and override `update(weight, "
                "gradient, slots, rate)`, which returns [new weight, new slots...]; see striate.optimizers.SGD."
            )


def _checked_rate(rate: Any) -> Any:
    if isinstance(rate, (int, float, np.number, np.ndarray)) and np.ndim(rate) == 0 and np.isfinite(rate) and rate >= 0:
        return rate
    raise ValueError(
        "`learning_rate` must be a finite number of 0 or more; schedules come in a later version of striate (the "
        f"callback LearningRateScheduler works now). Received: learning_rate={rate!r}."
    )
