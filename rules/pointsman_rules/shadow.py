"""Rules in the shadow: they run, and whatever they would change is told and not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Host = Mapping[str, Callable[..., Any]]
# What changes something outside of the rules themselves.
_CHANGES = frozenset(
    [
        "set_header", "add_header", "remove_header", "put_cookie", "put_argument",
        "put_set_cookie", "change_set_cookie", "remove_set_cookie", "log_field", "server_do",
    ]
)  # fmt: skip


def shadowed(
    host: Host, fields: Mapping[str, tuple[Host, Host]], tell: Callable[[str], None]
) -> tuple[dict[str, Callable[..., Any]], dict[str, tuple[Host, Host]]]:
    """The same functions, but those that change something only tell what they would have done."""

    def told(name: str) -> Callable[..., None]:
        def instead(number: object, *given: object) -> None:
            tell(f"shadow: would {name}({', '.join(repr(one) for one in given)})")

        return instead

    quiet = {name: told(name) if name in _CHANGES else f for name, f in host.items()}
    return quiet, {
        kind: (reads, {name: told(f"set {kind}.{name} to ") for name in writes})
        for kind, (reads, writes) in fields.items()
    }
