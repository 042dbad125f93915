import re

import pytest

from striate.utils import Progbar


def test_log(capsys):
    bar = Progbar(4, stateful_metrics=["rate"])
    for step in range(1, 5):
        bar.update(step, [("loss", float(step)), ("rate", 0.1 * step)])
    bar.update(4)  # nothing is printed twice
    assert re.fullmatch(r"4/4 ━{20} 0s \d+[um]s/step - loss: 2\.5000 - rate: 0\.4000\n", capsys.readouterr().out)


def test_unknown_length_ends_when_told(capsys):
    bar = Progbar(None)
    bar.add(2, [("loss", 1.0)])
    bar.add(1, [("loss", 4.0)])
    assert capsys.readouterr().out == ""
    bar.update(3, finalize=True)
    assert "3/Unknown" in capsys.readouterr().out
    assert bar.values == {"loss": 2.0}


def test_width_comes_later():
    with pytest.raises(ValueError, match="`width` comes in a later version"):
        Progbar(3, width=30)
