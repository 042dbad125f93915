import doctest
import random

import numpy as np
import pytest

import striate
from striate import layers, utils
from striate.utils import np_utils


def test_to_categorical():
    one_hot = utils.to_categorical([0, 2, 1], 4)
    assert one_hot.dtype == np.float64
    np.testing.assert_array_equal(one_hot, np.eye(4)[[0, 2, 1]])
    assert utils.to_categorical(np.uint8([3, 0])).shape == (2, 4)
    assert utils.to_categorical([[1], [0]]).shape == (2, 2)
    assert utils.to_categorical(np.zeros((2, 3), int), 5).shape == (2, 3, 5)
    np.testing.assert_array_equal(utils.to_categorical(np.float32([1.0, 0.0])), [[0, 1], [1, 0]])
    assert np_utils.to_categorical is utils.to_categorical


def test_to_categorical_wrong_labels():
    with pytest.raises(ValueError, match=r"0 to num_classes - 1 = 2. Received: numbers from 0 to 3"):
        utils.to_categorical([0, 3], 3)
    with pytest.raises(ValueError, match=r"numbers from -1 to 0"):
        utils.to_categorical([0, -1], 3)
    with pytest.raises(ValueError, match=r"whole class numbers"):
        utils.to_categorical([0.5, 1])


def test_normalize():
    x = np.float64([[3, 4], [0, 0], [-1, 0]])
    np.testing.assert_allclose(utils.normalize(x), [[0.6, 0.8], [0, 0], [-1, 0]])
    np.testing.assert_allclose(utils.normalize(x, axis=0, order=1), [[0.75, 1], [0, 0], [-0.25, 0]])


def test_set_random_seed_seeds_everything():
    def draws():
        return (
            random.random(),
            np.random.rand(),
            np.asarray(striate.initializers.get("he_normal")((3, 3))).tolist(),
            np.asarray(layers.Dense(2)(np.ones((1, 3), "float32"))).tolist(),
        )

    utils.set_random_seed(11)
    first = draws()
    second = draws()
    utils.set_random_seed(11)
    assert draws() == first != second
    with pytest.raises(ValueError, match=r"`seed` must be an integer. Received: seed='x' of type str"):
        utils.set_random_seed("x")


class Batches(utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        x = rng.normal(size=(8, 3)).astype("float32")
        return x, x.sum(1, keepdims=True)


def test_py_dataset_feeds_fit():
    model = striate.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile(striate.optimizers.SGD(0.1), "mse")
    losses = model.fit(Batches(), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert utils.Sequence is utils.PyDataset
    assert Batches().num_batches == 4
    with pytest.raises(NotImplementedError, match=r"needs __getitem__"):
        utils.PyDataset()[0]


def test_example_of_py_dataset_feeds_fit():
    names = {"np": np, "PyDataset": utils.PyDataset}
    exec(doctest.DocTestParser().get_examples(utils.PyDataset.__doc__)[0].source, names)
    model = striate.Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(names["Squares"](), verbose=0).history["loss"]).all()


def test_names_of_registered_classes_and_functions():
    from striate.saving import registry

    @registry.register_keras_serializable("tests")
    class Pair(layers.Dense):
        pass

    @registry.register_keras_serializable("tests")
    def doubled(x):
        return striate.ops.add(x, x)

    written = layers.serialize(Pair(2))
    assert written["class_name"] == "tests>Pair"
    assert type(layers.deserialize(written)) is Pair
    assert striate.activations.get("doubled") is doubled
    assert striate.activations.get("tests>doubled") is doubled
