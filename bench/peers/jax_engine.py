"""The networks of nets.py in JAX, compiled by jax.jit."""

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from models import nets

IMAGES = ("NHWC", "HWIO", "NHWC")


def _pool(x, op: nets.Op, first, reduce):
    padding = ((0, 0), op.padding, op.padding, (0, 0))
    return lax.reduce_window(x, first, reduce, (1, op.size, op.size, 1), (1, op.stride, op.stride, 1), padding)


def _batch_norm(x, w: dict, train: bool):
    """(outputs, moving statistics)."""
    moving = {name: w[name] for name in ("moving_mean", "moving_variance")}
    mean, variance = moving["moving_mean"], moving["moving_variance"]
    if train:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        keep = nets.STATISTICS_MOMENTUM
        moving = {name: keep * moving[name] + (1 - keep) * new for name, new in zip(moving, (mean, variance), strict=True)}
    return (x - mean) * (lax.rsqrt(variance + nets.EPSILON) * w["gamma"]) + w["beta"], moving


def network(ops: list[nets.Op], weights: list[dict], x, key=None):
    """(outputs, moving statistics of every operation); trains if there is a key for dropout."""
    values, moving = [x], [{}]
    for i, op in enumerate(ops[1:], 1):
        x, w = values[op.inputs[0]], weights[i]
        moving.append({})
        match op.kind:
            case "conv":
                x = lax.conv_general_dilated(x, w["kernel"], (op.stride,) * 2, (op.padding,) * 2, dimension_numbers=IMAGES)
                x = x + w["bias"] if "bias" in w else x
            case "conv_transpose":
                kernel = w["kernel"].swapaxes(2, 3)[::-1, ::-1]
                x = lax.conv_transpose(x, kernel, (op.stride,) * 2, "VALID", dimension_numbers=IMAGES) + w["bias"]
            case "batch_norm":
                x, moving[-1] = _batch_norm(x, w, key is not None)
            case "relu":
                x = jax.nn.relu(x)
            case "tanh":
                x = jnp.tanh(x)
            case "max_pool":
                x = _pool(x, op, -jnp.inf, lax.max)
            case "avg_pool":
                x = _pool(x, op, 0.0, lax.add) / op.size**2
            case "global_pool":
                x = x.mean((1, 2))
            case "flatten":
                x = x.reshape(x.shape[0], -1)
            case "dense":
                x = x @ w["kernel"] + w["bias"]
            case "dropout":
                if key is not None:
                    kept = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - op.rate, x.shape)
                    x = jnp.where(kept, x / (1 - op.rate), 0)
            case "add":
                x = x + values[op.inputs[1]]
            case "concat":
                x = jnp.concatenate([values[j] for j in op.inputs], -1)
        values.append(x)
    return values[-1], moving


class Engine:
    """One network, ready to train or to predict."""

    def __init__(self, ops: list[nets.Op], batch: int, task: str, threads: int, flags: list[str]) -> None:
        self.version = f"JAX {jax.__version__}"
        self.weights = [jax.tree.map(jnp.asarray, nets.weights(op)) for op in ops]
        self.predictor = jax.jit(lambda weights, x: network(ops, weights, x)[0])
        if task != "train":
            return
        self.velocity, self.steps = jax.tree.map(jnp.zeros_like, self.weights), 0

        def loss(weights, x, y, key):
            logits, moving = network(ops, weights, x, key)
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], -1).mean(), moving

        def step(weights, velocity, x, y, count):
            (value, moving), gradients = jax.value_and_grad(loss, has_aux=True)(weights, x, y, jax.random.key(count))
            velocity = jax.tree.map(lambda v, g: nets.MOMENTUM * v + g, velocity, gradients)
            weights = jax.tree.map(lambda w, v: w - nets.LEARNING_RATE * v, weights, velocity)
            return [{**w, **m} for w, m in zip(weights, moving, strict=True)], velocity, value

        self.step = jax.jit(step, donate_argnums=(0, 1))

    def images(self, x: np.ndarray) -> np.ndarray:
        return x

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        self.weights, self.velocity, loss = self.step(self.weights, self.velocity, x, y, self.steps)
        self.steps += 1
        return float(loss)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.predictor(self.weights, x))
