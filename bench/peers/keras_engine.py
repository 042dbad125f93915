"""The networks of nets.py in Keras on TensorFlow. Flags: fn (a tf.function of one's own instead of Keras's calls)."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from models import nets


def _layer(op: nets.Op):
    """The layers that an operation is, in order."""
    same = op.stride == 1 and op.padding == ((op.size - 1) // 2,) * 2
    # Keras's "same" pads strided windows at their end first, which is not where PyTorch does. Pools here stand behind a
    # ReLU, where zeros are as good as -inf.
    padding = [] if same or not any(op.padding) else [layers.ZeroPadding2D(op.padding[0])]
    mode = "same" if same else "valid"
    match op.kind:
        case "conv":
            made = layers.Conv2D(
                op.shape[-1], op.size, op.stride, mode, use_bias="bias" in op.weights, name=op.name
            )
        case "conv_transpose":
            made = layers.Conv2DTranspose(op.shape[-1], op.size, op.stride, "valid", name=op.name)
        case "batch_norm":
            made = layers.BatchNormalization(
                momentum=nets.STATISTICS_MOMENTUM, epsilon=nets.EPSILON, name=op.name
            )
        case "relu" | "tanh":
            made = layers.Activation(op.kind)
        case "max_pool":
            made = layers.MaxPooling2D(op.size, op.stride, mode)
        case "avg_pool":
            made = layers.AveragePooling2D(op.size, op.stride, mode)
        case "global_pool":
            made = layers.GlobalAveragePooling2D()
        case "flatten":
            made = layers.Flatten()
        case "dense":
            made = layers.Dense(op.shape[0], name=op.name)
        case "dropout":
            made = layers.Dropout(op.rate)
        case "add":
            made = layers.Add()
        case "concat":
            made = layers.Concatenate()
    return [*padding, made]


class Engine:
    """One network, ready to train or to predict."""

    def __init__(self, ops: list[nets.Op], batch: int, task: str, threads: int, flags: list[str]) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(0)
        self.version = f"Keras {keras.__version__}, TensorFlow {tf.__version__}"
        values = [keras.Input(ops[0].shape)]
        for op in ops[1:]:
            x = [values[i] for i in op.inputs]
            x = x if len(x) > 1 else x[0]
            for layer in _layer(op):
                x = layer(x)
            values.append(x)
        self.model = model = keras.Model(values[0], values[-1])
        for op in ops:
            if op.weights:
                model.get_layer(op.name).set_weights(list(nets.weights(op).values()))
        if task == "train":
            optimizer = keras.optimizers.SGD(nets.LEARNING_RATE, nets.MOMENTUM)
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer, loss)
        if "fn" not in flags:
            return
        if task == "train":
            variables = model.trainable_variables
            optimizer.build(variables)

            @tf.function
            def step(x, y):
                with tf.GradientTape() as tape:
                    value = loss(y, model(x, training=True))
                optimizer.apply(tape.gradient(value, variables), variables)
                return value

            self.train = lambda x, y: float(step(tf.constant(x), tf.constant(y)))
        else:
            function = tf.function(lambda x: model(x, training=False))
            self.predict = lambda x: function(tf.constant(x)).numpy()

    def images(self, x: np.ndarray) -> np.ndarray:
        return x

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(self.model.train_on_batch(x, y))

    def reset(self) -> None:
        """Lets the next loss be its batch's alone; else it is the mean of all since."""
        self.model.reset_metrics()

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict_on_batch(x)
