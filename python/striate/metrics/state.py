"""What metrics gather, and how an `update_state` of one's own becomes part of a compiled step."""

from typing import Any

import numpy as np

from striate import _core, tracing
from striate.variables import Variable

Updates = list[tuple[Any, Any]]


def updates_of(metric: Any, *args: Any) -> Updates:
    """[(Variable, new value)]: what `metric.update_state(*args)` assigns, on values of a graph.

    Raises:
        NotImplementedError: it keeps what it gathers elsewhere than in the metric's variables: such Python code would
            run once, when the step is traced, and not with each batch.
    """
    before = dict(vars(metric))
    with tracing.Trace() as trace:
        metric.update_state(*args)
    after = vars(metric)
    kept = [name for name, old in before.items() if after.get(name) is not old and _holds_figures(old, after.get(name))]
    if kept or not trace.updates:
        what = f"changes the attribute `{kept[0]}`" if kept else "assigns to no variable"
        raise NotImplementedError(
            f"Metric '{metric.name}' ({type(metric).__name__}): `update_state` {what}. It runs once, when the step is "
            "traced, so only what is assigned to variables counts: make them in `__init__` by "
            "`self.total = self.add_weight(name='total', initializer='zeros')` and use `self.total.assign_add(value)`, "
            "with values computed by striate.ops."
        )
    return list(trace.updates.items())


def _holds_figures(old: Any, new: Any) -> bool:
    """Whether an attribute that was set anew is a figure, rather than a flag or something made when it is needed."""
    return isinstance(new, (_core.Value, np.ndarray)) or (
        isinstance(old, (int, float, Variable)) and not isinstance(old, bool)
    )
