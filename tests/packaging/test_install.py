"""The C++ package as its users meet it: installed, moved, found, built against, run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.building import EXAMPLES, ROOT, configure, has_doctest, run, tool

VERSION = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE).group(1)


def check_programs(folder, tmp_path):
    """The example programs run, and what they train survives their file."""
    out = run(folder / "train_spirals", cwd=tmp_path)
    assert float(re.search(r"^accuracy (\S+)", out, re.MULTILINE).group(1)) >= 0.95
    assert "loaded again: the same" in out


@pytest.mark.slow
def test_application_built_against_the_install_tree(cpp_build, tmp_path):
    run(tool("cmake"), "--install", cpp_build, "--prefix", tmp_path / "first")
    (tmp_path / "first").rename(tmp_path / "moved")  # relocatable
    for config in (tmp_path / "moved").rglob("*.cmake"):
        assert str(tmp_path / "first") not in config.read_text(), f"{config} holds the install prefix"
        assert str(ROOT) not in config.read_text(), f"{config} holds a path of the source tree"
    build = configure(EXAMPLES, tmp_path / "build", f"-DCMAKE_PREFIX_PATH={tmp_path / 'moved'}")
    check_programs(build, tmp_path)


@pytest.mark.slow
def test_application_built_against_the_wheel(wheel_examples, tmp_path):
    check_programs(wheel_examples, tmp_path)


@pytest.mark.slow
def test_version_is_one(wheel_examples, tmp_path):
    import striate

    assert striate.__version__ == VERSION
    project = tmp_path / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(version_check LANGUAGES CXX)\n"
        f"find_package(striate {VERSION} EXACT REQUIRED)\n"
        "add_executable(version_check main.cpp)\ntarget_link_libraries(version_check PRIVATE striate::striate)\n"
    )
    (project / "main.cpp").write_text(
        "#include <cstdio>\n#include <striate/striate.h>\n"
        'int main() { std::printf("%s %s", STRIATE_VERSION, striate::version().c_str()); }\n'
    )
    cmake_dir = run(sys.executable, "-m", "striate", "--cmake-dir").strip()
    build = configure(project, tmp_path / "build", f"-Dstriate_DIR={cmake_dir}")
    assert run(build / "version_check") == f"{VERSION} {VERSION}"


def test_every_public_header_is_installed_and_compiles_alone(tmp_path):
    cmake_dir = Path(run(sys.executable, "-m", "striate", "--cmake-dir").strip())
    include = cmake_dir.parents[2] / "include"
    headers = sorted(path.name for path in (include / "striate").glob("*.h"))
    source = {path.name for path in (ROOT / "cpp/include/striate").glob("*.h")} | {"version.h"}
    assert set(headers) == source
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler")
    for header in headers:
        (tmp_path / "alone.cpp").write_text(f"#include <striate/{header}>\n")
        done = subprocess.run(
            ["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}", "alone.cpp"],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_cpp_suite(cpp_build):
    """ctest, so that `pytest` alone runs every test there is."""
    if not has_doctest():
        pytest.skip("doctest is not installed (Debian: doctest-dev)")
    out = run(tool("ctest"), "--test-dir", cpp_build, "--output-on-failure", "--parallel", "2")
    assert "100% tests passed" in out


@pytest.mark.slow
def test_kernel_objects_define_no_weak_symbols(cpp_build):
    """A weak function compiled with AVX-512 flags can be the copy the linker keeps, and kill an older CPU."""
    objects = sorted(Path(cpp_build).glob("cpp/CMakeFiles/striate_kernels_*.dir/**/*.o"))
    assert len(objects) >= 2 * 11
    for path in objects:
        symbols = run(tool("nm"), "-C", "--defined-only", path)
        weak = [line for line in symbols.splitlines() if re.search(r" [WVu] ", line)]
        assert not weak, f"{path.relative_to(cpp_build)}: {weak}"
