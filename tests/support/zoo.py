"""Networks counted layer by layer, and small ones to train."""

import math

import numpy as np

from striate.initializers.initializer import RandomInitializer


def zeros_first(monkeypatch):
    """Makes weights start at 0, which spares a test of shapes the draws of a hundred million numbers."""
    for draw in ("_uniform", "_normal"):
        monkeypatch.setattr(RandomInitializer, draw, lambda self, shape, *rest, **named: np.zeros(shape, "float32"))


def parameters(model):
    """(trainable numbers, moving statistics)."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return trainable, model.count_params() - trainable


def multiply_adds(layer):
    """Of a convolution, a transposed one or a dense layer, for one image; 0 of others."""
    if not hasattr(layer, "kernel"):
        return 0
    pixels = layer.input if type(layer).__name__.endswith("Transpose") else layer.output
    return math.prod(layer.kernel.shape) * math.prod(pixels.shape[1:-1])


def rows(model, groups):
    """{group: (its last layer's output shape, parameters, multiply-adds)}; a layer belongs to the first group whose
    words its name starts with.

    Args:
        model: a functional model.
        groups: {group: the starts of its layers' names}.
    """
    table = {}
    for layer in model.layers:
        group = next((group for group, starts in groups.items() if layer.name.startswith(starts)), None)
        if group is not None:
            _, weights, work = table.get(group, (None, 0, 0))
            trainable = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
            table[group] = (tuple(layer.output.shape[1:]), weights + trainable, work + multiply_adds(layer))
    return table
