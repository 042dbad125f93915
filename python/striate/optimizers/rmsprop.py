"""Steps scaled by the running size of gradients."""

from typing import Any

from striate import ops
from striate.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """Gradient descent divided by the root of a running mean of squared gradients (Hinton 2012).

    ```
    v = rho * v + (1 - rho) * g * g
    step = learning_rate * g / sqrt(v + epsilon)             # centered: sqrt(v - a * a + epsilon),
    w = w - step                                             #           a = rho * a + (1 - rho) * g
    m = momentum * m + step; w = w - m                       # momentum > 0
    ```

    Args:
        learning_rate: a number.
        rho: how much of the running mean is kept each step.
        momentum: from 0 to 1: how much of the last step goes into this one.
        epsilon: keeps the division finite.
        centered: whether the gradients' running mean is taken off, so that the root is their deviation.
        name: stands in configurations.
        **kwargs: weight_decay, clipnorm and what else `Optimizer` lists: for now only their defaults.

    Raises:
        ValueError: an argument is unknown or comes in a later version.

    Example:
        >>> RMSprop(0.01).rho
        0.9
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name, **kwargs)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        self.slot_names = ("velocity", *(["momentum"] if momentum else []), *(["average_gradient"] if centered else []))

    def update(self, weight: Any, gradient: Any, slots: list[Any], rate: Any) -> list[Any]:
        held = dict(zip(self.slot_names, slots, strict=True))
        held["velocity"] = self.rho * held["velocity"] + (1 - self.rho) * ops.square(gradient)
        spread = held["velocity"]
        if self.centered:
            held["average_gradient"] = self.rho * held["average_gradient"] + (1 - self.rho) * gradient
            spread = spread - ops.square(held["average_gradient"])
        step = rate * gradient / ops.sqrt(spread + self.epsilon)
        if self.momentum:
            held["momentum"] = step = self.momentum * held["momentum"] + step
        return [weight - step, *(held[name] for name in self.slot_names)]

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
