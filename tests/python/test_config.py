import os
import subprocess
import sys

import numpy as np
import pytest

import striate
from striate import layers


def test_winograd_can_be_forbidden():
    allowed = striate.config.winograd()
    inputs = layers.Input((10, 10, 16))
    model = striate.Model(inputs, layers.Conv2D(16, 3, padding="same")(inputs))
    x = np.random.default_rng(0).random((2, 10, 10, 16), dtype=np.float32)
    try:
        striate.config.set_winograd(True)
        fast = model.predict(x, verbose=0)
        striate.config.set_winograd(False)
        assert not striate.config.winograd()
        direct = model.predict(x, verbose=0)
    finally:
        striate.config.set_winograd(allowed)
    assert (fast != direct).any()
    np.testing.assert_allclose(fast, direct, atol=5e-6 * np.abs(direct).max())


@pytest.mark.parametrize(("value", "expected"), [("0", "False"), ("1", "True"), ("no", "STRIATE_WINOGRAD='no'")])
def test_winograd_in_the_environment(value, expected):
    run = subprocess.run(
        [sys.executable, "-c", "import striate; print(striate.config.winograd())"],
        env={**os.environ, "STRIATE_WINOGRAD": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in run.stdout + run.stderr
