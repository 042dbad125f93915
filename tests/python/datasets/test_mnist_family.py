"""Where MNIST and Fashion-MNIST are looked for, on tiny files; no test reaches the network."""

import gzip
import hashlib
import http.client
import io
import urllib.error
import urllib.request

import numpy as np
import pytest

from striate.datasets import _locate, fashion_mnist, mnist
from striate.datasets._idx import write_idx


def write_split(folder, n=3, fill=7, packed=True):
    folder.mkdir(parents=True)
    ending = ".gz" if packed else ""
    for name, count in (("train", n), ("t10k", 2)):
        write_idx(folder / f"{name}-images-idx3-ubyte{ending}", np.full((count, 28, 28), fill, np.uint8))
        write_idx(folder / f"{name}-labels-idx1-ubyte{ending}", np.arange(count, dtype=np.uint8))


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Every place is empty and the network is down."""
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(_locate, "SYSTEM_FOLDER", tmp_path / "system")

    def refuse(url, timeout):
        raise urllib.error.URLError("network is down")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return tmp_path


def fill_of(splits):
    (x_train, y_train), (x_test, y_test) = splits
    assert x_train.shape == (3, 28, 28)
    assert x_test.shape == (2, 28, 28)
    np.testing.assert_array_equal(y_train, [0, 1, 2])
    np.testing.assert_array_equal(y_test, [0, 1])
    return int(x_train[0, 0, 0])


def test_places_in_order(nowhere, monkeypatch):
    write_split(nowhere / "system" / "mnist", fill=1)
    assert fill_of(mnist.load_data()) == 1
    write_split(nowhere / "xdg" / "striate" / "mnist", fill=2, packed=False)
    assert fill_of(mnist.load_data()) == 2
    monkeypatch.setenv("STRIATE_DATA", str(nowhere / "data"))
    assert fill_of(mnist.load_data()) == 2
    write_split(nowhere / "data" / "mnist", fill=3)
    assert fill_of(mnist.load_data()) == 3
    assert fill_of(mnist.load_data("mnist.npz")) == 3  # Keras's default argument
    write_split(nowhere / "mine", fill=4)
    assert fill_of(mnist.load_data(nowhere / "mine")) == 4


def test_folder_names_of_fashion_mnist(nowhere, monkeypatch):
    write_split(nowhere / "system" / "fashion-mnist", fill=5)
    assert fill_of(fashion_mnist.load_data()) == 5
    monkeypatch.setenv("STRIATE_DATA", str(nowhere / "data"))
    write_split(nowhere / "data" / "fashion_mnist", fill=6)
    assert fill_of(fashion_mnist.load_data()) == 6


def test_offline_error_names_every_place(nowhere, monkeypatch):
    monkeypatch.setenv("STRIATE_DATA", str(nowhere / "data"))
    write_split(nowhere / "xdg" / "striate" / "mnist")
    (nowhere / "xdg" / "striate" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError) as info:
        mnist.load_data()
    text = str(info.value)
    for place in ("data/mnist: no such folder", "system/mnist: no such folder", "mnist: lacks t10k-labels-idx1-ubyte"):
        assert place in text
    for mirror in mnist.MIRRORS:
        assert f"download {mirror}" in text
    assert "network is down" in text
    assert "mnist5k" in text  # the way out


def test_explicit_folder_is_the_only_place(nowhere):
    write_split(nowhere / "system" / "mnist")
    with pytest.raises(FileNotFoundError, match="no such folder") as info:
        mnist.load_data(nowhere / "typo")
    assert "system" not in str(info.value)


def serve(monkeypatch, folder, broken=()):
    """The first mirror answers with `broken` files damaged, the second with good ones."""
    asked = []

    def answer(url, timeout):
        asked.append(url)
        name = url.rsplit("/", 1)[1]
        data = (folder / name).read_bytes()
        if name in broken and url.startswith(mnist.MIRRORS[0]):
            data = gzip.compress(b"not it")
        return io.BytesIO(data)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    contents = {name: gzip.decompress((folder / f"{name}.gz").read_bytes()) for name in mnist.CHECKSUMS}
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(mnist, "CHECKSUMS", sums)
    return asked


def test_download_goes_to_the_cache_once(nowhere, monkeypatch, capfd):
    write_split(nowhere / "server", fill=9)
    asked = serve(monkeypatch, nowhere / "server")
    assert fill_of(mnist.load_data()) == 9
    assert len(asked) == 4
    assert fill_of(mnist.load_data()) == 9
    assert len(asked) == 4
    assert "Downloading" in capfd.readouterr().err
    assert sorted(p.name for p in (nowhere / "xdg/striate/mnist").iterdir()) == sorted(
        f"{name}.gz" for name in mnist.CHECKSUMS
    )


def test_wrong_checksum_tries_the_next_mirror(nowhere, monkeypatch):
    write_split(nowhere / "server", fill=9)
    asked = serve(monkeypatch, nowhere / "server", broken=["train-images-idx3-ubyte.gz"])
    assert fill_of(mnist.load_data()) == 9
    assert len(asked) == 5


def test_a_connection_that_ends_early_tries_the_next_mirror(nowhere, monkeypatch):
    write_split(nowhere / "server", fill=9)
    asked = serve(monkeypatch, nowhere / "server")
    whole, calls = urllib.request.urlopen, []

    def cut_off(url, timeout):
        calls.append(url)
        if len(calls) == 1:
            raise http.client.IncompleteRead(b"")
        return whole(url, timeout=timeout)

    monkeypatch.setattr(urllib.request, "urlopen", cut_off)
    assert fill_of(mnist.load_data()) == 9
    assert (len(calls), len(asked)) == (5, 4)


def test_wrong_checksum_everywhere_keeps_nothing(nowhere, monkeypatch):
    write_split(nowhere / "server", fill=9)
    serve(monkeypatch, nowhere / "server")
    monkeypatch.setitem(mnist.CHECKSUMS, "t10k-images-idx3-ubyte", "0" * 32)
    with pytest.raises(FileNotFoundError, match="published is 00000000"):
        mnist.load_data()
    assert not (nowhere / "xdg/striate/mnist/t10k-images-idx3-ubyte.gz").exists()


def test_image_and_label_counts_must_agree(nowhere):
    write_split(nowhere / "mine")
    write_idx(nowhere / "mine" / "train-labels-idx1-ubyte.gz", np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match="3 images but .* 5 labels"):
        mnist.load_data(nowhere / "mine")
