"""Layers as loops over NumPy slices in float64: the specification that tests compare with."""

import itertools

import numpy as np


def same_padding(sizes, window, strides, dilations=None):
    """(before, after) for each spatial axis by TensorFlow's rule."""
    pairs = []
    for size, taps, stride, dilation in zip(sizes, window, strides, dilations or (1,) * len(window), strict=True):
        reach = (taps - 1) * dilation + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def output_sizes(sizes, window, strides, padding, dilations=None, ceil_mode=False):
    """Sizes after sliding a window; in ceil mode the last window may reach beyond the input but starts inside it."""
    result = []
    for size, taps, stride, (lo, hi), dilation in zip(
        sizes, window, strides, padding, dilations or (1,) * len(window), strict=True
    ):
        space = size + lo + hi - ((taps - 1) * dilation + 1)
        count = (-(-space // stride) if ceil_mode else space // stride) + 1
        if ceil_mode and (count - 1) * stride >= size + lo:
            count -= 1
        result.append(count)
    return result


def conv(x, kernel, strides, padding, dilations):
    """Cross-correlation: x (n, spatial..., c), kernel (spatial..., c, f)."""
    window = kernel.shape[:-2]
    sizes = output_sizes(x.shape[1:-1], window, strides, padding, dilations)
    padded = np.pad(x.astype("float64"), [(0, 0), *padding, (0, 0)])
    y = np.zeros((len(x), *sizes, kernel.shape[-1]))
    for tap in itertools.product(*map(range, window)):
        where = [
            slice(t * d, t * d + (size - 1) * s + 1, s)
            for t, d, s, size in zip(tap, dilations, strides, sizes, strict=True)
        ]
        y += padded[(slice(None), *where)] @ kernel[tap].astype("float64")
    return y


def pool(x, window, strides, padding, reduce, ceil_mode=False):
    """reduce(cells) for each window, cells (n, how many, c) being those inside x alone."""
    spatial = x.shape[1:-1]
    sizes = output_sizes(spatial, window, strides, padding, ceil_mode=ceil_mode)
    y = np.zeros((len(x), *sizes, x.shape[-1]))
    for place in itertools.product(*map(range, sizes)):
        where = []
        for p, taps, stride, (lo, _), size in zip(place, window, strides, padding, spatial, strict=True):
            start = p * stride - lo
            where.append(slice(max(start, 0), min(start + taps, size)))
        cells = x[(slice(None), *where)].astype("float64").reshape(len(x), -1, x.shape[-1])
        y[(slice(None), *place)] = reduce(cells)
    return y


def conv_transpose(x, kernel, strides, before, dilations, sizes):
    """Every pixel adds its kernel, times its value: x (n, spatial..., c), kernel (spatial..., f, c); the result has
    these sizes and starts `before` cells into what the pixels reach."""
    y = np.zeros((len(x), *sizes, kernel.shape[-2]))
    for place in np.ndindex(x.shape[1:-1]):
        for tap in np.ndindex(kernel.shape[:-2]):
            at = tuple(p * s + t * d - b for p, s, t, d, b in zip(place, strides, tap, dilations, before, strict=True))
            if all(0 <= i < size for i, size in zip(at, sizes, strict=True)):
                y[(slice(None), *at)] += x[(slice(None), *place)].astype("float64") @ kernel[tap].astype("float64").T
    return y
