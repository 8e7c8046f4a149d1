"""What a probe travels on: a command of this machine, and what it writes."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from pointsman.contracts import OverCommand
from pointsman.core.health_report import Outcome
from pointsman.model.errors import OURS
from pointsman.net.attempt import ProbeOwner
from pointsman.net.sockets import leave

# What a command may know of our environment: nothing secret.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_CHUNK = 16384
_AT_ONCE = 8  # chunks read in one turn


class CommandTransport:
    """A process in a group of its own, without a shell (net.attempt.ProbeTransport).

    Whatever it does, it and all that it has started are killed when the attempt is over, and it
    is reaped. Its end is told by a pidfd (pidfd_open(2)), so that neither SIGCHLD nor the process
    of a host program is touched.

    Args:
        reactor: IReactorFDSet.
        over: what is run.
        owner: told what happens.
    """

    def __init__(self, reactor: Any, over: OverCommand, owner: ProbeOwner) -> None:
        self._reactor = reactor
        self._over = over
        self._owner: ProbeOwner | None = owner
        self._process: subprocess.Popen[bytes] | None = None
        self._output: _Watched | None = None
        self._end: _Watched | None = None

    # ---- what the attempt asks ----

    def open(self, seconds: float) -> None:
        """Start it."""
        owner = self._owner
        assert owner is not None
        command = self._over.command
        try:
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_environment(self._over),
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            self._owner = None
            # Whatever it is, it is not the server that is at fault.
            owner.failed(Outcome.UNABLE, f"cannot run {command[0]}: {_words(error)}")
            return
        assert process.stdout is not None
        try:
            pidfd = os.pidfd_open(process.pid)
        except OSError as error:
            _kill(process.pid)
            process.stdout.close()
            process.wait()  # it was killed: this takes no time
            self._process = self._owner = None
            owner.failed(Outcome.UNABLE, f"cannot watch {command[0]}: {_words(error)}")
            return
        os.set_blocking(process.stdout.fileno(), False)
        self._output = _Watched(self._reactor, process.stdout.fileno(), self._readable)
        self._end = _Watched(self._reactor, pidfd, self._ended)
        self._reactor.addReader(self._end)
        owner.opened(f"process {process.pid} runs {command[0]}")

    def send(self, data: bytes) -> None:
        """A command is told by its arguments and environment; it is sent nothing."""

    def listen(self) -> None:
        """Begin to read what it writes."""
        if self._output is not None:
            self._reactor.addReader(self._output)

    def close(self, *, clean: bool) -> None:
        """Kill it and all that it started; it is reaped as soon as it is dead."""
        self._owner = None
        self._close_output()
        if self._process is not None:
            _kill(self._process.pid)

    # ---- what the reactor tells ----

    def _readable(self) -> None:
        for _ in range(_AT_ONCE):
            owner, output = self._owner, self._output
            if owner is None or output is None:
                return
            try:
                data = os.read(output.number, _CHUNK)
            except (BlockingIOError, InterruptedError):
                return
            if not data:
                self._close_output()  # it has closed its output; how it ends is told later
                return
            owner.received(data)

    def _ended(self) -> None:
        """It is dead: reap it."""
        process, end = self._process, self._end
        if process is None or end is None:
            return
        self._readable()  # what it wrote last
        _kill(process.pid)  # what it has left behind; until it is reaped the number is its own
        status = process.wait()  # at once
        end.leave()
        os.close(end.number)
        self._close_output()
        self._process = self._end = None
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.exited(status)

    def _close_output(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            output.leave()
        if output is not None and self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()


@implementer(IReadDescriptor)
class _Watched:
    """A descriptor in the reactor."""

    def __init__(self, reactor: Any, number: int, ready: Callable[[], None]) -> None:
        self._reactor = reactor
        self.number = number
        self._ready = ready

    def fileno(self) -> int:
        """The descriptor."""
        return self.number

    def doRead(self) -> None:
        """It is readable."""
        self._ready()

    def connectionLost(self, reason: Any) -> None:
        """The other end of a pipe is closed, and nothing is left to read."""
        self._ready()

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    def leave(self) -> None:
        """Take it out of the reactor."""
        leave(self._reactor, self)


def _environment(over: OverCommand) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": _DEFAULT_PATH, **passed, **dict(over.environment)}


def _words(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in OURS or number == errno.EAGAIN:
        return f"{os.strerror(number or 0)} (this machine is short of something)"
    return getattr(error, "strerror", None) or str(error)


def _kill(group: int) -> None:
    # All may be gone already, or be of another user now.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
