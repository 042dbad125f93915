#!/usr/bin/env python3
"""Times striate beside its peers: the same networks, weights and batches, in one run, on the same cores.

    python bench/peers/setup.py build/peers
    python bench/compare.py --peers build/peers --models lab,lenet5 --json build/peers.json
    python bench/report.py build/peers.json

Each engine runs in a process of its own with its own environment's Python, pinned to the first cores, and is stopped
while another is timed, since idle threads may spin. Repetitions are interleaved, so that what else the machine does
falls on all of them. NumPy arrays go in and come out. Before an engine is timed its outputs, or the losses of three
training steps, are compared with the first engine's. Variants of a peer that are a quarter slower than its fastest in a
first look, and peers that take two and a half times as long as the fastest, keep their first look and are timed no more.
"""

import argparse
import datetime
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
import zlib
from pathlib import Path

import engines
import numpy as np
from cores import round_trip_ns
from engines import peer_of
from models import nets

HERE = Path(__file__).resolve().parent
# Variants that are timed; see engines.py. The first is what the others are compared with.
TRAINING = ("torch-cl-tc", "torch-cl-tc-compile", "torch-cl", "torch", "keras-tc", "keras", "keras-fn", "keras-fn-tc", "jax-tc")
INFERENCE = (*TRAINING, "onnxruntime", "openvino")
ONNX_READERS = ("onnxruntime", "openvino")  # which only predict
SINGLE = ("onnxruntime-1t", "openvino-1t")  # may be faster with the smallest networks on one image
TOLERANCE = {"train": 2e-3, "predict": 1e-3}  # of the largest loss or output
SLOWER_VARIANT, SLOWER_PEER = 1.25, 2.5


class Worker:
    """An engine's process, stopped but when it is asked; see models/worker.py."""

    def __init__(self, engine: str, net: str, task: str, batch: int, options: argparse.Namespace, *flags: str) -> None:
        threads = engines.threads_of(engine, options.threads)
        environment = {
            **engines.environment_of(engine, options, threads),
            "TORCHINDUCTOR_CACHE_DIR": str(options.peers / "inductor"),  # so that a second run compiles nothing
            "ONNX_FILE": str(options.peers / "networks" / f"{net}.onnx"),
        }
        command = [engines.python_of(engine, options), "-m", "models.worker", engine, net, task, str(batch), str(threads), *flags]
        self.process = subprocess.Popen(
            command,
            cwd=HERE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=options.log,
            text=True,
        )
        self.version = self._answer()

    def ask(self, *words: object):
        os.kill(self.process.pid, signal.SIGCONT)
        print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"ended with code {self.process.wait()}")
        os.kill(self.process.pid, signal.SIGSTOP)
        return json.loads(line)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def difference(got: list[float], expected: list[float]) -> float:
    """The largest, relative to the largest value."""
    return float(np.abs(np.subtract(got, expected)).max() / np.abs(expected).max())


def losses_without_dropout(engine: str, net: str, batch: int, options: argparse.Namespace) -> list[float]:
    worker = Worker(engine, net, "train", batch, options, "no-dropout")
    try:
        return worker.ask("check")["answers"]
    finally:
        worker.close()


def touch_memory(mib: int) -> None:
    """Touches memory in a process that then ends: a virtual machine has its host's pages then, and a first step does not
    wait for them (2 MB took 3.4 ms each, where a page that the machine has takes 0.1)."""
    huge = f"m = mmap.mmap(-1, {mib} << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.madvise(mmap.MADV_HUGEPAGE)"
    touch = f"import mmap; {huge}; [m.__setitem__(i, 1) for i in range(0, {mib} << 20, 4096)]"
    subprocess.run([sys.executable, "-c", touch], check=True)


def first_look(engine: str, net: str, task: str, batch: int, options: argparse.Namespace) -> tuple[Worker, dict]:
    """A worker that is ready, and what is known of it before the repetitions."""
    check = task == "train" and any(op.kind == "dropout" for op in nets.NETS[net].ops())
    answers = None
    if check and options.check_dropout:
        answers = losses_without_dropout(engine, net, batch, options)
    if task == "train":
        touch_memory(3 << 10)
    worker = Worker(engine, net, task, batch, options)
    found = worker.ask("check")
    if not check:
        answers = found["answers"]
    quick = worker.ask("warm", options.seconds)
    return worker, {
        "version": worker.version,
        "first_ms": found["first_ms"],
        "quick_ms": quick,
        "memory_mib": worker.ask("memory"),
        "answers": answers,
        "ms": [],
        "round_trips_ns": [],
    }


def leave_out_slow(alive: dict[str, Worker], found: dict[str, dict], group, factor: float) -> None:
    """Ends the workers that are `factor` slower than the fastest of their group."""
    for engine in list(alive):
        others = [found[other]["quick_ms"] for other in alive if group(other) == group(engine)]
        if peer_of(engine) != "striate" and found[engine]["quick_ms"] > factor * min(others):
            alive.pop(engine).close()


def typical(row: dict) -> float:
    return statistics.median(row["ms"] or [row["quick_ms"]])


def compare(net: str, task: str, batch: int, chosen: list[str], options: argparse.Namespace) -> dict:
    """{engine: {"ms": [milliseconds a step, ...], "first_ms": ..., "memory_mib": ..., ...}}; round_trips_ns: how far apart
    the cores were before and after each repetition (see cores.py)."""
    alive, found = {}, {}
    reference = None
    try:
        for engine in chosen:
            try:
                alive[engine], found[engine] = first_look(engine, net, task, batch, options)
            except (RuntimeError, OSError) as error:
                hint = "; --log FILE keeps what it prints" if options.log is subprocess.DEVNULL else ""
                print(f"  {engine}: {error}{hint}", file=sys.stderr)
                continue
            answers = found[engine].pop("answers")
            reference = reference or answers
            if answers is not None:
                found[engine]["difference"] = off = difference(answers, reference)
                if not off < TOLERANCE[task]:
                    print(f"  {engine} differs from {next(iter(found))} by {off:.1e}: not timed", file=sys.stderr)
                    found[engine]["wrong"] = True
                    alive.pop(engine).close()
            leave_out_slow(alive, found, peer_of, SLOWER_VARIANT)
        leave_out_slow(alive, found, lambda engine: peer_of(engine) == "striate", SLOWER_PEER)
        used = sorted(os.sched_getaffinity(0))[: options.threads]
        before = round_trip_ns(used[0], used[-1])
        for repetition in range(options.repetitions):
            for engine in list(alive)[:: -1 if repetition % 2 else 1]:
                steps = max(1, round(1e3 * options.seconds / found[engine]["quick_ms"]))
                found[engine]["ms"].append(alive[engine].ask("time", steps, 0 if steps == 1 else 1 + steps // 10))
                after = round_trip_ns(used[0], used[-1])
                found[engine]["round_trips_ns"].append([before, after])
                before = after
        for engine in alive:
            found[engine]["memory_mib"] = alive[engine].ask("memory")
    finally:
        for worker in alive.values():
            worker.close()
    for engine, row in found.items():
        print(f"  {engine:14} {typical(row):10.3f} ms{'' if row['ms'] else ' ~'}  {row['memory_mib']:5.0f} MiB", file=sys.stderr)
    return found


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def fastest_variants(times: dict[str, float]) -> list[str]:
    """Of each peer that is worth its time, going by an earlier run of all variants, one engine; and striate."""
    peers = [engine for engine in times if peer_of(engine) != "striate"]
    limit = SLOWER_PEER * min(times[engine] for engine in peers)
    kinds = {engine: (peer_of(engine), "compile" in engines.flags_of(engine)) for engine in peers}
    best = {kind: min((e for e in peers if kinds[e] == kind), key=times.get) for kind in kinds.values()}
    return [*(engine for engine in best.values() if times[engine] < limit), "striate"]


def workloads(options: argparse.Namespace) -> list[tuple[str, str, int]]:
    """(network, task, batch); nothing is trained on single images."""
    return [
        (net, task, batch)
        for net in options.models.split(",")
        for task in options.tasks.split(",")
        for batch in nets.NETS[net].batches
        if (task == "predict" or batch > 1) and (not options.batches or str(batch) in options.batches.split(","))
    ]


def write_onnx(net: str, options: argparse.Namespace) -> None:
    """The file that ONNX Runtime and OpenVINO read, unless the networks are the same as when it was written."""
    file = options.peers / "networks" / f"{net}.onnx"
    stamp, state = file.with_suffix(".stamp"), str(zlib.crc32((HERE / "models" / "nets.py").read_bytes()))
    if file.exists() and stamp.exists() and stamp.read_text() == state:
        return
    file.parent.mkdir(exist_ok=True)
    python = options.peers / "onnx" / "bin" / "python"
    subprocess.run([python, "-m", "peers.onnx_file", net, file], cwd=HERE, check=True)
    stamp.write_text(state)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    engines.add_arguments(parser)
    parser.add_argument("--models", default=",".join(nets.NETS), help="only these")
    parser.add_argument("--engines", help=f"striate, striate-1t (one thread) and of {', '.join((*INFERENCE, *SINGLE))}")
    parser.add_argument("--tasks", default="train,predict", help="only these")
    parser.add_argument("--batches", help="only these")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="and cores; else all")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="that one repetition takes; at least one step")
    parser.add_argument(
        "--check-dropout",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compare losses of networks with dropout too, in processes of their own and without it",
    )
    parser.add_argument("--json", type=Path, required=True, help="where all repetitions go, and what is there stays")
    parser.add_argument("--fastest", action="store_true", help="of each peer only what was fastest in the file's run of all variants")
    parser.add_argument("--one-thread", action="store_true", help="striate on one thread too, for training steps")
    parser.add_argument("--resume", action="store_true", help="leave out what the file has")
    parser.add_argument("--log", type=argparse.FileType("a"), default=subprocess.DEVNULL, help="what engines print")
    options = parser.parse_args()
    options.peers = options.peers.resolve()
    for names, known in ((options.models, nets.NETS), (options.tasks, ("train", "predict"))):
        if unknown := set(names.split(",")) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; expected of {', '.join(known)}")
    if options.fastest and options.engines:
        parser.error("--fastest chooses the engines: leave out --engines")
    engines.check(options.engines.split(",") if options.engines else [*INFERENCE, *SINGLE], options, parser)
    return options


def earlier(options: argparse.Namespace) -> dict:
    """What the file of --json has, if it is of this machine."""
    here = {"processor": processor(), "threads": options.threads}
    if not options.json.exists():
        return {**here, "workloads": {}}
    results = json.loads(options.json.read_text())
    there = {name: results.get(name) for name in here}
    if there != here:
        sys.exit(f"{options.json} is of {there}, and this is {here}: name another file")
    return results


def chosen_engines(key: str, results: dict, options: argparse.Namespace) -> list[str]:
    """What is timed of one workload, peers first: a peer's outputs are what others are held to."""
    _, task, batch = key.split()
    if options.engines:
        chosen = options.engines.split(",")
    elif options.fastest:
        if key not in results["variants"]:
            sys.exit(f"{options.json} has no run of all variants of {key}: run it without --fastest first")
        chosen = fastest_variants(results["variants"][key])
    else:
        chosen = [*(TRAINING if task == "train" else INFERENCE), *(SINGLE if batch == "1" else ()), "striate"]
    if task == "train":
        chosen = [engine for engine in chosen if peer_of(engine) not in ONNX_READERS]
        chosen += ["striate-1t"] if options.one_thread else []
    return sorted(chosen, key=lambda engine: peer_of(engine) == "striate")


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that stopped workers are ended
    results = earlier(options)
    variants = results.setdefault("variants", {})
    for net, task, batch in workloads(options):
        key = f"{net} {task} {batch}"
        if options.resume and key in results["workloads"]:
            continue
        chosen = chosen_engines(key, results, options)
        if any(peer_of(engine) in ONNX_READERS for engine in chosen):
            write_onnx(net, options)
        start = time.monotonic()
        print(key, file=sys.stderr)
        row = compare(net, task, batch, chosen, options)
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        for engine in row.values():
            engine["at"] = now
        results["workloads"].setdefault(key, {}).update(row)
        if not options.fastest and not options.engines:
            variants[key] = {engine: typical(found) for engine, found in row.items() if not found.get("wrong")}
        options.json.write_text(json.dumps(results, indent=1))
        print(f"  {time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
