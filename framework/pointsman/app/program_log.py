"""What the program says of itself: for people on a terminal, JSON lines for machines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Protocol

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from twisted.logger import LogLevelFilterPredicate as ByLevel
from zope.interface import implementer

from pointsman.app.access_log_sinks import DescriptorSink

HUMAN = "human"
JSON = "json"
AUTO = "auto"

_COLOURS = {"warn": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[1;31m"}
_PLAIN = "\x1b[0m"


class Writable(Protocol):
    """What a log is written to."""

    def write(self, text: str, /) -> object:
        """Write text."""

    def flush(self) -> object:
        """Keep nothing back."""


class Unhurried:
    """Writes to a descriptor, and waits for nobody: a reader that stalls must not stall traffic.

    What a slow reader did not take is kept, up to a bound, and written later.

    Args:
        descriptor: of a pipe, file, socket or terminal.
    """

    log = Logger()

    def __init__(self, descriptor: int) -> None:
        self._sink = DescriptorSink(descriptor)
        self._sink.open()
        self._lost = 0

    def write(self, text: str, /) -> object:
        """Write it now as far as that goes."""
        return self._sink.write([text])

    def flush(self) -> object:
        """Nothing is kept back but what could not be written."""
        return None

    def catch_up(self, now: float) -> None:
        """Write what waits, if its reader goes on; called about once a second."""
        lost = self._sink.write([])
        if lost > self._lost and not self._sink.trouble:
            count, self._lost = lost - self._lost, lost
            self.log.warn("{count} lines of this log are lost: nobody read them", count=count)


def _stderr() -> Writable:
    """What is behind stderr, or stderr itself where it is something made up."""
    try:
        return Unhurried(sys.stderr.fileno())
    except (OSError, ValueError):
        return sys.stderr


def begin_logging(
    form: str = AUTO, stream: Writable | None = None, level: str = "info"
) -> Writable:
    """Send everything that is logged in this process to ``stream``.

    Args:
        form: HUMAN, JSON, or AUTO: HUMAN on a terminal, else JSON.
        stream: stderr if left out.
        level: debug, info, warn, error or critical.

    Returns:
        What it is written to.
    """
    out = stream or _stderr()
    terminal = stream is None and sys.stderr.isatty()
    if form == AUTO:
        form = HUMAN if terminal else JSON
    observer = HumanLines(out, coloured=terminal) if form == HUMAN else JsonLines(out)
    wanted = ByLevel(LogLevel.lookupByName(level))
    if level != "debug":
        # What Twisted tells of its own inside, such as every factory that it starts.
        wanted.setLogLevelForNamespace("twisted", LogLevel.warn)
    # Twisted itself prints critical events until logging has begun: as text between our lines.
    globalLogBeginner.beginLoggingTo(
        [FilteringLogObserver(observer, [wanted])], discardBuffer=True, redirectStandardIO=False
    )
    return out


def _text(event: LogEvent) -> tuple[str, str]:
    """The message on one line, and the traceback if there is one."""
    failure = event.get("log_failure")
    told = formatEvent(event) or ""
    if failure is None:
        return told, ""
    told = told or f"{failure.type.__name__}: {failure.getErrorMessage()}"
    return told, failure.getTraceback()


@implementer(ILogObserver)
class HumanLines:
    """One line for each event, such as ``16:40:19 warn  cannot resolve app``."""

    def __init__(self, out: Writable, *, coloured: bool = False) -> None:
        self._out = out
        self._coloured = coloured

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        told, traceback = _text(event)
        when = datetime.fromtimestamp(event["log_time"]).strftime("%H:%M:%S")
        level = event["log_level"].name
        colour = _COLOURS.get(level, "") if self._coloured else ""
        line = f"{when} {colour}{level:<5}{_PLAIN if colour else ''} {_on_one_line(told)}\n"
        _write(self._out, line + traceback)


@implementer(ILogObserver)
class JsonLines:
    """One JSON object for each event: time, level, from, message, traceback where there is one."""

    def __init__(self, out: Writable) -> None:
        self._out = out

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        told, traceback = _text(event)
        when = datetime.fromtimestamp(event["log_time"], UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": event["log_level"].name,
            "from": event.get("log_namespace", ""),
            "message": told,
        }
        if traceback:
            line["traceback"] = traceback
        _write(self._out, json.dumps(line) + "\n")


def _on_one_line(text: str) -> str:
    # A name or an answer of a server may hold what moves the cursor of a terminal.
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def _write(out: Writable, text: str) -> None:
    try:
        out.write(text)
        out.flush()
    except (OSError, ValueError):
        pass  # nobody is left to be told
