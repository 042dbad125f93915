"""Where a data set lies: an explicit folder, $STRIATE_DATA, the user's cache, the system's folder, the network."""

import gzip
import hashlib
import os
import sys
import tempfile
import urllib.request
import zlib
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path

SYSTEM_FOLDER = Path("/usr/share/datasets")  # Debian's packages dataset-*
TIMEOUT_SECONDS = 30


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/striate`, else `~/.cache/striate`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "striate"


def find_file(folder: Path, name: str) -> Path | None:
    """`folder/name.gz` or the unpacked `folder/name`, whichever exists."""
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    return None


def locate(name: str, path: str | Path | None, checksums: Mapping[str, str], mirrors: Sequence[str]) -> Path:
    """The first folder that holds every file of data set `name`, downloaded into the user's cache if none does.

    Args:
        name: the data set, `fashion_mnist`; outside the cache the folder may also be called `fashion-mnist`.
        path: a folder given by the caller: then no other place is looked at.
        checksums: file name without `.gz` to the MD5 of the unpacked content. Checked on download only.
        mirrors: addresses that file names with `.gz` are appended to, tried in order.

    Raises:
        FileNotFoundError: no place has the files. The message lists every place and what was wrong with it.
    """
    report = []
    for origin, folder in _places(name, path):
        missing = [file for file in checksums if find_file(folder, file) is None]
        if not missing:
            return folder
        state = f"lacks {', '.join(missing)}" if folder.is_dir() else "no such folder"
        report.append(f"{origin} {folder}: {state}")
    if path is None:
        problems = _download(cache_folder() / name, checksums, mirrors)
        if not problems:
            return cache_folder() / name
        report += problems
    raise FileNotFoundError(
        f"[datasets.{name}] not found. Looked in:\n"
        + "".join(f"  - {line}\n" for line in report)
        + f"Put {', '.join(f'{file}.gz' for file in checksums)} into one of these folders, or pass their folder: "
        f"{name}.load_data(path=...). 5,000 digits come with the package: striate.datasets.mnist5k."
    )


def _places(name: str, path: str | Path | None) -> list[tuple[str, Path]]:
    if path is not None:
        return [("path", Path(path))]
    spellings = dict.fromkeys((name, name.replace("_", "-")))
    data = os.environ.get("STRIATE_DATA")
    places = [("$STRIATE_DATA", Path(data) / spelling) for spelling in spellings] if data else []
    places.append(("cache", cache_folder() / name))
    places += [("system", SYSTEM_FOLDER / spelling) for spelling in spellings]
    return places


def _download(folder: Path, checksums: Mapping[str, str], mirrors: Sequence[str]) -> list[str]:
    """Fetches what `folder` lacks; returns what went wrong, nothing if all files are there."""
    for file, checksum in checksums.items():
        if find_file(folder, file) is not None:
            continue
        problems = []
        for mirror in mirrors:
            try:
                _fetch(f"{mirror}{file}.gz", folder / f"{file}.gz", checksum)
                break
            except (OSError, HTTPException, EOFError, zlib.error, ValueError) as error:  # URLError is an OSError
                problems.append(f"download {mirror}{file}.gz: {error}")
        else:
            return problems
    return []


def _fetch(url: str, target: Path, checksum: str) -> None:
    """Downloads one .gz file; it gets its name only when its content's checksum is right."""
    print(f"Downloading {url} to {target.parent}", file=sys.stderr)
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        data = response.read()
    found = hashlib.md5(gzip.decompress(data), usedforsecurity=False).hexdigest()
    if found != checksum:
        raise ValueError(f"the content's MD5 is {found}, published is {checksum}")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
