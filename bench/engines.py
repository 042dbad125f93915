"""Engines by name: a peer and its flags behind dashes, and how to start a process of theirs.

The peers are striate and those of peers/. Flags: tc, tcmalloc is preloaded; 1t, on one thread; and the engine's own: cl,
channels last, and compile (PyTorch); fn, in a `tf.function` (Keras); direct, without Winograd's convolutions (striate).
"""

import argparse
import ctypes
import os
import sys
from pathlib import Path

PEERS = {"torch": "PyTorch", "keras": "Keras", "jax": "JAX", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
FLAGS = {"striate": {"direct"}, "torch": {"cl", "compile"}, "keras": {"fn"}, "jax": set(), "onnxruntime": set(), "openvino": set()}


def peer_of(engine: str) -> str:
    return engine.split("-")[0]


def flags_of(engine: str) -> list[str]:
    return engine.split("-")[1:]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--peers", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "peers", help="peers/setup.py's folder"
    )
    parser.add_argument("--striate-python", default=sys.executable, help="the Python that has striate")
    parser.add_argument("--tcmalloc", default="libtcmalloc_minimal.so.4", help="the library for engines with tc")


def threads_of(engine: str, threads: int) -> int:
    return 1 if "1t" in flags_of(engine) else threads


def check(engines: list[str], options: argparse.Namespace, parser: argparse.ArgumentParser, without: set[str] | None = None) -> None:
    """Ends the program where a name means nothing, or the library of tc is missing: a process would start without it.
    `without`: the flags that the script makes nothing of."""
    for engine in engines:
        peer, flags = peer_of(engine), set(flags_of(engine))
        if peer not in FLAGS:
            parser.error(f"there is no engine '{engine}': expected one of {', '.join(FLAGS)}, then its flags")
        known = (FLAGS[peer] | {"tc", "1t"}) - (without or set())
        if unknown := flags - known:
            parser.error(f"'{engine}': {peer} has no flag {', '.join(sorted(unknown))} here; it has {', '.join(sorted(known))}")
    if any("tc" in flags_of(engine) for engine in engines):
        try:
            ctypes.CDLL(options.tcmalloc)
        except OSError:
            parser.error(f"{options.tcmalloc} is not there (Debian: libtcmalloc-minimal4): name another with --tcmalloc, or engines without tc")


def python_of(engine: str, options: argparse.Namespace) -> str:
    peer = peer_of(engine)
    return options.striate_python if peer == "striate" else str(options.peers.resolve() / peer / "bin" / "python")


def environment_of(engine: str, options: argparse.Namespace, threads: int) -> dict[str, str]:
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(threads_of(engine, threads)),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if peer_of(engine) != "striate":
        environment.pop("PYTHONPATH", None)  # striate's
    if "tc" in flags_of(engine):
        environment["LD_PRELOAD"] = options.tcmalloc
    if "direct" in flags_of(engine):
        environment["STRIATE_WINOGRAD"] = "0"
    return environment
