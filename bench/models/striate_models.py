"""The networks of nets.py in striate."""

import os

import numpy as np
from models import nets


class Model:
    """One network, ready to train and predict; NumPy in and out."""

    def __init__(self, name: str, threads: int) -> None:
        os.environ["STRIATE_NUM_THREADS"] = str(threads)
        import striate

        self.version = f"striate {striate.__version__}, {striate.config.cpu_isa()}"
        network = {"lab": striate.applications.LabNet, "lenet5": striate.applications.LeNet5}[name]
        self.model = network()
        self.model.set_weights(nets.weights(name))
        optimizer = striate.optimizers.SGD(nets.LEARNING_RATE, nets.MOMENTUM)
        self.model.compile(optimizer, loss="sparse_categorical_crossentropy")

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.model.train_on_batch(x, y)

    def reset(self) -> None:
        """Lets the next loss be its batch's alone; else it is the mean of all since, as in Keras."""
        self.model.reset_metrics()

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict_on_batch(x)
