"""Ten training losses from the same weights, against PyTorch's in float64, where that is installed."""

import numpy as np
import pytest

import striate
from striate import layers
from striate.datasets import mnist5k

torch = pytest.importorskip("torch")
F = torch.nn.functional
STEPS, BATCH = 10, 32


def lenet(dtype):
    """LeNet-5 with ReLU and maxima."""
    model = striate.Sequential(
        [
            layers.Input((28, 28, 1), dtype=dtype),
            layers.Conv2D(6, 5, padding="same", activation="relu", dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(16, 5, activation="relu", dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(120, activation="relu", dtype=dtype),
            layers.Dense(84, activation="relu", dtype=dtype),
            layers.Dense(10, activation="softmax", dtype=dtype),
        ]
    )

    def forward(x, w):
        y = F.max_pool2d(torch.relu(conv(x, w[0], w[1], padding=2)), 2)
        y = F.max_pool2d(torch.relu(conv(y, w[2], w[3])), 2)
        y = y.permute(0, 2, 3, 1).flatten(1)
        y = torch.relu(y @ w[4] + w[5])
        return torch.relu(y @ w[6] + w[7]) @ w[8] + w[9]

    return model, forward


def residual(dtype):
    """Two residual blocks with batch normalization, the second one halving the image."""
    block = iter(range(2))

    def add_block(x, filters, strides):
        number = next(block)
        y = layers.Conv2D(filters, 3, strides, 1, use_bias=False, dtype=dtype, name=f"conv{number}a")(x)
        y = layers.Activation("relu", dtype=dtype)(layers.BatchNormalization(dtype=dtype, name=f"bn{number}a")(y))
        y = layers.Conv2D(filters, 3, 1, 1, use_bias=False, dtype=dtype, name=f"conv{number}b")(y)
        y = layers.BatchNormalization(dtype=dtype, name=f"bn{number}b")(y)
        if strides != 1:
            x = layers.Conv2D(filters, 1, strides, use_bias=False, dtype=dtype, name=f"short{number}")(x)
        return layers.Activation("relu", dtype=dtype)(layers.Add(dtype=dtype)([x, y]))

    inputs = layers.Input((28, 28, 1), dtype=dtype)
    x = layers.Conv2D(8, 3, 2, "same", activation="relu", dtype=dtype, name="stem")(inputs)
    x = add_block(add_block(x, 8, 1), 16, 2)
    outputs = layers.Dense(10, activation="softmax", dtype=dtype, name="head")(
        layers.GlobalAveragePooling2D(dtype=dtype)(x)
    )
    model = striate.Model(inputs, outputs)

    def normalized(x, gamma, beta):
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)

    def forward(x, w):
        def take(name):
            return [w[i] for i, weight in enumerate(model.trainable_weights) if weight.name.startswith(name + "/")]

        y = torch.relu(conv(F.pad(x, (0, 1, 0, 1)), *take("stem"), stride=2))  # "same": the odd zero comes after
        for number, strides in enumerate((1, 2)):
            a, b = f"{number}a", f"{number}b"
            z = torch.relu(normalized(conv(y, *take("conv" + a), stride=strides, padding=1), *take("bn" + a)))
            z = normalized(conv(z, *take("conv" + b), padding=1), *take("bn" + b))
            y = torch.relu(z + (conv(y, *take(f"short{number}"), stride=2) if strides == 2 else y))
        kernel, bias = take("head")
        return y.mean((2, 3)) @ kernel + bias

    return model, forward


def conv(x, kernel, bias=None, **options):
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, **options)


OPTIMIZERS = {
    "sgd": (lambda: striate.optimizers.SGD(0.05), lambda w: torch.optim.SGD(w, 0.05)),
    "nesterov": (
        lambda: striate.optimizers.SGD(0.005, momentum=0.9, nesterov=True),
        lambda w: torch.optim.SGD(w, 0.005, momentum=0.9, nesterov=True),
    ),
}


@pytest.mark.parametrize("build", [lenet, residual])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
# The loss is summed in float32 whatever the model's type: 2e-7 is its rounding.
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 2e-7)])
def test_ten_losses(build, optimizer, dtype, tolerance):
    striate.utils.set_random_seed(3)
    (images, labels), _ = mnist5k.load_data()
    order = np.random.default_rng(0).permutation(len(images))[: STEPS * BATCH]
    images = (images[order][..., None] / 255.0).astype(dtype)
    labels = labels[order].astype("int64")

    model, forward = build(dtype)
    ours, theirs = OPTIMIZERS[optimizer]
    model.compile(ours(), "sparse_categorical_crossentropy")
    weights = [torch.tensor(w.numpy().astype("float64"), requires_grad=True) for w in model.trainable_weights]
    descent = theirs(weights)

    found, expected = [], []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        model.reset_metrics()
        found.append(model.train_on_batch(images[rows], labels[rows]))
        x = torch.tensor(images[rows].astype("float64")).permute(0, 3, 1, 2)
        loss = F.cross_entropy(forward(x, weights), torch.tensor(labels[rows]))
        descent.zero_grad()
        loss.backward()
        descent.step()
        expected.append(loss.item())
    assert expected[-1] < expected[0]
    np.testing.assert_allclose(found, expected, rtol=tolerance)
