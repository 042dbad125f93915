"""The networks of nets.py in OpenVINO: inference alone."""

import os

import numpy as np
import openvino
from models import nets


class Engine:
    """One network, ready to predict; reads the file that $ONNX_FILE names."""

    def __init__(self, ops: list[nets.Op], batch: int, task: str, threads: int, flags: list[str]) -> None:
        self.version = f"OpenVINO {openvino.__version__.split('-')[0]}"
        core = openvino.Core()
        model = core.read_model(os.environ["ONNX_FILE"])
        h, w, c = ops[0].shape
        model.reshape([batch, c, h, w])
        # Without the last line it computes in bfloat16 where the processor can.
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.request = core.compile_model(model, "CPU", options).create_infer_request()

    def images(self, x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2))

    def predict(self, x: np.ndarray) -> np.ndarray:
        self.request.set_input_tensor(openvino.Tensor(x, shared_memory=True))  # a third faster than infer([x]) on LeNet-5
        self.request.infer(share_outputs=True)
        return self.request.get_output_tensor().data

    def channels_at_the_end(self, outputs: np.ndarray) -> np.ndarray:
        return np.moveaxis(outputs, 1, -1)
