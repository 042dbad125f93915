"""Layers: what models are made of."""

from typing import TYPE_CHECKING, Any

from striate import absent
from striate.layers.activation import Activation
from striate.layers.average_pooling import AveragePooling1D, AveragePooling2D, AveragePooling3D
from striate.layers.batch_normalization import BatchNormalization
from striate.layers.convolution import Conv1D, Conv2D, Conv3D
from striate.layers.dense import Dense
from striate.layers.dropout import Dropout
from striate.layers.global_average_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
from striate.layers.global_max_pooling import GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
from striate.layers.input_layer import Input, InputLayer
from striate.layers.layer import Layer
from striate.layers.max_pooling import MaxPooling1D, MaxPooling2D, MaxPooling3D
from striate.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from striate.layers.operation import Operation
from striate.layers.padding import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from striate.layers.relu import LeakyReLU, ReLU
from striate.layers.rescaling import Rescaling
from striate.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from striate.layers.softmax import Softmax
from striate.layers.transposed_convolution import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from striate.utils import identifiers

# Keras's other names for the same classes.
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D

# Every class imported above, for files and `deserialize`.
CLASSES = {cls for cls in globals().values() if isinstance(cls, type) and issubclass(cls, Layer) and cls is not Layer}
_TABLE = identifiers.table_of(CLASSES)

serialize = identifiers.serialize


def deserialize(config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> Any:
    """The layer that `serialize` described, without its weights."""
    return identifiers.deserialize(config, _TABLE, "layer", custom_objects)


__all__ = [
    "Activation",
    "Add",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Operation",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
