"""What a client says first where that decides who serves it, of any protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pointsman.core.client_hello import ClientHello

# Who has not said enough after so many bytes will not do so.
MOST: Final = 4096

_NOTHING: Final = ClientHello()


class FirstBytes:
    """Reads on until somebody has seen enough, and keeps every byte (as core.hello_reader does).

    Args:
        enough: told all that came so far, whether it is all that is needed.
    """

    __slots__ = ("_enough", "_received")

    def __init__(self, enough: Callable[[bytes], bool]) -> None:
        self._enough = enough
        self._received = b""

    @property
    def received(self) -> bytes:
        """Everything that was fed, to be sent on unchanged."""
        return self._received

    def feed(self, data: bytes) -> ClientHello | None:
        """Read on: an empty hello once it is enough, None asks for more. It never refuses."""
        self._received += data
        return _NOTHING if len(self._received) >= MOST or self._enough(self._received) else None
