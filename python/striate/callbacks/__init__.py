"""What happens at certain moments of training."""

from striate.callbacks.callback import Callback
from striate.callbacks.callback_list import CallbackList
from striate.callbacks.csv_logger import CSVLogger
from striate.callbacks.early_stopping import EarlyStopping
from striate.callbacks.history import History
from striate.callbacks.lambda_callback import LambdaCallback
from striate.callbacks.learning_rate_scheduler import LearningRateScheduler
from striate.callbacks.model_checkpoint import ModelCheckpoint
from striate.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "TerminateOnNaN",
]
