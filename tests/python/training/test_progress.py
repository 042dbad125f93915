"""The progress bar in a terminal and in a log."""

import io
import re

import numpy as np
import pytest

import striate
from striate import layers
from striate.training.progress import ProgressBar, metrics_text, per_step_text, seconds_text


class Terminal(io.StringIO):
    def isatty(self):
        return True


LOGS = {"loss": 2.6226, "accuracy": 0.1923}


def test_texts():
    assert [seconds_text(s) for s in (0.2, 3, 65, 3725)] == ["0s", "3s", "1:05", "1:02:05"]
    assert [per_step_text(s) for s in (2.0, 0.479, 35e-6)] == ["2s/step", "479ms/step", "35us/step"]
    assert metrics_text({**LOGS, "small": 1e-5}) == " - accuracy: 0.1923 - loss: 2.6226 - small: 1.0000e-05"


def test_terminal_redraws_one_line():
    stream = Terminal()
    bar = ProgressBar(4, 1, stream)
    bar.update(1, LOGS)
    bar.update(2, LOGS)
    bar.finish(4, LOGS)
    text = stream.getvalue()
    assert text.count("\n") == 1
    frames = [re.sub(r"\x1b\[[0-9;]*[mK]", "", frame) for frame in text.split("\r")[1:]]
    assert len(frames) == 3
    assert re.fullmatch(r"2/4 ━{20} \d+s \d+[um]s/step - accuracy: 0\.1923 - loss: 2\.6226", frames[1])
    assert re.fullmatch(r"4/4 ━{20} \d+s \d+[um]s/step - accuracy: 0\.1923 - loss: 2\.6226\n", frames[2])
    assert "\x1b[32m" + "━" * 10 + "\x1b[0m" in text  # half of it is green after two steps of four


def test_log_holds_a_line_an_epoch(capsys):
    model = striate.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((20, 2), "float32")
    model.fit(x, x[:, :1], batch_size=5, epochs=2, validation_data=(x, x[:, :1]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert re.fullmatch(r"4/4 ━{20} \d+s \d+[um]s/step - loss: 0\.0000e?\S* - val_loss: 0\.0000\S*", lines[1])
    assert len(lines) == 4
    assert not any(re.search(r"[\x00-\x08\x0b-\x1f]", line) for line in lines)


@pytest.mark.parametrize("verbose", [0, 2])
def test_verbose(capsys, verbose):
    model = striate.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((20, 2), "float32")
    model.fit(x, x[:, :1], batch_size=5, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert (lines == []) if verbose == 0 else re.fullmatch(r"4/4 - 0s - \d+[um]s/step - loss: 0\.0\S+", lines[-1])
