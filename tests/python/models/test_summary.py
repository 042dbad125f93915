"""The summary's exact look."""

import numpy as np
import pytest

import striate
from striate import layers

CHAIN = """\
Model: "net"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv (Conv2D)                   │ (None, 26, 26, 32)     │           320 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flat (Flatten)                  │ (None, 21632)          │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ out (Dense)                     │ (None, 10)             │       216,330 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 216,650 (846.29 KB)
 Trainable params: 216,650 (846.29 KB)
 Non-trainable params: 0 (0.00 B)"""


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def net():
    return striate.Sequential(
        [layers.Conv2D(32, 3, name="conv"), layers.Flatten(name="flat"), layers.Dense(10, name="out")], name="net"
    )


def text(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    assert len(lines) == 1
    return lines[0]


def test_chain(capsys):
    model = net()
    model.build((None, 28, 28, 1))
    assert text(model) == CHAIN
    model.summary()
    assert capsys.readouterr().out == CHAIN + "\n"


def test_unbuilt():
    assert "│ conv (Conv2D)                   │ ?                      │   0 (unbuilt) │" in text(net())


def test_graph_shows_connections():
    x = layers.Input((4,), name="in")
    y = layers.Dense(4, name="d")(x)
    shown = text(striate.Model(x, layers.Add(name="sum")([y, x])))
    assert "Connected to" in shown
    assert "d[0][0], in[0][0]" in shown
    assert "│ in (InputLayer)" in shown


def test_optimizer_and_frozen_layers():
    model = striate.Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    model.get_layer("a").trainable = False
    model.compile("adam", "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 2)), verbose=0)
    shown = text(model, show_trainable=True)
    assert " Total params: 28 (116.00 B)\n" in shown  # 14 weights, two slots for 6 of them, a step and a rate
    assert (
        " Trainable params: 6 (24.00 B)\n Non-trainable params: 8 (32.00 B)\n Optimizer params: 14 (60.00 B)" in shown
    )
    assert "│ N " in shown
    assert "│ Y " in shown


def test_nested():
    inner = striate.Sequential([layers.Input((3,)), layers.Dense(2, name="deep")], name="inner")
    model = striate.Sequential([inner, layers.Dense(1)])
    assert "deep" not in text(model)
    assert "    └ deep (Dense)" in text(model, expand_nested=True)
