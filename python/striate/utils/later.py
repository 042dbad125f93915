"""Arguments whose meaning comes in a later version: their default is accepted, anything else is refused by name."""

from typing import Any


def refuse_later(owner: str, arguments: dict[str, tuple[Any, Any]]) -> None:
    """Checks arguments that only take their default for now.

    Args:
        owner: the class or function they belong to, for the message.
        arguments: {name: (received, default)}.

    Raises:
        ValueError: one of them is not its default.
    """
    for name, (received, default) in arguments.items():
        if received is not default and received != default:
            raise ValueError(
                f"{owner}: the argument `{name}` comes in a later version of striate; for now it must be {default!r}. "
                f"Received: {name}={received!r}."
            )
