"""The life of the program ``pointsman run``: its reactor, its signals, its end."""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Any

from twisted.internet.main import installReactor
from twisted.logger import Logger

from pointsman.app.reload import say_failed
from pointsman.app.revisions import SIGNAL
from pointsman.app.service import PointsmanService
from pointsman.app.ticker import Due, Ticker
from pointsman.net.reactor import LeanReactor

STOPPED = 0
CANNOT_START = 3
CUT_SHORT = 4

_log = Logger()


def lean_reactor() -> LeanReactor:
    """Make the reactor of the program and install it as the one of this process."""
    reactor = LeanReactor()  # type: ignore[no-untyped-call]
    installReactor(reactor)
    return reactor


def raise_file_limit() -> int:
    """Let this process open as many files as it may; how many that is, 0 for no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def spare_the_collector() -> None:
    """Keep the garbage collector from stalling traffic.

    What was made while loading lives as long as the program, so it need not be walked again and
    again; and exchanges end by reference counts, so that a collection may well wait until there
    is something to collect. With 10,000 open connections a full one takes tens of milliseconds:
    it comes once in tens of millions of objects. The others see 10,000 objects, or 30,000, which
    takes 5 ms, or 15.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 2, 1_500)


class Program:
    """Runs a service on a reactor until it is told to stop.

    The first SIGTERM or SIGINT drains and stops, a second one stops at once; SIGHUP has files of
    the access log opened and the configuration read anew.

    Args:
        reactor: not yet running.
        service: not yet listening.
        each_second: what is to be done about once a second, given the time.
    """

    def __init__(
        self, reactor: Any, service: PointsmanService, each_second: Sequence[Due] = ()
    ) -> None:
        self._reactor = reactor
        self._service = service
        self._stopping = False
        self._status = STOPPED
        self._ticker = Ticker(reactor, reactor.seconds, 1.0, each_second)

    def run(self) -> int:
        """Serve until stopped.

        Returns:
            Exit status: STOPPED, or CUT_SHORT after a second signal.

        Raises:
            ListenError: an address cannot be had.
            AccessLogError: the access log cannot be opened.
        """
        self._service.privilegedStartService()
        self._reactor.callWhenRunning(self._service.startService)
        self._reactor.callWhenRunning(spare_the_collector)
        self._reactor.callWhenRunning(self._ticker.start)
        before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        try:
            # Signals are taken above: Twisted's own would end the reactor at once.
            self._reactor.run(installSignalHandlers=False)
        finally:
            self._ticker.stop()
            for number, action in before.items():
                signal.signal(number, action)
        return self._status

    def stop(self, why: str) -> None:
        """Drain and stop; the second time, stop at once."""
        if not self._stopping:
            self._stopping = True
            stopped = self._service.stopService()
            _log.info("{why}: draining, no new clients", why=why)
            stopped.addBoth(lambda _: self._reactor.stop())
        else:
            _log.warn("{why} again: open work is cut", why=why)
            self._status = CUT_SHORT
            self._service.stop_now()

    def _reload(self) -> None:
        """Open the logs anew, then read the configuration anew: whoever sends SIGHUP wants one."""
        self._service.reopen_logs()
        self._service.reloading.change(by=SIGNAL).addErrback(say_failed)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        # Between any two instructions of anything: let the reactor do it when it comes to it.
        if number == signal.SIGHUP:
            self._reactor.callFromThread(self._reload)
        else:
            self._reactor.callFromThread(self.stop, signal.Signals(number).name)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
