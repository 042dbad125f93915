"""Batch normalization."""

from typing import Any

from striate import initializers, ops
from striate.layers.argument_validation import Shape, is_integer
from striate.layers.layer import Layer
from striate.utils.later import refuse_later


class BatchNormalization(Layer):
    """Brings each channel to mean 0 and variance 1, then to a learned scale and shift (Ioffe & Szegedy 2015).

    In training: `y = gamma * (x - mean(x)) / sqrt(variance(x) + epsilon) + beta`, mean and (biased) variance over all
    axes but `axis`, and `moving = momentum * moving + (1 - momentum) * batch` for both. Else the moving mean and
    variance stand in for the batch's. With `trainable = False` the layer does that in training too, and keeps them.

    Args:
        axis: the channels' axis.
        momentum: how slowly the moving mean and variance move.
        epsilon: keeps the quotient finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: first values.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint, renorm, renorm_clipping,
            renorm_momentum, synchronized: other values than their defaults come in a later version.
        **kwargs: `Layer`'s: name, dtype, trainable, input_shape.

    Input shape:
        Any, with `axis` of known size.

    Output shape:
        The input's.

    Raises:
        ValueError: an argument is out of its range or comes in a later version; the input has no such axis.

    Example:
        >>> x = np.float32([[1], [2], [3], [4]])
        >>> print(BatchNormalization(epsilon=1e-5)(x, training=True).round(4).reshape(-1))
        [-1.3416 -0.4472  0.4472  1.3416]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse_later(
            "BatchNormalization",
            {
                "beta_regularizer": (beta_regularizer, None),
                "gamma_regularizer": (gamma_regularizer, None),
                "beta_constraint": (beta_constraint, None),
                "gamma_constraint": (gamma_constraint, None),
                "renorm": (renorm, False),
                "renorm_clipping": (renorm_clipping, None),
                "renorm_momentum": (renorm_momentum, 0.99),
                "synchronized": (synchronized, False),
            },
        )
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]  # as Keras 2 wrote it into files
        if not is_integer(axis):
            raise ValueError(f"BatchNormalization: `axis` must be an integer. Received: axis={axis!r}.")
        if not 0 <= momentum <= 1:
            raise ValueError(f"BatchNormalization: `momentum` must be from 0 to 1. Received: momentum={momentum!r}.")
        if epsilon <= 0:
            raise ValueError(f"BatchNormalization: `epsilon` must be positive. Received: epsilon={epsilon!r}.")
        self.axis = int(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ValueError(
                f'Layer "{self.name}" normalizes along axis {self.axis}, which inputs of shape {input_shape} do not '
                "have (or which is their batch axis)."
            )
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f'Layer "{self.name}": axis {self.axis} of the inputs must have a known size. Received: '
                f"input_shape={input_shape}."
            )
        shape = (channels,)
        if self.scale:
            self.gamma = self.add_weight(name="gamma", shape=shape, initializer=self.gamma_initializer)
        if self.center:
            self.beta = self.add_weight(name="beta", shape=shape, initializer=self.beta_initializer)
        self.moving_mean = self.add_weight(
            name="moving_mean", shape=shape, initializer=self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", shape=shape, initializer=self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        rank = len(inputs.shape)
        # The op wants channels last; exchanging two axes undoes itself.
        order = list(range(rank))
        order[self.axis], order[-1] = order[-1], order[self.axis]
        moved = self.axis % rank != rank - 1
        x = ops.transpose(inputs, order) if moved else inputs
        dtype = self.moving_mean.dtype
        gamma = self.gamma if self.scale else ops.ones(self.moving_mean.shape, dtype)
        beta = self.beta if self.center else ops.zeros(self.moving_mean.shape, dtype)
        if training and self.trainable:
            y, mean, variance = ops.batch_norm_train(x, gamma, beta, self.epsilon)
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance)
        else:
            y = ops.batch_norm_infer(x, gamma, beta, self.moving_mean, self.moving_variance, self.epsilon)
        return ops.transpose(y, order) if moved else y

    def _move(self, moving: Any, batch: Any) -> None:
        kept = ops.multiply(moving, self.momentum)
        self.add_update(moving, ops.add(kept, ops.multiply(batch, 1 - self.momentum)))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }
