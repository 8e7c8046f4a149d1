"""The log of the balancer, read while it is written: what it has told, and what is waited for."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

# However loaded a machine is: what does not come in this time does not come.
PATIENCE = 60.0
LOOK = 0.02

_STATE = re.compile(
    r"(?P<pool>[^/\s]+)/(?P<server>\S+) is (?P<state>[\w-]+): (?P<why>.*)", re.DOTALL
)


class NotSeenError(Exception):
    """Something that was waited for has not come."""


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Look again and again until something is so.

    Returns:
        Whether it came true in time.
    """
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return condition()
        time.sleep(LOOK)
    return True


class LogFile:
    """A log with one JSON object in each line.

    Args:
        path: of the file, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._messages: list[str] = []

    @property
    def messages(self) -> list[str]:
        """Everything that was told so far."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return self._messages
        whole = data[: data.rfind(b"\n") + 1]  # a line may be half written
        self._read += len(whole)
        self._messages += [_message(line) for line in whole.decode().splitlines()]
        return self._messages

    @property
    def mark(self) -> int:
        """How much was told so far, for ``since``."""
        return len(self.messages)

    def found(self, pattern: str, since: int = 0) -> re.Match[str] | None:
        """The first message after a mark that matches, None if there is none yet."""
        matches = (re.search(pattern, message) for message in self.messages[since:])
        return next((match for match in matches if match), None)

    def until(
        self, pattern: str, since: int = 0, running: Callable[[], bool] = lambda: True
    ) -> re.Match[str]:
        """Wait for a message that matches.

        Args:
            pattern: regular expression.
            since: the mark after which it must come.
            running: whether whoever writes the log is still there.

        Raises:
            NotSeenError: it took too long, or the writer is gone; shows what was told instead.
        """
        eventually(lambda: self.found(pattern, since) is not None or not running())
        match = self.found(pattern, since)
        if match is None:
            told = "\n".join(self.messages[-20:])
            raise NotSeenError(f"the log does not say {pattern!r}; its last lines:\n{told}")
        return match

    def states(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Pool and server -> the last state that was told, and why."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for message in self.messages:
            if match := _STATE.fullmatch(message):
                found[match["pool"], match["server"]] = match["state"], match["why"]
        return found


def _message(line: str) -> str:
    # Before logging has begun, and after it, there may be lines of another form.
    try:
        told = json.loads(line)
    except ValueError:
        return line
    return str(told.get("message", line)) if isinstance(told, dict) else line
