#!/usr/bin/env python3
"""Makes a virtual environment for each peer, with the versions of requirements/*.txt.

    python bench/peers/setup.py [build/peers] [--only torch,jax]

The one called onnx writes the files that ONNX Runtime and OpenVINO read.
About 3.6 GB. On Debian `apt-get install libtcmalloc-minimal4` gives the allocator that compare.py preloads for the
variants whose names end in tc. PyTorch's plain package for Linux brings CUDA's libraries along, gigabytes of them; the
index that --torch-index names by default has it for CPUs alone.
"""

import argparse
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/peers"))
    parser.add_argument("--only", help="these peers, by name")
    parser.add_argument("--torch-index", default="https://download.pytorch.org/whl/cpu", help='"" for none but pip\'s own')
    options = parser.parse_args()
    files = {file.stem: file for file in sorted(REQUIREMENTS.glob("*.txt"))}
    for peer in options.only.split(",") if options.only else files:
        environment = options.folder / peer
        if not (environment / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        command = [environment / "bin" / "python", "-m", "pip", "install", "-q", "-r", files[peer]]
        if peer == "torch" and options.torch_index:
            command += ["--extra-index-url", options.torch_index]
        subprocess.run(command, check=True)
        print(peer, "is in", environment)


if __name__ == "__main__":
    main()
