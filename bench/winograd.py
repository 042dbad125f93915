"""What Winograd's rounding does to training: test accuracies of a net of 5x5 convolutions with it and without.

    STRIATE_DATA=data python bench/winograd.py          # data/mnist has the four files of MNIST; three seeds
    STRIATE_DATA=data python bench/winograd.py 5        # seeds

5x5 kernels have the largest transforms, of 64 points. Each run is a process of its own, one after the other; both of a
seed start from the same weights and see the same batches in the same order.
"""

import json
import os
import statistics
import subprocess
import sys
import time

EPOCHS = 5


def train(seed: int) -> None:
    import striate
    from striate import layers

    (x, y), (x_test, y_test) = striate.datasets.mnist.load_data()
    x, x_test = (images[..., None].astype("float32") / 255 for images in (x, x_test))
    striate.utils.set_random_seed(seed)
    model = striate.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(striate.optimizers.SGD(0.02, momentum=0.9), loss, metrics=["accuracy"])
    seconds, accuracy = 0.0, 0.0
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.fit(x, y, batch_size=128, verbose=0)
        seconds += time.perf_counter() - start
        accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(json.dumps([accuracy, seconds]))


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "train":
        train(int(sys.argv[2]))
        return
    found: dict[str, list[float]] = {"1": [], "0": []}
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
        for winograd, accuracies in found.items():
            command = [sys.executable, __file__, "train", str(seed)]
            run = subprocess.run(command, env={**os.environ, "STRIATE_WINOGRAD": winograd}, stdout=subprocess.PIPE, check=True)
            accuracy, seconds = json.loads(run.stdout)
            accuracies.append(accuracy)
            name = "with Winograd" if winograd == "1" else "without"
            print(f"seed {seed}, {name:13}: {accuracy:.2%} after {EPOCHS} epochs, {seconds:.0f} s of training", flush=True)
    print(f"means: {statistics.mean(found['1']):.2%} with, {statistics.mean(found['0']):.2%} without")


if __name__ == "__main__":
    main()
