"""Trains LeNet-5 and shows the digits it reads wrongly with the most confidence, as text."""

import numpy as np

import striate

SHADES = " .:-=+*#%@"


def show(image):
    """An image of 28x28 bytes as 14 lines of text."""
    rows = image.reshape(14, 2, 28).mean(axis=1)
    return "\n".join("".join(SHADES[int(value) * len(SHADES) // 256] for value in row) for row in rows)


def main():
    (x_train, y_train), (x_test, y_test) = striate.datasets.mnist5k.load_data()
    model = striate.applications.LeNet5(activation="relu", pool="max")
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train[..., None] / 255.0, y_train, epochs=5)
    scores = model.predict(x_test[..., None] / 255.0)
    guess = scores.argmax(axis=1)
    wrong = np.flatnonzero(guess != y_test)
    print(f"{len(wrong)} of {len(y_test)} digits are misread")
    for i in wrong[np.argsort(-scores[wrong].max(axis=1))][:3]:
        print(f"\na {y_test[i]}, read as {guess[i]} with {scores[i].max():.0%}:\n{show(x_test[i])}")


if __name__ == "__main__":
    main()
