"""`python -m striate --cmake-dir` prints where find_package(striate) looks; otherwise the command line."""

import sys
from pathlib import Path


def cmake_dir() -> Path:
    """The folder of striate-config.cmake inside this package."""
    return Path(__file__).resolve().parent / "lib" / "cmake" / "striate"


def main() -> int:
    """Runs `python -m striate`."""
    if sys.argv[1:] == ["--cmake-dir"]:
        print(cmake_dir())
        return 0
    from striate.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
