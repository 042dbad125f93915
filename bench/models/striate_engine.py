"""The networks of nets.py in striate, as `striate.applications` has them."""

import os

import numpy as np
from models import nets

APPLICATIONS = {
    "lab": "LabNet",
    "lenet5": "LeNet5",
    "resnet20": "ResNet20",
    "alexnet": "AlexNet",
    "vgg16": "VGG16",
    "googlenet": "GoogLeNet",
    "resnet18": "ResNet18",
    "resnet50": "ResNet50",
    "unet": "UNet",
}


def _application(name: str, ops: list[nets.Op]):
    """The network with logits, and with the weights of nets.py."""
    import striate

    model = getattr(striate.applications, APPLICATIONS[name])(classifier_activation=None)
    for op in ops:
        if op.weights:
            model.get_layer(op.name).set_weights(list(nets.weights(op).values()))
    if all(op.kind != "dropout" for op in ops):
        for layer in model.layers:
            if isinstance(layer, striate.layers.Dropout):
                layer.rate = 0.0
    return model


class Engine:
    """One network, ready to train or to predict."""

    def __init__(self, name: str, ops: list[nets.Op], task: str, threads: int) -> None:
        os.environ["STRIATE_NUM_THREADS"] = str(threads)
        import striate

        self.version = f"striate {striate.__version__}, {striate.config.cpu_isa()}"
        self.model = _application(name, ops)
        if task == "train":
            optimizer = striate.optimizers.SGD(nets.LEARNING_RATE, nets.MOMENTUM)
            self.model.compile(optimizer, striate.losses.SparseCategoricalCrossentropy(from_logits=True))

    def images(self, x: np.ndarray) -> np.ndarray:
        return x

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.model.train_on_batch(x, y)

    def reset(self) -> None:
        """Lets the next loss be its batch's alone; else it is the mean of all since, as in Keras."""
        self.model.reset_metrics()

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict_on_batch(x)
