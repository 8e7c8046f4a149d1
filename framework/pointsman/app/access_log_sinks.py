"""Where the lines of the access log go. A sink never blocks and never raises while it writes."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import time

from pointsman.model.address import Address

# A pipe that takes anything at all takes this much without blocking (pipe(7), PIPE_BUF).
_PIECE = 4096
# Bytes that wait for a reader who is slow; what comes on top is lost.
MOST_WAITING = 1024 * 1024

_NEW_FILE = 0o640
# Facility local0, severity informational (RFC 5424 section 6.2.1).
_PRIORITY = 16 * 8 + 6


class DescriptorSink:
    """Writes to a descriptor that somebody else opened: stdout, stderr.

    Args:
        descriptor: of a file, pipe, socket or terminal; it is not closed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = b""
        self._writable: select.poll | None = None
        self._lost = 0
        self.trouble = ""

    def open(self) -> None:
        """Find out what it is. Raises OSError if it is closed."""
        self._writable = None
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            # Making it non-blocking would do so for everybody who shares it.
            self._writable = select.poll()
            self._writable.register(self._descriptor, select.POLLOUT)

    def write(self, lines: list[str]) -> int:
        """Write whole lines, as far as that goes at once; how many were lost by now."""
        data = self._waiting + "".join(lines).encode("utf-8", "backslashreplace")
        if data:
            self._waiting = b""
            self._write(data)
        return self._lost

    def reopen(self) -> None:
        """Nothing that could be moved away."""

    def close(self) -> None:
        """It is not ours to close."""
        self.write([])

    def _write(self, data: bytes) -> None:
        done = 0
        try:
            while done < len(data):
                if self._writable is None:
                    done += os.write(self._descriptor, data[done:] if done else data)
                elif self._writable.poll(0):
                    done += os.write(self._descriptor, data[done : done + _PIECE])
                else:
                    raise BlockingIOError
        except BlockingIOError:
            self._keep(data[done:], data[:done], MOST_WAITING, "its reader is too slow")
        except OSError as error:
            self._keep(data[done:], data[:done], 0, error.strerror or str(error))
        else:
            self.trouble = ""

    def _keep(self, rest: bytes, done: bytes, most: int, why: str) -> None:
        """Keep up to ``most`` bytes of what could not be written, and count what is lost.

        The rest of a line that is begun is always kept: else the next one would be glued to it.
        """
        begun = 0 if not done or done.endswith(b"\n") else rest.index(b"\n") + 1
        kept = max(begun, rest.rfind(b"\n", 0, most) + 1)
        self._waiting, lost = rest[:kept], rest[kept:]
        self._lost += lost.count(b"\n")
        if lost:
            self.trouble = why


class FileSink(DescriptorSink):
    """Appends to a file of its own, which may be moved away and opened anew.

    Args:
        path: the file; made when it is not there, readable by owner and group.
    """

    def __init__(self, path: str) -> None:
        super().__init__(-1)
        self._path = path

    def open(self) -> None:
        """Open the file. Raises OSError."""
        # O_NONBLOCK is for a FIFO, whose reader may be away or slow.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, _NEW_FILE)

    def reopen(self) -> None:
        """Open the file that has the name now; if that fails, go on with the old one."""
        old = self._descriptor
        try:
            self.open()
        except OSError as error:
            self.trouble = f"{self._path}: {error.strerror}; the old file is still used"
            return
        if self._waiting:  # the end of a line that was begun there
            with contextlib.suppress(OSError):
                os.write(old, self._waiting)
            self._waiting = b""
        if old >= 0:
            os.close(old)

    def close(self) -> None:
        """Close the file."""
        self.write([])
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SyslogSink:
    """One datagram for each record, to the local syslog or over UDP.

    Args:
        target: path of a unix datagram socket such as /dev/log, or host:port.

    Raises:
        ValueError: it is neither.
    """

    def __init__(self, target: str, tag: str = "pointsman") -> None:
        self._path = target if target.startswith("/") else ""
        self._address = Address() if self._path else Address.parse(target)
        self._tag = f"{tag}[{os.getpid()}]"
        self._host = socket.gethostname() or "-"
        self._sock: socket.socket | None = None
        self._lost = 0
        self.trouble = ""

    def open(self) -> None:
        """Connect, which for datagrams only finds the address. Raises OSError."""
        if self._path:
            family, place = socket.AF_UNIX, self._path
        else:
            found = socket.getaddrinfo(
                self._address.host, self._address.port, type=socket.SOCK_DGRAM
            )
            family, _, _, _, place = found[0]  # type: ignore[assignment]
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.connect(place)
        except BaseException:
            sock.close()
            raise
        self._sock = sock

    def write(self, lines: list[str]) -> int:
        """Send each line; how many were lost by now."""
        if not lines:
            return self._lost
        head = self._head()
        trouble = ""
        for line in lines:
            try:
                if self._sock is None:
                    self.open()
                assert self._sock is not None
                self._sock.send((head + line[:-1]).encode("ascii"))
            except OSError as error:
                trouble = error.strerror or str(error)
                self._lost += 1
                if not isinstance(error, BlockingIOError):
                    self.close()  # syslog may have been started anew: connect to the new one
        self.trouble = trouble
        return self._lost

    def reopen(self) -> None:
        """Connect anew with the next line."""
        self.close()

    def close(self) -> None:
        """Close the socket."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _head(self) -> str:
        now = time.time()
        if self._path:  # what syslog(3) sends (RFC 3164 without the host, which is known)
            day = time.localtime(now)
            when = f"{time.strftime('%b', day)} {day.tm_mday:>2} {time.strftime('%H:%M:%S', day)}"
            return f"<{_PRIORITY}>{when} {self._tag}: "
        # RFC 5424 section 6.2
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        return f"<{_PRIORITY}>1 {when} {self._host} pointsman {os.getpid()} - - "
