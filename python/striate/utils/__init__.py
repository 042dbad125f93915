"""What scripts need beside models: one-hot labels, seeds, batches by number."""

from typing import TYPE_CHECKING

from striate import absent
from striate.saving import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from striate.utils import np_utils
from striate.utils.numerical import normalize, to_categorical
from striate.utils.progbar import Progbar
from striate.utils.py_dataset import PyDataset, Sequence
from striate.utils.random_seed import set_random_seed

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "np_utils",
    "register_keras_serializable",
    "set_random_seed",
    "to_categorical",
]

if not TYPE_CHECKING:  # which knows what there is
    __getattr__ = absent.explained(__name__)
