"""Methods of Keras models that a compiled step would never call: overriding them is refused, not ignored."""

from __future__ import annotations

from typing import Any

_TRAIN = (
    "Say what training makes small by a `Loss` subclass, by `add_loss` in a layer or by overriding `compute_loss`; "
    "for steps in an order of your own, call `train_on_batch` in a loop."
)
_TEST = "Give what is to be measured as metrics; for steps of your own, call `test_on_batch` in a loop."
_PREDICT = "Compute it in `call`; for steps of your own, call `predict_on_batch` in a loop."
_METRICS = "Give compile() a `Metric` subclass, which has `update_state` and `result`."
_ADVICE = {
    "train": {"train_step": _TRAIN, "make_train_function": _TRAIN},
    "test": {"test_step": _TEST, "make_test_function": _TEST},
    "predict": {"predict_step": _PREDICT, "make_predict_function": _PREDICT},
    "metrics": {"compute_metrics": _METRICS, "get_metrics_result": _METRICS},
}


def refuse_own_steps(model: Any, *kinds: str) -> None:
    """Checks a model for methods that would be ignored.

    Args:
        model: the model.
        *kinds: of "train", "test", "predict", "metrics"; none: all.

    Raises:
        NotImplementedError: names the method, and says what to do instead.
    """
    for kind in kinds or _ADVICE:
        for method, advice in _ADVICE[kind].items():
            if callable(getattr(model, method, None)):
                raise NotImplementedError(
                    f"Model '{model.name}' ({type(model).__name__}) has a method `{method}`, which striate would never "
                    f"call: forward, backward pass and update are compiled as one step. {advice}"
                )
