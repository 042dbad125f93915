#!/usr/bin/env python3
"""Times striate beside its peers: the same networks, weights and batches, in one run, on the same cores.

    python bench/compare.py --models lab,lenet5 --threads 2

Each engine runs in a process of its own, pinned to the first cores; repetitions are interleaved, so that what else the
machine does falls on all of them. NumPy arrays go in and come out. Before anything is timed, outputs and three
training losses from the same weights are compared. Engines that are not installed are left out.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from models import nets
from models.worker import ENGINES

HERE = Path(__file__).parent


class Worker:
    """An engine's process; see models/worker.py."""

    def __init__(self, engine: str, net: str, threads: int, preload: str | None) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "STRIATE_NUM_THREADS": str(threads)}
        if preload:
            environment["LD_PRELOAD"] = preload
        command = [sys.executable, "-m", "models.worker", engine, net, str(threads)]
        self.process = subprocess.Popen(
            command, cwd=HERE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self._answer()["version"]

    def ask(self, *words: object):
        print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.process.args)} ended with code {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def check(workers: dict[str, Worker], batch: int) -> None:
    """Raises SystemExit unless all engines compute the same."""
    answers = {engine: worker.ask("check", batch) for engine, worker in workers.items()}
    (reference, expected), *others = answers.items()
    for engine, got in others:
        outputs = np.abs(np.subtract(got["outputs"], expected["outputs"])).max()
        losses = np.abs(np.subtract(got["losses"], expected["losses"])).max()
        if not (outputs < 1e-5 and losses < 1e-4):
            raise SystemExit(f"{engine} and {reference} differ: outputs by {outputs:.1e}, losses by {losses:.1e}")


def compare_net(net: str, engines: list[str], options: argparse.Namespace) -> list[dict]:
    """One row for each (task, batch): {engine: [milliseconds a step, ...]}."""
    threads, preload = options.threads, options.preload
    workers = {engine: Worker(engine, net, threads, preload if engine != "striate" else None) for engine in engines}
    for worker in workers.values():
        print(f"{net}: {worker.version}", file=sys.stderr)
    check(workers, nets.NETS[net].batches[0])
    rows = []
    for task in ("train", "predict"):
        for batch in nets.NETS[net].batches:
            steps = {}
            for engine, worker in workers.items():
                worker.ask(task, batch, 3)
                steps[engine] = max(1, int(options.seconds / worker.ask(task, batch, 5)))
            times = {engine: [] for engine in engines}
            for _ in range(options.repetitions):
                for engine, worker in workers.items():
                    times[engine].append(1e3 * worker.ask(task, batch, steps[engine]))
            rows.append({"net": net, "task": task, "batch": batch, "ms": times})
    memory = {engine: worker.ask("memory") for engine, worker in workers.items()}
    rows.append({"net": net, "task": "peak resident MiB", "batch": None, "ms": {e: [m] for e, m in memory.items()}})
    for worker in workers.values():
        worker.close()
    return rows


def seconds_to_import(module: str, repetitions: int) -> float:
    """The median time of a process that imports, less that of one that does not."""

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    pairs = [(run(f"import {module}"), run("pass")) for _ in range(repetitions)]
    return statistics.median(a for a, _ in pairs) - statistics.median(b for _, b in pairs)


def package_mib(module: str) -> tuple[float, float]:
    """MiB of a package's files as installed, and compressed as a wheel does."""
    folder = Path(importlib.util.find_spec(module).origin).parent
    packed, installed = BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                installed += file.stat().st_size
                archive.write(file, file.relative_to(folder))
    return installed / 2**20, packed.tell() / 2**20


def footprint(engines: list[str], repetitions: int) -> dict:
    overhead = subprocess.run(
        [sys.executable, str(HERE / "models" / "overhead.py")], check=True, capture_output=True, text=True
    )
    installed, wheel = package_mib("striate")
    modules = ["numpy", "striate", *(["torch"] if any("torch" in engine for engine in engines) else [])]
    return {
        "import_s": {module: round(seconds_to_import(module, repetitions), 3) for module in modules},
        "striate_installed_mib": round(installed, 2),
        "striate_wheel_mib": round(wheel, 2),
        "step": json.loads(overhead.stdout),
    }


def table(rows: list[dict], engines: list[str], middle) -> str:
    """Markdown: a `middle` of each engine's repetitions, the spread of ours, and how many times faster than each peer."""
    peers = [engine for engine in engines if engine != "striate"]
    head = [
        "network",
        "task",
        "batch",
        *(f"{engine} ms" for engine in engines),
        "spread",
        *(f"x {peer}" for peer in peers),
    ]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        shown = {engine: middle(row["ms"][engine]) for engine in engines}
        ours, unit = row["ms"]["striate"], row["batch"] is not None
        cells = [row["net"], row["task"], str(row["batch"] or "")]
        cells += [f"{shown[engine]:.3f}" if unit else f"{shown[engine]:.0f}" for engine in engines]
        cells.append(f"{100 * (max(ours) - min(ours)) / shown['striate']:.0f}%" if unit else "")
        cells += [f"{shown[peer] / shown['striate']:.2f}" for peer in peers]
        lines.append(cells)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="lab,lenet5", help=f"of {', '.join(nets.NETS)}")
    parser.add_argument("--engines", default=",".join(ENGINES), help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repetitions", type=int, default=9, help="at least 7")
    parser.add_argument("--seconds", type=float, default=0.25, help="that one repetition takes")
    parser.add_argument("--best", action="store_true", help="show the fastest repetition, for machines that are shared")
    parser.add_argument("--preload", help="an allocator's library for the peers, such as libtcmalloc.so")
    parser.add_argument("--no-footprint", action="store_true", help="leave out import time, sizes and overhead")
    parser.add_argument("--json", type=Path, help="write all repetitions to this file")
    arguments = parser.parse_args()
    if arguments.repetitions < 7:
        parser.error("--repetitions must be at least 7")
    engines = [e for e in arguments.engines.split(",") if importlib.util.find_spec(e.split("-")[0])]
    if "striate" not in engines:
        parser.error("striate is not installed in this environment")
    rows = []
    for net in arguments.models.split(","):
        rows += compare_net(net, engines, arguments)
    name, middle = ("best", min) if arguments.best else ("median", statistics.median)
    print(f"{processor()}, {arguments.threads} threads, {name} of {arguments.repetitions} interleaved repetitions\n")
    print(table(rows, engines, middle))
    found = None if arguments.no_footprint else footprint(engines, arguments.repetitions)
    if found:
        imports = ", ".join(f"{module} {seconds} s" for module, seconds in found["import_s"].items())
        print(
            f"\nImport: {imports}. Package: {found['striate_installed_mib']} MiB, {found['striate_wheel_mib']} as a wheel."
        )
        step = found["step"]
        print(
            f"A step of a tiny network: train {step['train_us']} us, of which Python {step['train_python_us']}; "
            f"predict {step['predict_us']} us, of which Python {step['predict_python_us']}."
        )
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"rows": rows, "footprint": found, "threads": arguments.threads}, indent=1)
        )


if __name__ == "__main__":
    main()
