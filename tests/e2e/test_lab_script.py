"""The TensorFlow lab script, unedited but for its import line; of a hundred seeds one or two miss these accuracies."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import striate
from striate.datasets import mnist5k
from striate.datasets._idx import write_idx

SCRIPT = Path(__file__).parent / "lab_script.py"


@pytest.fixture
def mnist_folder(tmp_path, monkeypatch):
    """$STRIATE_DATA with an `mnist` of 5,000 digits."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    (x_train, y_train), (x_test, y_test) = mnist5k.load_data()
    write_idx(folder / "train-images-idx3-ubyte", x_train)
    write_idx(folder / "train-labels-idx1-ubyte", y_train)
    write_idx(folder / "t10k-images-idx3-ubyte", x_test)
    write_idx(folder / "t10k-labels-idx1-ubyte", y_test)
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))


def check(names, accuracy):
    assert names["model"].count_params() == 421642
    assert names["test_acc"] >= accuracy
    assert names["predict"].shape == (1, 10)
    assert names["predict"].dtype == np.float32
    assert names["predict"].sum() == pytest.approx(1, abs=1e-5)
    assert np.argmax(names["predict"]) == names["test_y"][0]


@pytest.mark.slow
def test_with_its_import_line_replaced(mnist_folder, tmp_path):
    first, rest = SCRIPT.read_text().split("\n", 1)
    assert first == "import tensorflow as tf"
    script = tmp_path / "lab.py"
    script.write_text("import striate as tf\n" + rest)
    striate.utils.set_random_seed(1)
    check(runpy.run_path(str(script)), accuracy=0.90)


@pytest.mark.slow
def test_unedited_after_install_as(mnist_folder):
    """Where TensorFlow is absent; in a process of its own, because sys.modules is changed."""
    code = (
        "import sys, runpy; sys.modules.pop('tensorflow', None); import striate; "
        "striate.install_as('keras', 'tensorflow.keras'); striate.utils.set_random_seed(1); "
        f"names = runpy.run_path({str(SCRIPT)!r}); print('accuracy', names['test_acc'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("accuracy")[-1]) >= 0.90


@pytest.mark.slow
def test_full_mnist_reaches_985_in_two_epochs(tmp_path):
    if not (Path(os.environ.get("STRIATE_DATA", "")) / "mnist").is_dir():
        pytest.skip("full MNIST is not here: set STRIATE_DATA to the folder that holds mnist/")
    script = tmp_path / "lab.py"
    text = SCRIPT.read_text().replace("import tensorflow as tf", "import striate as tf")
    script.write_text(text.replace("model.fit(train_x, train_y)", "model.fit(train_x, train_y, epochs = 2)"))
    striate.utils.set_random_seed(1)
    check(runpy.run_path(str(script)), accuracy=0.985)
