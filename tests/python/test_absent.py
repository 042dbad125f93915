"""Names that are not there say so, however they are asked for."""

import pytest

import striate


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("from striate.layers import LSTM", "striate.layers has no 'LSTM'; if Keras has, it comes in a later version"),
        ("from striate.layers import Conv2d", "Names like it that are there: .*Conv2D"),
        ("from striate.ops import einsum", "striate.ops has no 'einsum'"),
        ("from striate.random import SeedGenerator", "striate.random has no 'SeedGenerator'"),
        ("from striate import mixed_precision", "striate has no 'mixed_precision'"),
        ("from striate.initializers import Identity", "striate.initializers has no 'Identity'"),
    ],
)
def test_importing(code, words):
    with pytest.raises(ImportError, match=words):
        exec(code)


def test_asking():
    assert not hasattr(striate.layers, "LSTM")
    assert getattr(striate, "mixed_precision", None) is None
    with pytest.raises(AttributeError, match="dir.striate.ops. lists what is there"):
        striate.ops.qqqq  # noqa: B018
    from striate.layers import recording  # a module that is not listed

    assert recording.infer


def test_what_is_listed_is_there():
    for name in dir(striate):
        assert getattr(striate, name, None) is not None or name.startswith("__"), name
