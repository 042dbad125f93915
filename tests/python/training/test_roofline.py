"""What `Model.profile` measured, printed beside what the machine could do."""

from types import SimpleNamespace

import numpy as np

import striate
from striate import layers
from striate.training.roofline import Peaks, Profile, measured_peaks


def step(scope, op, seconds, flops, moved, runs=2, kernel="direct (12 cycles)"):
    return SimpleNamespace(scope=scope, op=op, kernel=kernel, seconds=seconds, flops=flops, bytes=moved, runs=runs)


def test_rows_gather_a_layers_steps_of_one_op():
    profile = Profile(
        [
            step("b", "add", 2.0, 5, 7),
            step("a", "conv", 4.0, 10, 1),
            step("a", "conv", 2.0, 20, 2, kernel="direct (9 cycles)"),
            step("c", "conv", 9.0, 1, 1, runs=0),
        ]
    )
    assert profile.rows() == [("a", "conv", "direct", 3.0, 30, 3), ("b", "add", "direct", 1.0, 5, 7)]
    assert len(profile) == 4  # a list of steps all the same


def test_table_names_the_bound_and_how_near_it_is():
    profile = Profile([step("conv", "conv", 2.0, 3e9, 1e9), step("relu", "relu", 1.0, 1e6, 2e9)])
    lines = profile.table(peaks=Peaks(flops=6e9, bytes=8e9)).splitlines()
    conv, relu = (next(line for line in lines if line.startswith(name)) for name in ("conv", "relu"))
    assert "arithmetic" in conv
    assert "50%" in conv  # 3 GFLOP at 6 a second in one second
    assert "66.7%" in conv  # of the time
    assert "memory" in relu
    assert "50%" in relu  # 2 GB at 8 a second in half a second
    short = profile.table(most=1, peaks=Peaks(6e9, 8e9))
    assert "relu" not in short
    assert "1 more" in short


def test_table_of_nothing_says_what_to_do():
    assert "model.profile(True)" in str(Profile([]))
    assert "model.profile(True)" in str(Profile([step("a", "add", 0.0, 1, 1, runs=0)]))


def test_a_model_prints_its_profile():
    assert measured_peaks().flops > 1e8
    assert measured_peaks().bytes > 1e7
    model = striate.Sequential([striate.Input((8, 8, 2)), layers.Conv2D(4, 3, name="first"), layers.Flatten()])
    x = np.ones((3, 8, 8, 2), np.float32)
    model.predict_on_batch(x)
    model.profile(True)
    model.predict_on_batch(x)
    text = str(model.profile(False))
    assert "first" in text
    assert "conv" in text
    assert "roofline" in text
