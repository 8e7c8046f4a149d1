"""A lean epoll reactor for the program: a plain read event costs no more than the read.

Only the command line installs it. Embedded, the host's reactor is used as it is.
"""

from __future__ import annotations

import errno
import select
import time
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.net.events import serve

_log = Logger()

_HUNG_UP = select.EPOLLHUP | select.EPOLLERR


class LeanReactor(EPollReactor):
    """EPollReactor whose poll loop calls ``doRead`` itself for the ordinary event.

    Twisted's own loop goes through ``callWithLogger`` and a generic dispatch for every event;
    that is a good part of the cost of a small read. Whatever is not a plain read still goes there.
    """

    # Twisted's own reads the wall clock, which may be set back; timers must not follow it.
    seconds = staticmethod(time.monotonic)

    def doPoll(self, timeout: float | None) -> None:
        """Wait up to ``timeout`` seconds (None: for ever) and serve what became ready."""
        selectables: dict[int, Any] = self._selectables
        try:
            events = self._poller.poll(-1 if timeout is None else timeout, len(selectables) or 1)
        except OSError as error:
            if error.errno == errno.EINTR:
                return
            raise
        serve(events, selectables, self._serve_other, self._read_ended, self._read_failed)

    doIteration = doPoll

    def _read_ended(self, selectable: Any, why: Any) -> None:
        self._disconnectSelectable(selectable, why, True)

    def _read_failed(self, selectable: Any, error: Exception) -> None:
        _log.failure("while reading from {selectable!r}", Failure(error), selectable=selectable)
        self._disconnectSelectable(selectable, RuntimeError("reading failed"), True)

    def _serve_other(self, selectable: Any, fd: int, event: int) -> None:
        if event & _HUNG_UP and not event & select.EPOLLIN and not _has_hung_up(fd):
            # The event is that of a descriptor which was closed earlier in this turn; its number
            # is somebody else's by now, who shall not be disconnected for it.
            return
        try:
            self._doReadOrWrite(selectable, fd, event)
        except Exception:
            _log.failure("while serving {selectable!r}", selectable=selectable)
            self._disconnectSelectable(selectable, RuntimeError("serving failed"), False)

    def forget(self, selectable: Any) -> None:
        """Drop a descriptor that will be closed at once: close() takes it out of epoll for us.

        Saves the epoll_ctl that removeReader would make. The descriptor must not have been
        duplicated, else the kernel keeps reporting it (epoll(7), questions and answers, 6).
        """
        fd = selectable.fileno()
        self._selectables.pop(fd, None)
        self._reads.discard(fd)
        self._writes.discard(fd)


def _has_hung_up(fd: int) -> bool:
    now = select.poll()
    now.register(fd, 0)
    return bool(now.poll(0))
