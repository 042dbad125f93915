"""The command line in this process, on 60 digits; the command itself is tried once in a process of its own."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import striate
from striate.cli import main
from striate.datasets import mnist5k
from striate.datasets._idx import write_idx

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder of IDX files with 60 training and 20 test digits."""
    folder = tmp_path_factory.mktemp("digits")
    (x_train, y_train), (x_test, y_test) = mnist5k.load_data()
    write_idx(folder / "train-images-idx3-ubyte", x_train[:60])
    write_idx(folder / "train-labels-idx1-ubyte", y_train[:60])
    write_idx(folder / "t10k-images-idx3-ubyte", x_test[:20])
    write_idx(folder / "t10k-labels-idx1-ubyte", y_test[:20])
    return folder


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    """A model file that `striate train` wrote."""
    path = tmp_path_factory.mktemp("model") / "net.striate"
    arguments = ["--data", str(digits), "--epochs", "1", "--batch-size", "16", "--output", str(path)]
    assert main(["train", "lenet5", *arguments]) == 0
    return path


def test_train_prints_summary_progress_and_accuracy(digits, tmp_path, capsys):
    path = tmp_path / "net.striate"
    arguments = ["--data", str(digits), "--epochs", "2", "--batch-size", "16", "--threads", "1", "--output", str(path)]
    assert main(["train", "lenet5", *arguments]) == 0
    out = capsys.readouterr().out
    assert "61,706" in out
    assert "Epoch 2/2" in out
    assert "Test on 20 images: accuracy 0." in out
    assert f"Saved to {path}" in out
    assert path.stat().st_size > 61706 * 4


def test_same_seed_same_file_content(digits, tmp_path):
    scores = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        path = str(tmp_path / f"{name}.striate")
        assert main(["train", "lenet5", "--data", str(digits), "--epochs", "1", "--seed", seed, "--output", path]) == 0
        weights = striate.models.load_model(path).get_weights()
        scores.append(np.concatenate([w.ravel() for w in weights]))
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def test_default_output_is_named_after_the_network(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "lab", "--data", str(digits), "--epochs", "1"]) == 0
    assert (tmp_path / "lab.striate").exists()
    assert "421,642" in capsys.readouterr().out


def test_evaluate_agrees_with_train(trained, digits, capsys):
    assert main(["evaluate", str(trained), "--data", str(digits)]) == 0
    line = capsys.readouterr().out.strip().splitlines()[-1]
    model = striate.models.load_model(trained)
    _, (x, y) = striate.datasets.mnist.load_data(digits)
    scores = model.evaluate(x[..., None] / 255.0, y, verbose=0, return_dict=True)
    assert line == f"Test on 20 images: accuracy {scores['accuracy']:.4f}, loss {scores['loss']:.4f}"


def test_predict_picture_and_array_agree(trained, tmp_path, capsys):
    _, (x_test, _) = mnist5k.load_data()
    Image.fromarray(x_test[0]).save(tmp_path / "digit.png")
    Image.fromarray(255 - x_test[0]).save(tmp_path / "ink.png")
    np.save(tmp_path / "one.npy", x_test[0])
    np.save(tmp_path / "batch.npy", x_test[:2, :, :, None] / 255.0)
    images = [str(tmp_path / name) for name in ("digit.png", "one.npy", "batch.npy")]
    assert main(["predict", str(trained), *images, "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    answers = [line.split(": ", 1)[1] for line in lines]
    assert answers[0] == answers[1] == answers[2]
    assert lines[3].startswith(f"{images[2]}[1]: ")
    assert len(answers[0].split()) == 4
    assert main(["predict", str(trained), str(tmp_path / "ink.png"), "--invert", "--top", "2"]) == 0
    inverted = capsys.readouterr().out.strip().split(": ", 1)[1]
    assert inverted.split()[0] == answers[0].split()[0]


def test_summary_and_info(trained, capsys):
    assert main(["summary", str(trained)]) == 0
    assert "61,706" in capsys.readouterr().out
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert striate.__version__ in out
    assert any(isa in out for isa in ("baseline", "avx2", "avx512"))
    assert f"threads:         {striate.config.num_threads()}" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "missing.striate"], "missing.striate"),
        (["summary", "missing.striate"], "missing.striate"),
        (["train", "lenet5", "--output", "no/folder/net.striate"], "is no folder that can be written to"),
        (["train", "lenet5", "--output", "net.h5"], "writing .h5 files comes in a later version"),
        (["train", "lenet5", "--data", "nowhere"], "--data nowhere: neither a folder nor one of mnist5k"),
    ],
)
def test_errors_are_one_line_and_exit_1(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("striate: error: ")
    assert words in err
    assert "Traceback" not in err


def test_wrong_array_is_explained(trained, tmp_path, capsys):
    np.save(tmp_path / "wide.npy", np.zeros((28, 30)))
    np.save(tmp_path / "text.npy", np.array(["seven"]))
    (tmp_path / "empty.npy").write_bytes(b"")
    np.savez(tmp_path / "several.npz", a=np.zeros(1))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    (tmp_path / "notes.txt").write_text("not a picture")
    for name, words in (
        ("wide.npy", "has shape (28, 30); the model takes (28, 28, 1)"),
        ("text.npy", "expected numbers"),
        ("empty.npy", "empty.npy is empty"),
        ("several.npy", "an archive of several arrays"),
        ("notes.txt", "cannot identify image file"),
        ("gone.png", "gone.png"),
    ):
        assert main(["predict", str(trained), str(tmp_path / name)]) == 1
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["train"], ["train", "vgg99"], ["train", "lenet5", "--epochs", "0"], ["fly"]]
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as info:
        main(arguments)
    assert info.value.code == 2
    assert "usage: striate" in capsys.readouterr().err


def test_module_and_script_are_the_same_command():
    script = Path(sysconfig.get_path("scripts")) / "striate"
    if not script.exists():
        pytest.skip("striate is not installed here, only on the path")
    for start in ([sys.executable, "-m", "striate"], [script]):
        done = subprocess.run([*start, "info"], capture_output=True, text=True, check=True, timeout=60)
        assert striate.__version__ in done.stdout
