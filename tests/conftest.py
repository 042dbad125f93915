"""What several folders of tests share: the C++ build and the example application."""

import os
import sys
from pathlib import Path

import pytest

from support.building import EXAMPLES, ROOT, configure, has_doctest, run


@pytest.fixture(scope="session")
def cpp_build(tmp_path_factory):
    """A build tree of the C++ library, with its tests where doctest is installed.

    `STRIATE_BUILD_DIR` names one that exists; else one is made, which takes minutes.
    """
    if existing := os.environ.get("STRIATE_BUILD_DIR"):
        return Path(existing).resolve()
    tests = "ON" if has_doctest() else "OFF"
    return configure(ROOT, tmp_path_factory.mktemp("cpp") / "build", f"-DSTRIATE_BUILD_TESTS={tests}")


@pytest.fixture(scope="session")
def wheel_examples(tmp_path_factory):
    """cpp/examples built against the installed Python package; the folder of its programs."""
    cmake_dir = run(sys.executable, "-m", "striate", "--cmake-dir").strip()
    return configure(EXAMPLES, tmp_path_factory.mktemp("examples") / "wheel", f"-Dstriate_DIR={cmake_dir}")
