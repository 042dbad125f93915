"""Building C++ projects from tests."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "cpp" / "examples"


def tool(name):
    """A build tool from this environment's scripts (pip's cmake and ninja) or the system."""
    found = shutil.which(name, path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command, cwd=None):
    """Runs a command; the test fails with its output if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def configure(source, build, *options):
    """`cmake -S source -B build`, then builds."""
    prefix = f"-DCMAKE_PREFIX_PATH={sysconfig.get_path('purelib')}"  # where pip puts nlohmann-json's headers
    ninja = f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}"
    unity = "-DCMAKE_UNITY_BUILD=ON"  # half the time
    run(tool("cmake"), "-G", "Ninja", "-S", source, "-B", build, prefix, ninja, unity, *options)
    run(tool("cmake"), "--build", build)
    return build


def has_doctest():
    """Whether the C++ compiler finds the test framework's headers, which no Python package brings."""
    probe = ["c++", "-x", "c++", "-fsyntax-only", "-include", "doctest/doctest.h", os.devnull]
    return shutil.which("c++") is not None and subprocess.run(probe, capture_output=True).returncode == 0
