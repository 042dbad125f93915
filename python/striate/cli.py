"""The command `striate`: train a network, evaluate it, predict, look at it."""

import argparse
import math
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Heavy parts of the package are imported by the command that needs them, so that --help answers at once.

NETWORKS = ("lenet5", "lab")
DATASETS = ("mnist5k", "mnist", "fashion_mnist")
PEAK_RATE = 0.002  # Adam's first rate; it falls along half a cosine wave


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: the arguments; None takes the process's.

    Returns:
        0 on success, 1 after an error that was told on stderr, 130 after Ctrl-C. Wrong usage exits with 2.
    """
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], None] = arguments.run
    try:
        if getattr(arguments, "threads", None) is not None:
            from striate import config

            config.set_num_threads(arguments.threads)
        run(arguments)
    except KeyboardInterrupt:
        print("striate: interrupted", file=sys.stderr)
        return 130
    except (ImportError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
        print(f"striate: error: {error}", file=sys.stderr)
        return 1
    return 0


def train(arguments: argparse.Namespace) -> None:
    """`striate train`: builds a network, trains it, prints its test accuracy, saves it."""
    from striate import applications, callbacks, optimizers, utils
    from striate.saving import paths

    output = paths.to_write(arguments.output or f"{arguments.network}.striate", (".striate",), True, "a model")
    if not (folder := Path(output).absolute().parent).is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(f"--output {output}: {folder} is no folder that can be written to.")  # before, not after hours
    (x_train, y_train), (x_test, y_test) = _load_data(arguments.data)
    utils.set_random_seed(arguments.seed)
    shape, classes = x_train.shape[1:], int(y_train.max()) + 1
    if arguments.network == "lenet5":
        model = applications.LeNet5(shape, classes, activation="relu", pool="max")
    else:
        model = applications.LabNet(shape, classes)
    model.compile(optimizers.Adam(PEAK_RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    rate = callbacks.LearningRateScheduler(
        lambda epoch: PEAK_RATE * 0.5 * (1 + math.cos(math.pi * epoch / arguments.epochs))
    )
    model.fit(x_train, y_train, batch_size=arguments.batch_size, epochs=arguments.epochs, callbacks=[rate])
    _print_scores(model, x_test, y_test, arguments.batch_size)
    model.save(output)
    print(f"Saved to {output}")


def evaluate(arguments: argparse.Namespace) -> None:
    """`striate evaluate`: the loss and metrics of a saved model on a test set."""
    model = _load_model(arguments.model)
    _, (x_test, y_test) = _load_data(arguments.data)
    _print_scores(model, x_test, y_test, arguments.batch_size)


def predict(arguments: argparse.Namespace) -> None:
    """`striate predict`: the most probable classes of image files, a line each."""
    model = _load_model(arguments.model)
    shape = tuple(model.inputs[0].shape)[1:]
    for name in arguments.images:
        images = _read_images(Path(name), shape, arguments.invert)
        for number, scores in enumerate(model.predict(images, verbose=0)):
            best = np.argsort(-scores.ravel(), kind="stable")[: arguments.top]
            label = name if len(images) == 1 else f"{name}[{number}]"
            print(f"{label}: " + "  ".join(f"{k} {scores.ravel()[k]:.4f}" for k in best))


def summary(arguments: argparse.Namespace) -> None:
    """`striate summary`: the layers of a saved model."""
    _load_model(arguments.model).summary()


def info(arguments: argparse.Namespace) -> None:
    """`striate info`: what runs here."""
    import striate
    from striate import config

    lines = {
        "striate": striate.__version__,
        "instruction set": config.cpu_isa(),
        "threads": config.num_threads(),
        "package": Path(striate.__file__).parent,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "platform": platform.platform(),
    }
    for name, value in lines.items():
        print(f"{name + ':':<17}{value}")


def _load_data(source: str) -> Any:
    """Images scaled to [0, 1] with a channel axis, labels: the named data set, or a folder of four IDX files."""
    from striate import datasets

    if source in DATASETS:
        splits = getattr(datasets, source).load_data()
    elif Path(source).is_dir():
        splits = datasets.mnist.load_data(source)
    else:
        raise ValueError(f"--data {source}: neither a folder nor one of {', '.join(DATASETS)}.")
    return [(_scale(images)[..., None], labels.astype(np.int64)) for images, labels in splits]


def _scale(images: NDArray[Any]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = images.astype(np.float32)
    return scaled / np.float32(255) if images.dtype == np.uint8 else scaled


def _load_model(path: str) -> Any:
    from striate import saving

    return saving.load_model(path)


def _print_scores(model: Any, x: NDArray[np.float32], y: NDArray[np.int64], batch_size: int) -> None:
    scores = model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
    print(f"Test on {len(x)} images: " + ", ".join(f"{name} {scores[name]:.4f}" for name in sorted(scores)))


def _read_images(path: Path, shape: tuple[int, ...], invert: bool) -> NDArray[np.float32]:
    """One image file, or a .npy array of one image or a batch, as a batch of the model's input shape (h, w, c)."""
    if path.suffix == ".npy":
        try:
            array = np.load(path, allow_pickle=False)
        except EOFError:
            raise ValueError(f"{path} is empty.") from None
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{path} is an archive of several arrays, not one. Save the array with numpy.save().")
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{path} holds {array.dtype}; expected numbers.")
        one = array.shape if array.shape[-1:] == shape[-1:] else (*array.shape, 1)  # a missing channel axis is added
        if one != shape and one[1:] != shape:
            raise ValueError(f"{path} has shape {array.shape}; the model takes {shape}, or a batch of these.")
        scaled = _scale(array.reshape(1 if one == shape else len(array), *shape))
    else:
        scaled = _scale(_read_picture(path, shape))
    return 1 - scaled if invert else scaled


def _read_picture(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(f"reading {path} needs Pillow: pip install pillow. (.npy arrays need nothing.)") from None
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise ValueError(f"the model takes {shape}; pictures fit only (height, width, 1) or (height, width, 3).")
    height, width, channels = shape
    with Image.open(path) as picture:
        fitted = picture.convert("L" if channels == 1 else "RGB").resize((width, height))
        return np.asarray(fitted, dtype=np.uint8).reshape(1, height, width, channels)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="striate", description="Convolutional networks: train, evaluate, predict.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    data_help = f"{', '.join(DATASETS)}, or a folder of four IDX files (default: %(default)s)"

    def command(run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(run.__name__, help=text, description=text)
        made.set_defaults(run=run)
        return made

    def runs(made: argparse.ArgumentParser) -> None:
        made.add_argument("--batch-size", type=_positive, default=32, metavar="N", help="default: %(default)s")
        made.add_argument("--threads", type=_positive, metavar="N", help="default: all this process may use")

    made = command(train, "Train a network on a data set and save it.")
    made.add_argument("network", choices=NETWORKS)
    made.add_argument("--data", default="mnist5k", help=data_help)
    made.add_argument("--epochs", type=_positive, default=12, metavar="N", help="default: %(default)s")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same bits (default: %(default)s)")
    made.add_argument("--output", metavar="FILE", help="default: NETWORK.striate")
    runs(made)

    made = command(evaluate, "Print the loss and metrics of a saved model on a test set.")
    made.add_argument("model", metavar="MODEL")
    made.add_argument("--data", default="mnist5k", help=data_help)
    runs(made)

    made = command(predict, "Print the most probable classes of images, a line each.")
    made.add_argument("model", metavar="MODEL")
    made.add_argument("images", metavar="IMAGE", nargs="+", help="a picture, or a .npy array of one image or a batch")
    made.add_argument("--top", type=_positive, default=1, metavar="N", help="classes to show (default: %(default)s)")
    made.add_argument("--invert", action="store_true", help="for dark strokes on light paper: MNIST is light on dark")
    made.add_argument("--threads", type=_positive, metavar="N", help="default: all this process may use")

    command(summary, "Print the layers of a saved model.").add_argument("model", metavar="MODEL")
    command(info, "Print version, instruction set and threads.")
    return parser
