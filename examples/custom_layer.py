"""A layer of one's own in a model: a learned scale for each channel, trained on the digits that come with striate."""

import striate
from striate import layers, ops


class Scale(layers.Layer):
    """Multiplies each channel by a weight of its own."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return ops.multiply(inputs, self.factor)


def main():
    (x_train, y_train), (x_test, y_test) = striate.datasets.mnist5k.load_data()
    x_train, x_test = x_train[..., None] / 255.0, x_test[..., None] / 255.0
    model = striate.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            Scale(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=3, validation_data=(x_test, y_test))
    print("learned scales:", model.layers[1].get_weights()[0].round(2))


if __name__ == "__main__":
    main()
