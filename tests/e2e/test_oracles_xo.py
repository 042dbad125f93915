"""X's and O's on 9x9 pixels, worked by hand: feature maps, pools and votes, exact to the digit.

Values stand in ninths: with features of -1 and 1 a match adds up to an odd whole number from -9 to 9. They are computed twice, by
ops and by a `Sequential` with fixed weights.
"""

import numpy as np
import pytest

import striate
from striate import layers, ops

X = """. . . . . . . . .
       . # . . . . . # .
       . . # . . . # . .
       . . . # . # . . .
       . . . . # . . . .
       . . . # . # . . .
       . . # . . . # . .
       . # . . . . . # .
       . . . . . . . . ."""
O = """. . . . . . . . .
       . . . # # # . . .
       . . # . . . # . .
       . # . . . . . # .
       . # . . . . . # .
       . # . . . . . # .
       . . # . . . # . .
       . . . # # # . . .
       . . . . . . . . ."""
FEATURES = [
    "# . . / . # . / . . #",
    "# . # / . # . / # . #",
    ". . # / . # . / # . .",
]  # diagonal, small X, antidiagonal

MAPS = """
 7 -1  1  3  5 -1  3     3 -5  1 -1  1 -5  3     3 -1  5  3  1 -1  7
-1  9 -1  3 -1  1 -1    -5  5 -5  3 -5  5 -5    -1  1 -1  3 -1  9 -1
 1 -1  9 -3  1 -1  5     1 -5  5 -7  5 -5  1     5 -1  1 -3  9 -1  1
 3  3 -3  5 -3  3  3    -1  3 -7  9 -7  3 -1     3  3 -3  5 -3  3  3
 5 -1  1 -3  9 -1  1     1 -5  5 -7  5 -5  1     1 -1  9 -3  1 -1  5
-1  1 -1  3 -1  9 -1    -5  5 -5  3 -5  5 -5    -1  9 -1  3 -1  1 -1
 3 -1  5  3  1 -1  7     3 -5  1 -1  1 -5  3     7 -1  1  3  5 -1  3
"""
POOLED = """
9 3 5 3    5 3 5 3    3 5 9 7
3 9 3 5    3 9 5 1    5 5 9 3
5 3 9 1    5 5 5 1    9 9 1 5
3 5 1 7    3 1 1 3    7 3 5 3
"""
# After the second pool: one row a feature.
VECTORS = {
    "X": [9, 5, 5, 9, 9, 5, 5, 5, 5, 9, 9, 5],
    "O": [5, 9, 9, 5, 5, 5, 5, 5, 9, 5, 5, 9],
    "X one right": [9, 5, 5, 9, 5, 9, 5, 5, 5, 9, 9, 5],
}
VOTERS = {"X": [0, 3, 4, 9, 10], "O": [1, 2, 8, 11]}
VOTES = {"X": (9, 5), "O": (5, 9)}  # for X, for O


def pixels(text):
    """'#' is 1, '.' is -1."""
    rows = [row.split() for row in text.replace("/", "\n").splitlines()]
    return np.where(np.array(rows) == "#", 1, -1).astype(np.float32)


def maps(table):
    """Three maps side by side as (h, w, 3)."""
    rows = np.array([row.split() for row in table.strip().splitlines()], np.float32)
    return np.stack(np.split(rows, 3, axis=1), axis=-1)


IMAGES = {"X": pixels(X), "O": pixels(O), "X one right": np.roll(pixels(X), 1, axis=1)}
KERNEL = np.stack([pixels(feature) for feature in FEATURES], axis=-1)[:, :, None, :]  # (3, 3, 1, 3)


def batch(name):
    return IMAGES[name][None, :, :, None]


def pool(x):
    return ops.max_pool(x, 2, strides=2, ceil_mode=True)


def vector(x):
    """(1, 2, 2, 3) as the twelve numbers of the voting table, feature by feature."""
    return np.asarray(x)[0].transpose(2, 0, 1).reshape(-1)


def voting_net():
    """Conv 3@3x3, ReLU, two pools and a dense layer that averages the voters: its outputs are the scores of X and O."""
    net = striate.Sequential(
        [
            layers.Input((9, 9, 1)),
            layers.Conv2D(3, 3, activation="relu", name="match"),
            layers.MaxPooling2D(2, ceil_mode=True, name="pool1"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Permute((3, 1, 2)),
            layers.Flatten(name="twelve"),
            layers.Dense(2, name="votes"),
        ]
    )
    ballot = np.zeros((12, 2), np.float32)
    for column, voters in enumerate(VOTERS.values()):
        ballot[voters, column] = 1 / len(voters)
    net.set_weights([KERNEL, np.zeros(3, np.float32), ballot, np.zeros(2, np.float32)])
    return net


def test_one_match():
    patch = batch("X")[:, 3:6, 3:6]
    products = (patch[0, :, :, 0] * KERNEL[:, :, 0, 0]).reshape(-1)
    assert products.tolist() == [1, 1, -1, 1, 1, 1, -1, 1, 1]
    assert ops.conv(patch, KERNEL)[0, 0, 0, 0] == 5


def test_feature_maps():
    np.testing.assert_array_equal(ops.conv(batch("X"), KERNEL)[0], maps(MAPS))


def test_feature_maps_divided_by_nine():
    ninths = ops.conv(batch("X"), KERNEL / 9)[0]
    np.testing.assert_allclose(ninths, maps(MAPS) / 9, rtol=0, atol=1e-6)
    assert (np.trunc(ninths[0, :, 0] * 100) / 100).tolist() == pytest.approx(
        [0.77, -0.11, 0.11, 0.33, 0.55, -0.11, 0.33]
    )


def test_relu():
    rectified = ops.relu(ops.conv(batch("X"), KERNEL))[0]
    np.testing.assert_array_equal(rectified, np.maximum(maps(MAPS), 0))
    assert rectified[0, :, 0].tolist() == [7, 0, 1, 3, 5, 0, 3]


def test_pooling_keeps_partial_windows():
    np.testing.assert_array_equal(pool(maps(MAPS)[None])[0], maps(POOLED))


@pytest.mark.parametrize("name", IMAGES)
def test_relu_and_max_pooling_commute(name):
    matched = ops.conv(batch(name), KERNEL)
    np.testing.assert_array_equal(ops.relu(pool(matched)), pool(ops.relu(matched)))


@pytest.mark.parametrize("name", IMAGES)
def test_twelve_numbers(name):
    twelve = vector(pool(pool(ops.relu(ops.conv(batch(name), KERNEL)))))
    assert twelve.tolist() == VECTORS[name]


@pytest.mark.parametrize("name", IMAGES)
def test_network_agrees_with_ops(name):
    net = voting_net()
    assert net.count_params() == 30 + 26
    stages = striate.Model(net.inputs, [net.get_layer(stage).output for stage in ("match", "pool1", "pool2", "twelve")])
    got = stages.predict(batch(name), verbose=0)
    matched = ops.relu(ops.conv(batch(name), KERNEL))
    for stage, expected in zip(got, [matched, pool(matched), pool(pool(matched))], strict=False):
        np.testing.assert_array_equal(stage, expected)
    assert got[3].tolist() == [VECTORS[name]]


@pytest.mark.parametrize("name", VOTES)
def test_votes(name):
    votes = voting_net().predict(batch(name), verbose=0)
    np.testing.assert_allclose(votes, [VOTES[name]], rtol=0, atol=1e-6)


def test_votes_of_a_list():
    twelve = np.float32([[0.9, 0.65, 0.45, 0.87, 0.96, 0.73, 0.23, 0.63, 0.44, 0.89, 0.94, 0.53]])
    votes = voting_net().get_layer("votes")(twelve)
    np.testing.assert_allclose(votes, [[0.912, 0.5175]], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [("match", ["filters", "kernel_size"]), ("pool1", ["pool_size", "strides"]), ("votes", ["units"])],
)
def test_hyper_parameters_stand_in_the_configuration(layer, arguments):
    config = voting_net().get_layer(layer).get_config()
    assert [config[argument] for argument in arguments] == {
        "match": [3, (3, 3)],
        "pool1": [(2, 2), (2, 2)],
        "votes": [2],
    }[layer]
