"""One probe on its way: asks, reads within bounds, and ends in time with an outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.logger import Logger

from pointsman.contracts import CheckWithSecrets, CommandProbe, HealthCheck, Probe, Verdict
from pointsman.core.health_report import Notes, Outcome, Report
from pointsman.model.server import RealServer
from pointsman.model.units import format_duration, format_size

READ_LIMIT = 128 * 1024  # bytes of an answer; no check needs more to know
CONNECT = "connect"  # the step of being connected
TURNS_LIMIT = 64  # what a probe may send, one after another, without waiting for an answer

_log = Logger()


class ProbeTransport(Protocol):
    """What the bytes of one attempt travel on."""

    def open(self, seconds: float) -> None:
        """Begin; the owner is told, perhaps before this returns.

        Args:
            seconds: how long the attempt may take; it is ended from above.
        """

    def send(self, data: bytes) -> None:
        """Send, after ``opened``."""

    def listen(self) -> None:
        """Read from now on: the probe has said what it had to say."""

    def close(self, *, clean: bool) -> None:
        """End it, whatever stage it is in; the owner is told nothing more.

        Args:
            clean: what was sent is still to arrive.
        """


class ProbeOwner(Protocol):
    """Who is told by a transport what happens."""

    def opened(self, words: str) -> None:
        """Connected, or started."""

    def received(self, data: bytes) -> None:
        """Bytes came."""

    def finished(self) -> None:
        """The server has closed."""

    def exited(self, status: int) -> None:
        """The command has ended."""

    def failed(self, outcome: Outcome, reason: str, *, tls: str = "") -> None:
        """There is nothing more to come, and why."""

    def noted(self, what: str, words: str) -> None:
        """A step on the way, for people."""


# Makes what an attempt at that server travels on.
Opener = Callable[[ProbeOwner], ProbeTransport]


class Attempt:
    """One attempt of a check at a server. It owns its transport and tells how it ended, once.

    Args:
        reactor: IReactorTime.
        check: makes the probe.
        server: whom to ask.
        timeout: seconds for all of it, connecting included.
        ended: given this attempt once it is over; never while ``start`` runs.

    Attributes:
        outcome: what it came to.
        reason: why, in words.
        verdict: what the probe said, None if it did not come to that.
        took: seconds.
    """

    __slots__ = (
        "_began",
        "_check",
        "_ended",
        "_notes",
        "_opened",
        "_probe",
        "_reached",
        "_reactor",
        "_server",
        "_starting",
        "_timeout",
        "_timer",
        "_transport",
        "outcome",
        "reason",
        "took",
        "verdict",
    )

    def __init__(
        self,
        reactor: Any,
        check: HealthCheck,
        server: RealServer,
        timeout: float,
        ended: Callable[[Attempt], None],
    ) -> None:
        self._reactor = reactor
        self._check = check
        self._server = server
        self._timeout = timeout
        self._ended: Callable[[Attempt], None] | None = ended
        self._transport: ProbeTransport | None = None
        self._probe: Probe | None = None
        self._opened = False
        self._reached = False  # connected, with or without the TLS that is wanted
        self._starting = False
        self._timer: Any = None
        self._began = 0.0
        self._notes = Notes(0.0)
        self.took = 0.0
        self.outcome = Outcome.UNABLE
        self.reason = ""
        self.verdict: Verdict | None = None

    def start(self, opener: Opener) -> None:
        """Begin to connect."""
        self._starting = True
        self._began = self._reactor.seconds()
        self._notes = Notes(self._began)
        self._timer = self._reactor.callLater(self._timeout, self._timed_out)
        try:
            self._transport = transport = opener(self)
            transport.open(self._timeout)
        except Exception:
            self._broken("starting")
        finally:
            self._starting = False

    def cancel(self) -> None:
        """Give up in silence and close what is open."""
        self._ended = None
        self._let_go(clean=False)

    def report(self, wall: float) -> Report:
        """What happened, in full.

        Args:
            wall: seconds since the epoch, now.
        """
        notes = self._notes
        check = self._check
        secrets = check.secrets if isinstance(check, CheckWithSecrets) else ()
        return Report(
            check.describes,
            self._server.place,
            wall - self.took,
            self.took,
            self.outcome,
            self.reason,
            self._remedy(),
            notes.steps(),
            _starred(notes.sent, secrets),
            _starred(notes.received, secrets),
            notes.received_size,
            notes.tls_error,
        )

    def _remedy(self) -> str:
        """What would make it pass, if anybody knows."""
        if self.outcome in (Outcome.GOOD, Outcome.UNABLE):
            return ""  # what troubles us is told with what to do about it
        if self.verdict is not None:
            return self.verdict.remedy
        place, within = self._server.place, format_duration(self._timeout)
        if self._notes.tls_error:
            return f"TLS and a certificate at {place} as the check wants them, or other `tls`"
        if self.outcome is Outcome.SILENT:
            what = "TLS" if self._reached else "a connection"
            what = "an answer" if self._opened else what
            return f"{what} of {place} within {within}, or a longer `timeout`"
        if not self._opened:
            return f"a server that can be reached at {place}, or another `port` or `address`"
        return f"a server at {place} that answers the check to its end"

    # ---- what the transport tells ----

    def opened(self, words: str) -> None:
        """Connected: ask, or be content."""
        self._opened = True
        transport = self._transport
        if self._ended is None or transport is None:
            return
        self.noted(CONNECT, words)
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
        if isinstance(asked, Verdict):
            self._judged(asked)
            return
        if asked:
            self._send(asked)
        transport.listen()

    def received(self, data: bytes) -> None:
        """Bytes came: the probe judges them."""
        probe = self._probe
        if self._ended is None or probe is None:
            return
        self._notes.note_received(self._reactor.seconds(), data)
        try:
            answer = self._answer(probe, data)
        except Exception:
            self._broken("judging")
            return
        if answer is not None:
            self._judged(answer)
        elif self._notes.received_size > READ_LIMIT:
            limit = format_size(READ_LIMIT)
            self._end(Outcome.BAD, f"sent more than {limit} and no end in sight", clean=False)

    def _answer(self, probe: Probe, data: bytes) -> Verdict | None:
        for _ in range(TURNS_LIMIT):
            answer = probe.receive(data)
            if not isinstance(answer, bytes):
                return answer
            self._send(answer)
            data = b""
        raise RuntimeError("the probe sends and sends, and would not listen")

    def finished(self) -> None:
        """The server has finished sending."""
        probe = self._probe
        if self._ended is None or probe is None:
            return
        self.noted("end", "the server has closed")
        try:
            verdict = probe.closed()
        except Exception:
            self._broken("judging")
            return
        self._judged(verdict)

    def exited(self, status: int) -> None:
        """The command has ended."""
        probe = self._probe
        if self._ended is None or probe is None:
            return
        self.noted("exit", f"status {status}" if status >= 0 else f"killed by signal {-status}")
        try:
            verdict = probe.exited(status) if isinstance(probe, CommandProbe) else probe.closed()
        except Exception:
            self._broken("judging")
            return
        self._judged(verdict)

    def failed(self, outcome: Outcome, reason: str, *, tls: str = "") -> None:
        """Refused, unreachable or broken, or we have no means to ask at all."""
        self._notes.tls_error = tls
        self._end(outcome, reason)

    def noted(self, what: str, words: str) -> None:
        """A step on the way."""
        if what == CONNECT:
            self._reached = True
        self._notes.step(self._reactor.seconds(), what, words)

    # ---- how it ends ----

    def _send(self, data: bytes) -> None:
        transport = self._transport
        if self._ended is not None and transport is not None:
            self._notes.note_sent(self._reactor.seconds(), data)
            transport.send(data)

    def _judged(self, verdict: Verdict) -> None:
        self.verdict = verdict
        if verdict.farewell:
            self._send(verdict.farewell)
        self._end(Outcome.GOOD if verdict.up else Outcome.BAD, verdict.reason)

    def _timed_out(self) -> None:
        self._timer = None
        within = format_duration(self._timeout)
        came = self._notes.received_size
        if not self._opened:
            reason = f"{'no TLS' if self._reached else 'no connection'} within {within}"
        elif came == 0:
            reason = f"no answer within {within}"
        else:
            reason = f"no whole answer within {within} ({came} bytes came)"
        self._end(Outcome.SILENT, reason, clean=False)

    def _broken(self, doing: str) -> None:
        """The check or the transport raised: that is not the server's fault."""
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
        self.outcome = outcome
        self.reason = reason
        self.took = self._reactor.seconds() - self._began
        self._let_go(clean=clean)
        if self._starting:
            self._timer = self._reactor.callLater(0, self._tell, ended)
        else:
            ended(self)

    def _tell(self, ended: Callable[[Attempt], None]) -> None:
        self._timer = None
        ended(self)

    def _let_go(self, *, clean: bool) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close(clean=clean)


def _starred(data: bytes, secrets: tuple[bytes, ...]) -> bytes:
    for secret in secrets:
        data = data.replace(secret, b"*" * len(secret))
    return data
