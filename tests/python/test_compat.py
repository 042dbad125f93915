"""install_as, each time in a process of its own: it changes what `import` finds."""

import subprocess
import sys

import pytest


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_keras():
    print_ok = """
import striate
striate.install_as("keras", "tensorflow.keras")
import keras
from keras import layers, backend as K
from keras.layers import Conv2D
from keras.layers.convolutional import MaxPooling2D
from keras.models import Sequential
from keras.utils import np_utils
from keras.utils.np_utils import to_categorical
import keras.optimizers
import keras.callbacks as kc
assert keras is striate and keras.__name__ == "striate"
assert Conv2D is striate.layers.Conv2D and layers is striate.layers
assert MaxPooling2D is striate.layers.MaxPooling2D
assert np_utils.to_categorical is to_categorical
assert kc.EarlyStopping is striate.callbacks.EarlyStopping
assert striate.layers.__spec__.name == "striate.layers"
assert isinstance(Conv2D(1, 1), striate.layers.Layer)
print("ok")
"""
    assert run(print_ok) == "ok"


def test_tensorflow_stand_in():
    code = """
import striate
striate.install_as("tensorflow.keras")
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.layers import Dense
import tensorflow.keras.utils
assert keras is striate and tf.keras.layers.Dense is Dense is striate.layers.Dense
try:
    tf.constant(1)
except AttributeError as error:
    print(error)
"""
    assert run(code).startswith("module 'tensorflow' has no attribute 'constant': tensorflow is not installed")


def test_from_striate_import_keras():
    code = """
import striate
from striate import keras
from striate.keras import layers
from striate.keras.layers import Dense
assert keras is striate and layers is striate.layers and Dense is striate.layers.Dense
print("ok")
"""
    assert run(code) == "ok"


def test_twice_is_once():
    code = """
import sys, striate
for _ in range(2):
    striate.install_as("keras")
assert sum(type(finder).__module__ == "striate.compat" for finder in sys.meta_path) == 1
print("ok")
"""
    assert run(code) == "ok"


def test_what_does_not_exist_is_not_found():
    code = """
import striate
striate.install_as("keras")
for name in ("keras.nothing", "keras.layers.nothing"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error)
"""
    assert "keras.nothing" in run(code)


def test_refuses_when_the_real_one_is_loaded():
    code = """
import sys, types, striate
sys.modules["keras"] = types.ModuleType("keras")
try:
    striate.install_as("keras")
except RuntimeError as error:
    print(error)
"""
    assert "`keras` has been imported already" in run(code)


@pytest.mark.parametrize(
    "name", ["activations", "callbacks", "initializers", "losses", "metrics", "optimizers", "utils"]
)
def test_submodules(name):
    assert run(f"import striate; striate.install_as('keras'); import keras.{name}; print(keras.{name}.__name__)") == (
        f"striate.{name}"
    )
