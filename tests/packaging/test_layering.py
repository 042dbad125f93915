"""Who may know whom: the architecture as a test that reads #include and import lines."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STD = r"<[a-z_]+>"  # a standard header of C++
PUBLIC = r'["<]striate/\w+\.h[">]|' + STD

# Folder: what its #include lines may look like. Subfolders without a row of their own follow their parent's.
CPP = {
    "cpp/include/striate": PUBLIC,
    "cpp/src/core": rf'"core/|{PUBLIC}|<omp\.h>|<[a-z]+/[a-z]+\.h>|<[a-z]+\.h>',
    "cpp/src/simd": r'"simd/|<cstddef>|<cstdint>|<[a-z]*intrin\.h>|<arm_neon\.h>',
    "cpp/src/kernels": rf'"kernels/(?!cpu/)[\w.]+"|"core/|{PUBLIC}',
    "cpp/src/kernels/cpu": r'"kernels/|"simd/|<cstddef>|<cstdint>',
    "cpp/src/graph": rf'"graph/|"core/|{PUBLIC}',
    "cpp/src/ops": rf'"(ops|graph|core)/|"kernels/(?!cpu/)[\w.]+"|{PUBLIC}',
    "cpp/src/compile": rf'"(compile|runtime|ops|graph|core)/|"kernels/(?!cpu/)[\w.]+"|{PUBLIC}',
    "cpp/src/runtime": rf'"(runtime|ops|graph|core)/|"kernels/(?!cpu/)[\w.]+"|{PUBLIC}',
    "cpp/src/train": rf'"(train|io|compile|runtime|ops|graph|core)/|{PUBLIC}',
    "cpp/src/io": rf'"(io|compile|runtime|ops|graph|core)/|<nlohmann/[a-z_]+\.hpp>|<[a-z]+/?[a-z]*\.h>|{PUBLIC}',
    "python/bindings": rf'"[\w]+\.h"|<pybind11/[\w/]+\.h>|{PUBLIC}',
}
# Folder of python/striate: modules of striate that its files must not import.
PYTHON = {
    "layers": r"_core|models|training|datasets|applications|cli",
    "activations": r"_core|models|training",
    "initializers": r"layers|models|training",
    "losses": r"_core|layers|models|training",
    "metrics": r"layers|models|training",
    "optimizers": r"layers|models|training",
    "callbacks": r"_core|layers",
    "datasets": r"_core|layers|models|training|ops",
    "applications": r"_core|training|ops",
}
# Only these may name what their neighbours must not; the thread team sets the denormal flags and pauses while it spins.
ONLY = {
    r"<omp\.h>|#pragma omp": ["cpp/src/core/team.cpp"],
    r"<[a-z]*intrin\.h>|<arm_neon\.h>": ["cpp/src/simd", "cpp/src/core/team.cpp"],
}


def sources(folder):
    return [p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in {".h", ".cpp", ".inc", ".py"}]


def row_of(path, table):
    return max((f for f in table if path.is_relative_to(ROOT / f)), key=len, default=None)


@pytest.mark.parametrize("folder", CPP)
def test_includes(folder):
    files = [p for p in sources(folder) if row_of(p, CPP) == folder]
    assert files, f"{folder} is empty: the table is out of date"
    for path in files:
        for include in re.findall(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")', path.read_text(), re.MULTILINE):
            assert re.match(CPP[folder], include), f"{path.relative_to(ROOT)} must not include {include}"


@pytest.mark.parametrize("pattern", ONLY)
def test_confined(pattern):
    users = {p.relative_to(ROOT) for p in sources("cpp/src") if re.search(pattern, p.read_text())}
    assert users
    assert all(any(user.is_relative_to(place) for place in ONLY[pattern]) for user in users), users


@pytest.mark.parametrize("folder", PYTHON)
def test_imports(folder):
    files = sources(f"python/striate/{folder}")
    assert files, f"{folder} is empty: the table is out of date"
    for path in files:
        for names in re.findall(r"^\s*(?:from|import) striate[. ](?:import )?(.*)", path.read_text(), re.MULTILINE):
            wrong = re.search(rf"^({PYTHON[folder]})\b|[ ,]({PYTHON[folder]})(,|$)", names)
            assert not wrong, f"{path.relative_to(ROOT)} must not import striate.{names}"


def test_graph_names_no_op():
    headers = "".join(path.read_text() for path in sources("cpp/src/ops") if path.suffix == ".h")
    ops = re.findall(r'kName = "(\w+)"', headers)
    assert len(ops) >= (ROOT / "cpp/src/ops/ops.inc").read_text().count("\nSTRIATE_OP(") > 20
    for path in sources("cpp/src/graph"):
        code = re.sub(r"//.*", "", path.read_text())
        for op in set(ops) - {"add", "ones_like", "zeros_like"}:  # a sum, its seed, and no gradient
            assert not re.search(rf'"{op}"|ops::{op}\(', code), f"{path.relative_to(ROOT)} names the op {op}"
