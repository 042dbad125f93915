"""A process killed at any moment of a save leaves a file that loads."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import striate

SAVER = """
import sys
import numpy as np
import striate
from striate import layers

model = striate.Sequential([layers.Input((64,)), layers.Dense(512, name="a"), layers.Dense(512, name="b")])
n = 0
while True:  # all weights of one save hold one number
    model.set_weights([np.full(w.shape, n, "float32") for w in model.get_weights()])
    model.save(sys.argv[1])
    n += 1
    if n == 1:
        print("saved", flush=True)
"""


@pytest.mark.slow
def test_killed_while_saving(tmp_path):
    path = tmp_path / "net.striate"
    random.seed(4)
    for _ in range(8):
        saver = subprocess.Popen([sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE)
        assert saver.stdout.readline() == b"saved\n"
        time.sleep(random.random() * 0.1)
        saver.send_signal(signal.SIGKILL)
        saver.wait()
        saver.stdout.close()
        values = {float(v) for w in striate.models.load_model(path).get_weights() for v in np.unique(w)}
        assert len(values) == 1
    striate.models.load_model(path).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["net.striate"]  # what the killed ones left is gone
