"""Networks of striate.applications against the same networks written in PyTorch, with the same weights: logits, and
losses over three steps of momentum."""

import numpy as np
import pytest

import striate
from striate import applications

torch = pytest.importorskip("torch")
F = torch.nn.functional


class Peer:
    """A network as a function of a dict of leaf tensors, named and laid out as striate's weights are."""

    def __init__(self, model):
        self.trained, self.statistics = {}, {}
        for layer in model.layers:
            for weight in layer.weights:
                name = f"{layer.name}/{weight.name.split('/')[-1]}"
                kept = self.trained if weight.trainable else self.statistics
                kept[name] = torch.tensor(np.array(weight.numpy()), requires_grad=weight.trainable)

    def conv(self, x, name, stride=1, padding=0):
        return F.conv2d(x, self.trained[f"{name}/kernel"].permute(3, 2, 0, 1), self.bias(name), stride, padding)

    def conv_transpose(self, x, name, stride):
        return F.conv_transpose2d(x, self.trained[f"{name}/kernel"].permute(3, 2, 0, 1), self.bias(name), stride)

    def dense(self, x, name):
        return x @ self.trained[f"{name}/kernel"] + self.bias(name)

    def bias(self, name):
        return self.trained.get(f"{name}/bias")

    def norm(self, x, name, training):
        mean, variance = self.statistics[f"{name}/moving_mean"], self.statistics[f"{name}/moving_variance"]
        gamma, beta = self.trained[f"{name}/gamma"], self.trained[f"{name}/beta"]
        if training:  # PyTorch would move by the unbiased variance
            with torch.no_grad():
                mean.mul_(0.9).add_(0.1 * x.mean((0, 2, 3)))
                variance.mul_(0.9).add_(0.1 * x.var((0, 2, 3), unbiased=False))
            mean = variance = None
        return F.batch_norm(x, mean, variance, gamma, beta, training, eps=1e-5)


def resnet(peer, x, blocks, training):
    def conv_norm(x, name, stride=1):
        padding = peer.trained[f"{name}_conv/kernel"].shape[0] // 2
        return peer.norm(peer.conv(x, f"{name}_conv", stride, padding), f"{name}_bn", training)

    deep = "conv2_block1_3_conv/kernel" in peer.trained
    large = peer.trained["conv1_conv/kernel"].shape[0] == 7
    x = conv_norm(x, "conv1", 2 if large else 1).relu()
    x = F.max_pool2d(x, 3, 2, 1) if large else x
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            name = f"conv{stage}_block{block}"
            stride = 2 if stage > 2 and block == 1 else 1
            shortcut = conv_norm(x, f"{name}_0", stride) if f"{name}_0_conv/kernel" in peer.trained else x
            strides = (1, stride, 1) if deep else (stride, 1)
            for i, step in enumerate(strides, start=1):
                x = conv_norm(x, f"{name}_{i}", step)
                x = x.relu() if i < len(strides) else x
            x = (x + shortcut).relu()
    return peer.dense(x.mean((2, 3)), "predictions")


def googlenet(peer, x):
    def conv(x, name, stride=1):
        return peer.conv(x, name, stride, peer.trained[f"{name}/kernel"].shape[0] // 2).relu()

    x = F.max_pool2d(conv(x, "conv1", 2), 3, 2, 1)
    x = F.max_pool2d(conv(conv(x, "conv2_reduce"), "conv2"), 3, 2, 1)
    for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        parts = [
            conv(x, f"{module}_1x1"),
            conv(conv(x, f"{module}_3x3_reduce"), f"{module}_3x3"),
            conv(conv(x, f"{module}_5x5_reduce"), f"{module}_5x5"),
            conv(F.max_pool2d(x, 3, 1, 1), f"{module}_pool_proj"),
        ]
        x = torch.cat(parts, 1)
        if module in ("3b", "4e"):
            x = F.max_pool2d(x, 3, 2, 1)
    return peer.dense(x.mean((2, 3)), "predictions")


def unet(peer, x, depth):
    def twice(x, name):
        for i in (1, 2):
            x = peer.conv(x, f"{name}_conv{i}", 1, 1).relu()
        return x

    skipped = []
    for level in range(1, depth + 1):
        skipped.append(twice(x, f"down{level}"))
        x = F.max_pool2d(skipped[-1], 2)
    x = twice(x, "bottom")
    for level in range(depth, 0, -1):
        up = peer.conv_transpose(x, f"up{level}_conv_transpose", 2)
        x = twice(torch.cat([skipped[level - 1], up], 1), f"up{level}")
    return peer.conv(x, "predictions").movedim(1, -1)


def build_googlenet():
    model = applications.GoogLeNet(input_shape=(48, 48, 3), classes=5, classifier_activation=None)
    model.get_layer("dropout").rate = 0.0  # no two engines draw the same
    return model


CASES = {
    "resnet20": (
        lambda: applications.ResNet20(input_shape=(16, 16, 3), classes=5, classifier_activation=None),
        lambda peer, x, training: resnet(peer, x, (3, 3, 3), training),
    ),
    "resnet18": (
        lambda: applications.ResNet18(input_shape=(32, 32, 3), classes=5, classifier_activation=None),
        lambda peer, x, training: resnet(peer, x, (2, 2, 2, 2), training),
    ),
    "resnet50": (
        lambda: applications.ResNet50(input_shape=(32, 32, 3), classes=5, classifier_activation=None),
        lambda peer, x, training: resnet(peer, x, (3, 4, 6, 3), training),
    ),
    "googlenet": (build_googlenet, lambda peer, x, training: googlenet(peer, x)),
    "unet": (
        lambda: applications.UNet(input_shape=(32, 48, 3), filters=8, depth=3, classifier_activation=None),
        lambda peer, x, training: unet(peer, x, 3),
    ),
}


@pytest.mark.parametrize(
    ("case", "dtype", "rate"),
    [
        ("resnet20", "float32", 0.01),
        ("resnet18", "float32", 0.01),
        # Fifty fresh layers are chaotic: with 0.001 the third loss depends on the sixteenth digit of the weights.
        pytest.param("resnet50", "float64", 1e-5, marks=pytest.mark.slow),
        ("googlenet", "float32", 0.01),
        ("unet", "float32", 0.01),
    ],
)
def test_agrees_with_pytorch(case, dtype, rate, monkeypatch):
    make, forward = CASES[case]
    monkeypatch.setattr(striate.config, "_floatx", dtype)
    striate.utils.set_random_seed(3)
    model = make()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, *model.input_shape[1:])).astype(dtype)
    y = rng.integers(0, model.output_shape[-1], (8, *model.output_shape[1:-1]))
    peer = Peer(model)
    images, labels = torch.tensor(x).movedim(-1, 1), torch.tensor(y)

    with torch.no_grad():
        expected = forward(peer, images, training=False).numpy()
    logits = model.predict(x, verbose=0)
    assert np.abs(logits - expected).max() < 1e-4 * np.abs(expected).max()

    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(striate.optimizers.SGD(rate, momentum=0.9), loss)
    optimizer = torch.optim.SGD(peer.trained.values(), rate, momentum=0.9)
    for _ in range(4):  # the fourth loss shows what three steps have done
        expected_loss = F.cross_entropy(forward(peer, images, training=True).reshape(-1, logits.shape[-1]),
                                        labels.reshape(-1))  # fmt: skip
        optimizer.zero_grad()
        expected_loss.backward()
        optimizer.step()
        model.reset_metrics()  # or the loss is the mean of all so far
        assert model.train_on_batch(x, y) == pytest.approx(expected_loss.item(), rel=1e-3)
    with torch.no_grad():
        expected = forward(peer, images, training=False).numpy()
    assert np.abs(model.predict(x, verbose=0) - expected).max() < 5e-3 * np.abs(expected).max()
