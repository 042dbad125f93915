"""The Python in README and docs, and the scripts in examples/, run as they stand; trainings are cut short."""

import os
import re
import subprocess
import sys

import pytest

from support.building import ROOT

SHORT = {"STRIATE_MAX_EPOCHS": "1"}
PAGES = ["README.md", "docs/quick_start.md", "docs/networks.md"]
SCRIPTS = sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def run_python(arguments, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder, env={**os.environ, **SHORT}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_python_of_a_page(page, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    (tmp_path / "page.py").write_text("\n".join(blocks))
    run_python(["page.py"], tmp_path)
    assert list(tmp_path.glob("*.striate"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_example(script, tmp_path):
    assert run_python([ROOT / "examples" / script], tmp_path)


def anchors(page):
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page):
    here = ROOT / page
    links = re.findall(r"\]\((?!\w+://)([^)\s#]*)(?:#([^)\s]*))?\)", here.read_text())
    for target, anchor in links:
        there = here.parent / target if target else here
        assert there.exists(), f"{page} links to {target}"
        assert not anchor or anchor in anchors(there), f"{page} links to {target}#{anchor}"
