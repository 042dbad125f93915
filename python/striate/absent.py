"""Names that a module has not, such as what Keras has and striate has yet to get."""

import sys
from collections.abc import Callable
from typing import Any, NoReturn


def explained(module: str, depth: int = 1) -> Callable[[str], Any]:
    """A module's `__getattr__`: an AttributeError that says what the module has, an ImportError where the name was to
    be imported, since `from module import name` drops what an AttributeError says.

    Args:
        module: its name.
        depth: how many calls from whoever asked for the name this is called.
    """

    def refuse(name: str) -> NoReturn:
        caller = sys._getframe(depth)
        if name.startswith("__") or caller.f_code.co_name == "_handle_fromlist":  # Python looks for a submodule next
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        import opcode

        importing = caller.f_code.co_code[caller.f_lasti] == opcode.opmap["IMPORT_FROM"]
        raise (ImportError if importing else AttributeError)(_text(module, name))

    return refuse


def _text(module: str, name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, dir(sys.modules[module]), 4, 0.5)
    there = f"Names like it that are there: {', '.join(near)}." if near else f"dir({module}) lists what is there."
    return f"{module} has no {name!r}; if Keras has, it comes in a later version of striate. {there}"
