#!/usr/bin/env python3
"""What striate and its peers weigh: MiB and packages installed, seconds to import; into compare.py's JSON file.

    python bench/footprint.py build/peers.json --peers build/peers
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import engines

HERE = Path(__file__).resolve().parent
FOLDERS = """
import importlib.util, pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
print(site)
print(len([p for p in site.glob("*.dist-info") if p.name.split("-")[0] not in ("pip", "setuptools")]))
for name in ("striate", "numpy"):
    spec = importlib.util.find_spec(name)
    print(pathlib.Path(spec.origin).parent if spec else "")
"""


def mib(folder: Path) -> float:
    files = (file for file in folder.rglob("*") if "__pycache__" not in file.parts and file.is_file())
    return sum(file.stat().st_size for file in files if not {"pip", "setuptools"} & set(file.relative_to(folder).parts)) / 2**20


def seconds_to_import(module: str, engine: str, options: argparse.Namespace) -> float:
    """The median time of a process that imports, less that of one that does not."""
    python = engines.python_of(engine, options)
    environment = {**engines.environment_of(engine, options, 1), "KERAS_BACKEND": "tensorflow"}
    del environment["PYTHONDONTWRITEBYTECODE"]  # who imports twice has compiled modules

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([python, "-c", code], check=True, env=environment, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start

    run(f"import {module}")  # reads the files once
    pairs = [(run(f"import {module}"), run("pass")) for _ in range(options.repetitions)]
    return statistics.median(a for a, _ in pairs) - statistics.median(b for _, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", type=Path)
    engines.add_arguments(parser)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    found = {}
    for peer in engines.PEERS:
        python = engines.python_of(peer, options)
        site, packages, *_ = subprocess.run([python, "-c", FOLDERS], check=True, capture_output=True, text=True).stdout.split("\n")
        found[peer] = {"mib": mib(Path(site)), "packages": int(packages)}
        found[peer]["import_s"] = seconds_to_import(peer, peer, options)
    python = options.striate_python
    *_, ours, numpy = subprocess.run([python, "-c", FOLDERS], check=True, capture_output=True, text=True).stdout.split()
    libraries = Path(numpy).parent / "numpy.libs"
    found["numpy"] = {"mib": mib(Path(numpy)) + mib(libraries), "packages": 1}
    found["striate"] = {"mib": mib(Path(ours)), "packages": 1}
    for module in ("numpy", "striate"):
        found[module]["import_s"] = seconds_to_import(module, "striate", options)
    overhead = [python, str(HERE / "models" / "overhead.py")]
    found["step"] = json.loads(subprocess.run(overhead, check=True, capture_output=True, text=True).stdout)
    results = json.loads(options.json.read_text())
    options.json.write_text(json.dumps({**results, "footprint": found}, indent=1))


if __name__ == "__main__":
    main()
