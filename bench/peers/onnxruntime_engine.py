"""The networks of nets.py in ONNX Runtime: inference alone."""

import os

import numpy as np
import onnxruntime
from models import nets


class Engine:
    """One network, ready to predict; reads the file that $ONNX_FILE names."""

    def __init__(self, ops: list[nets.Op], batch: int, task: str, threads: int, flags: list[str]) -> None:
        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_free_dimension_override_by_name("batch", batch)
        self.session = onnxruntime.InferenceSession(os.environ["ONNX_FILE"], options, ["CPUExecutionProvider"])

    def images(self, x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2))

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.session.run(None, {"input": x})[0]

    def channels_at_the_end(self, outputs: np.ndarray) -> np.ndarray:
        return np.moveaxis(outputs, 1, -1)
