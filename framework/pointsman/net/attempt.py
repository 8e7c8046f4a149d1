"""One probe on its way: dials, writes, reads within bounds, and ends in time with an outcome."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from pointsman.contracts import HealthCheck, Probe, Verdict
from pointsman.core.health import Outcome
from pointsman.model.errors import UpstreamError
from pointsman.model.server import RealServer
from pointsman.model.units import format_duration, format_size
from pointsman.net.call import Call, Dialled
from pointsman.net.stream import Stream

Dial = Callable[[RealServer, float, Dialled], Call | None]
Ended = Callable[[Outcome, str], None]

READ_LIMIT = 128 * 1024  # bytes of an answer; no check needs more to know

# The dialler's own bound is coarse; ours is exact and comes first, so let its bound come later.
_DIALLER_SLACK = 5.0

# Failures to connect that are our machine's fault and say nothing about the server.
_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}

_log = Logger()


class Attempt:
    """One attempt of a check at a server. It owns its stream and tells how it ended, once.

    Args:
        reactor: IReactorTime.
        check: makes the probe.
        server: whom to ask.
        timeout: seconds for all of it, connecting included.
        ended: told the outcome and its reason; never while ``start`` runs.
    """

    __slots__ = (
        "_call",
        "_check",
        "_ended",
        "_probe",
        "_reactor",
        "_read",
        "_server",
        "_starting",
        "_stream",
        "_timeout",
        "_timer",
    )

    def __init__(
        self, reactor: Any, check: HealthCheck, server: RealServer, timeout: float, ended: Ended
    ) -> None:
        self._reactor = reactor
        self._check = check
        self._server = server
        self._timeout = timeout
        self._ended: Ended | None = ended
        self._call: Call | None = None
        self._stream: Stream | None = None
        self._probe: Probe | None = None
        self._read = 0
        self._starting = False
        self._timer: Any = None

    def start(self, dial: Dial) -> None:
        """Begin to connect."""
        self._starting = True
        self._timer = self._reactor.callLater(self._timeout, self._timed_out)
        try:
            call = dial(self._server, self._timeout + _DIALLER_SLACK, self)
        except Exception:
            self._broken("dialling")
            return
        finally:
            self._starting = False
        if self._ended is not None and self._stream is None:
            self._call = call

    def cancel(self) -> None:
        """Give up in silence and close what is open."""
        self._ended = None
        self._let_go(clean=False)

    # ---- what the dialler and the stream tell ----

    def dialled(self, stream: Stream) -> None:
        """Connected: ask, or be content."""
        self._call = None
        self._stream = stream
        if self._ended is None:
            stream.abort()
            return
        try:
            probe = self._check.probe(self._server)
            asked = probe.start() if probe is not None else b""
        except Exception:
            self._broken("starting")
            return
        if probe is None:
            self._end(Outcome.GOOD, "connected")
            return
        self._probe = probe
        if asked:
            stream.write(asked)
        stream.resume()

    def dial_failed(self, error: UpstreamError) -> None:
        """Refused or unreachable, or we have no means to connect at all."""
        self._call = None
        outcome = Outcome.UNABLE if error.errno in _OURS else Outcome.BAD
        self._end(outcome, f"cannot connect to {self._server.place}: {error}")

    def data_received(self, data: bytes) -> None:
        """Bytes came: the probe judges them."""
        probe = self._probe
        if self._ended is None or probe is None:
            return
        self._read += len(data)
        try:
            verdict = probe.receive(data)
        except Exception:
            self._broken("judging")
            return
        if verdict is not None:
            self._judged(verdict)
        elif self._read > READ_LIMIT:
            limit = format_size(READ_LIMIT)
            self._end(Outcome.BAD, f"sent more than {limit} and no end in sight", clean=False)

    def end_received(self) -> None:
        """The server has finished sending."""
        if self._ended is None or self._probe is None:
            return
        try:
            verdict = self._probe.closed()
        except Exception:
            self._broken("judging")
            return
        self._judged(verdict)

    def stream_lost(self, error: Exception | None) -> None:
        """The stream is gone, before a verdict or because of it."""
        self._stream = None
        if error is None:
            self.end_received()
        elif self._ended is not None:
            words = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self._end(Outcome.BAD, f"the connection broke after {self._read} bytes: {words}")

    def blocked(self) -> None:
        """The stream keeps what it cannot send; a request is small."""

    def drained(self) -> None:
        """All is sent."""

    # ---- how it ends ----

    def _judged(self, verdict: Verdict) -> None:
        self._end(Outcome.GOOD if verdict.up else Outcome.BAD, verdict.reason)

    def _timed_out(self) -> None:
        self._timer = None
        within = format_duration(self._timeout)
        if self._stream is None:
            reason = f"no connection within {within}"
        elif self._read == 0:
            reason = f"no answer within {within}"
        else:
            reason = f"no whole answer within {within} ({self._read} bytes came)"
        self._end(Outcome.SILENT, reason, clean=False)

    def _broken(self, doing: str) -> None:
        """The check or the dialler raised: that is not the server's fault."""
        describes = self._check.describes
        _log.failure(
            "health check {check} of {place} raised while {doing}",
            check=describes,
            place=self._server.place,
            doing=doing,
        )
        self._end(Outcome.UNABLE, f"the check {describes!r} failed while {doing}", clean=False)

    def _end(self, outcome: Outcome, reason: str, *, clean: bool = True) -> None:
        ended, self._ended = self._ended, None
        if ended is None:
            return
        self._let_go(clean=clean)
        if self._starting:
            self._timer = self._reactor.callLater(0, self._tell, ended, outcome, reason)
        else:
            ended(outcome, reason)

    def _tell(self, ended: Ended, outcome: Outcome, reason: str) -> None:
        self._timer = None
        ended(outcome, reason)

    def _let_go(self, *, clean: bool) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if clean:
            stream.close()
        else:
            stream.abort()  # no lingering socket for a server that says nothing, or too much
