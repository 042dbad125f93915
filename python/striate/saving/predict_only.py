"""What can be done with a file whose classes are not at hand."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from striate import _core
from striate.saving import paths

_TYPES = ("float32", "float64", "int32", "int64", "uint8")


class PredictOnlyModel:
    """The stored `predict` of a model file, run as C++ runs it: no layers, no Python classes, no training.

    Args:
        filepath: a file that `model.save()` wrote.

    Raises:
        ValueError: the file cannot be read, or holds no `predict`.

    Example:
        >>> y = PredictOnlyModel("net.striate").predict(images)
    """

    def __init__(self, filepath: Any) -> None:
        self._stored = _core.StoredModel.load(paths.to_read(filepath))
        self._stored.function("predict")

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The outputs for data: an array, or a list for several outputs.

        Args:
            x: an array, or a list of arrays for several inputs.
            batch_size: samples a step; None means 32.
            verbose: nothing is printed in any case.
        """
        arrays = [np.asarray(item) for item in (x if isinstance(x, (list, tuple)) else [x])]
        arrays = [a if a.dtype in _TYPES else a.astype("float32") for a in arrays]
        outputs = self._stored.predict(arrays, batch_size or 32)
        return outputs[0] if len(outputs) == 1 else outputs

    __call__ = predict

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ValueError(
            "A PredictOnlyModel predicts only: its classes were not at hand. Use load_model(custom_objects=)."
        )

    compile = fit = evaluate = train_on_batch = test_on_batch = save = save_weights = get_config = _refuse
