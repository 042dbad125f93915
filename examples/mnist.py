"""Trains a small convnet on handwritten digits: on the 5,000 that come with the package, or on the full MNIST.

python examples/mnist.py                  the 5,000
python examples/mnist.py --full           all 70,000, found or downloaded as striate.datasets.mnist says
python examples/mnist.py --full FOLDER    all 70,000, from the four files in FOLDER
"""

import argparse
import math
import os
import time

import striate
from striate import layers


def network():
    """Two stages of convolution and pooling and a dense layer, each with normalization; dropout before dense layers.

    Normalizing the dense layer's sums keeps its first steps, over 3,136 inputs, from switching units off for good.
    """

    def normalized(layer):
        return [layer, layers.BatchNormalization(momentum=0.9), layers.ReLU()]

    return striate.Sequential(
        [
            layers.Input((28, 28, 1)),
            *normalized(layers.Conv2D(32, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(),
            *normalized(layers.Conv2D(64, 3, padding="same", use_bias=False)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.25),
            *normalized(layers.Dense(128, use_bias=False)),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", nargs="?", const="", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=int(os.environ.get("STRIATE_MAX_EPOCHS", 6)))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.full is None:
        data = striate.datasets.mnist5k.load_data()
    else:
        data = striate.datasets.mnist.load_data(options.full or None)
    (x_train, y_train), (x_test, y_test) = ((x[..., None] / 255.0, y) for x, y in data)

    striate.utils.set_random_seed(options.seed)
    model = network()
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    falling = striate.callbacks.LearningRateScheduler(
        lambda epoch: 0.002 * 0.5 * (1 + math.cos(math.pi * epoch / options.epochs))
    )
    start = time.perf_counter()
    model.fit(x_train, y_train, batch_size=128, epochs=options.epochs, callbacks=[falling], verbose=2)
    seconds = time.perf_counter() - start
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{accuracy:.2%} of {len(x_test)} digits it never saw, after {options.epochs} epochs in {seconds:.0f} s")


if __name__ == "__main__":
    main()
