"""The other end of the control socket: a command asks what runs, and waits for the answer."""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pointsman.app.control.lines import Request, request_line
from pointsman.model.errors import PointsmanError, Problem
from pointsman.net.sockets import within_reach

_READ = 256 * 1024
# No answer is longer, bytes; that of 10,000 servers has 6 MB.
_LONGEST_ANSWER = 256 * 1024 * 1024

# A struct timeval: so many seconds until somebody takes us in.
_CONNECTING = struct.pack("ll", 30, 0)

_HINTS = {
    errno.EAGAIN: "it takes nobody in: it is busy, or stuck",
    errno.ENOENT: "is it running, and by this file?",
    errno.ENOTDIR: "is it running, and by this file?",
    errno.ECONNREFUSED: "it has ended without removing its socket",
    errno.EACCES: "run the command as the user that runs pointsman",
}


class UnreachableError(PointsmanError):
    """Nobody answers at a control socket; says why and what to do."""


class AskedInVain(PointsmanError):
    """What runs has answered by an error.

    Attributes:
        kind: of the error (``app.control.lines``).
        problems: of a configuration.
    """

    def __init__(self, kind: str, words: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(words)
        self.kind = kind
        self.problems = tuple(problems)


class Asker:
    """A connection to the control socket of a running program.

    Args:
        place: of the socket.
        patience: seconds to wait for each answer, None for ever.

    Raises:
        UnreachableError: nobody is there.
    """

    def __init__(self, place: Path, patience: float | None = 120.0) -> None:
        self._place = place
        self._number = 0
        self._rest = b""
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Who does not block is refused when many come at once, unlike with TCP (connect(2)).
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _CONNECTING)
            with within_reach(str(place)) as near:
                self._sock.connect(near)
            self._sock.settimeout(patience)
        except OSError as error:
            self._sock.close()
            hint = _HINTS.get(error.errno or 0, "")
            raise UnreachableError(
                f"no pointsman can be reached at {place}: {error.strerror or error}"
                f"{hint and f' ({hint})'}"
            ) from None

    def ask(self, verb: str, **arguments: Any) -> Any:
        """Ask, and wait for the answer.

        Returns:
            What was answered, as JSON has it.

        Raises:
            AskedInVain: it was an error.
            UnreachableError: it does not answer, or went away.
        """
        self._send(verb, arguments)
        return self._heard().get("answer")

    def parts(self, verb: str, **arguments: Any) -> Iterator[Any]:
        """Ask for what is answered in parts.

        Raises:
            As ``ask`` does, even after some parts.
        """
        self._send(verb, arguments)
        while "part" in (heard := self._heard()):
            yield heard["part"]

    def _send(self, verb: str, arguments: Mapping[str, Any]) -> None:
        self._number += 1
        with self._in_words():
            self._sock.sendall(request_line(Request(verb, arguments, self._number)))

    def _heard(self) -> Mapping[str, Any]:
        with self._in_words():
            heard = json.loads(self._line())
        if not isinstance(heard, dict):
            raise UnreachableError(f"{self._place} is no control socket of pointsman")
        if isinstance(wrong := heard.get("error"), Mapping):
            problems = [Problem(**each) for each in wrong.get("problems", ())]
            raise AskedInVain(str(wrong.get("kind")), str(wrong.get("words")), problems)
        return heard

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise UnreachableError(f"{self._place} does not answer") from None
        except OSError as error:
            raise UnreachableError(f"{self._place}: {error.strerror or error}") from None
        except ValueError:
            raise UnreachableError(f"{self._place} is no control socket of pointsman") from None

    def close(self) -> None:
        """Go away."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def _line(self) -> bytes:
        parts = [self._rest]
        size = len(self._rest)
        while b"\n" not in parts[-1]:
            data = self._sock.recv(_READ)
            if not data:
                raise UnreachableError(f"{self._place}: it went away before it answered")
            parts.append(data)
            size += len(data)
            if size > _LONGEST_ANSWER:
                raise UnreachableError(f"{self._place}: the answer has no end")
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line
