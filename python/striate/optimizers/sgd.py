"""Gradient descent, with momentum if asked."""

from numbers import Real
from typing import Any

from striate import ops
from striate.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent.

    ```
    w = w - learning_rate * g                                # momentum = 0

    v = momentum * v - learning_rate * g                     # momentum > 0
    w = w + v                                                # nesterov=False
    w = w + momentum * v - learning_rate * g                 # nesterov=True
    ```

    Args:
        learning_rate: a number.
        momentum: from 0 to 1: how much of the last update goes into this one.
        nesterov: whether the gradient counts as taken after the momentum's step (Sutskever et al. 2013).
        name: stands in configurations.
        **kwargs: weight_decay, clipnorm and what else `Optimizer` lists: for now only their defaults.

    Raises:
        ValueError: momentum is not in [0, 1], an argument is unknown or comes in a later version.

    Example:
        >>> optimizer = SGD(0.1, momentum=0.9)
        >>> optimizer.learning_rate = 0.01
    """

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name, **kwargs)
        if not isinstance(momentum, (float, Real)) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a number from 0 to 1. Received: momentum={momentum!r}.")
        self.momentum = float(momentum)
        self.nesterov = nesterov
        self.slot_names = ("momentum",) if momentum else ()

    def update(self, weight: Any, gradient: Any, slots: list[Any], rate: Any) -> list[Any]:
        if not slots:
            return [ops.sgd_update(weight, gradient, rate)]
        return list(ops.momentum_update(weight, slots[0], gradient, rate, self.momentum, self.nesterov))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
