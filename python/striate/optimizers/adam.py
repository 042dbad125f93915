"""Adam."""

from typing import Any

from striate import ops
from striate.optimizers.optimizer import Optimizer
from striate.utils.later import refuse_later


class Adam(Optimizer):
    """Gradient descent with a step size of its own for each weight (Kingma & Ba 2014).

    ```
    m = m + (g - m) * (1 - beta_1)
    v = v + (g**2 - v) * (1 - beta_2)
    alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)        # t: the number of this step, from 1
    w = w - alpha * m / (sqrt(v) + epsilon)
    ```

    Args:
        learning_rate: a number.
        beta_1: how slowly the mean of gradients moves.
        beta_2: how slowly the mean of squared gradients moves.
        epsilon: keeps the quotient finite; this is the paper's "epsilon hat".
        amsgrad: False; True comes in a later version.
        name: stands in configurations.
        **kwargs: weight_decay, clipnorm and what else `Optimizer` lists: for now only their defaults.

    Raises:
        ValueError: a beta is not in [0, 1), an argument is unknown or comes in a later version.

    Example:
        >>> optimizer = Adam(learning_rate=0.01)
        >>> optimizer.iterations.read().item()
        0
    """

    slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name, **kwargs)
        refuse_later("Adam", {"amsgrad": (amsgrad, False)})
        for argument, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= beta < 1:
                raise ValueError(f"`{argument}` must be at least 0 and less than 1. Received: {argument}={beta!r}.")
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def update(self, weight: Any, gradient: Any, slots: list[Any], rate: Any) -> list[Any]:
        m, v = slots
        b1, b2 = self.beta_1, self.beta_2
        return list(ops.adam_update(weight, m, v, gradient, rate, self.iterations.value(), b1, b2, self.epsilon))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
