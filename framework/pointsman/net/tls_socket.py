"""TLS on a non-blocking socket: OpenSSL reads and writes the descriptor, we are told what it wants.

pyOpenSSL raises WantReadError whenever nothing is there to read, allocates a buffer for each
read, and leaves the reason of a failed system call in OpenSSL's queue, where the next connection
would find it and take it for its own. So its connections are made by pyOpenSSL and driven here,
by the same calls of OpenSSL that it makes (Twisted goes the same way for what pyOpenSSL lacks).
"""

from __future__ import annotations

import os
from typing import Any, Final

from OpenSSL._util import ffi, lib

# What a call answers instead of a size: it is to be made again when the socket is ready for that.
WANT_READ: Final = -1
WANT_WRITE: Final = -2
# The peer has said that it sends no more (close_notify).
ENDED: Final = 0

# The largest plaintext of a record (RFC 8446 section 5.1): one read takes one record whole.
RECORD: Final = 16384
_GATHERED: Final = 4 * RECORD

# Looked up once: these four are called for every piece of every body.
_read: Final = lib.SSL_read
_write: Final = lib.SSL_write
_pending: Final = lib.SSL_pending
_start_of: Final = ffi.from_buffer

_PLAIN_HTTP: Final = {"http request", "https proxy request"}
# Alerts of a peer and failures of our own, by OpenSSL's reason, in words that say what to do.
_WORDS: Final = {
    "http request": "plain HTTP was sent to a TLS port",
    "https proxy request": "plain HTTP was sent to a TLS port",
    "wrong version number": "what the peer sent is no TLS (is that port a plain one?)",
    "packet length too long": "what the peer sent is no TLS (is that port a plain one?)",
    "bad record type": "what the peer sent is no TLS (is that port a plain one?)",
    "record layer failure": "what the peer sent is no TLS (is that port a plain one?)",
    "unsupported protocol": "the peer offers no version of TLS that is allowed here",
    "version too low": "the peer offers no version of TLS that is allowed here",
    "no protocols available": "no version of TLS is allowed by both its policy and OpenSSL",
    "no shared cipher": "no cipher suite is allowed by both sides",
    "no suitable signature algorithm": "no signature algorithm is allowed by both sides",
    "no suitable key share": "no group for the key exchange is allowed by both sides",
    "tlsv1 alert unknown ca": "the peer does not know the issuer of our certificate (unknown ca)",
    "tlsv1 alert protocol version": "the peer allows no version of TLS that we offer",
    "ssl/tls alert bad certificate": "the peer does not accept our certificate (bad certificate)",
    "ssl/tls alert certificate expired": "the peer says that our certificate has expired",
    "ssl/tls alert certificate unknown": "the peer does not accept our certificate",
    "ssl/tls alert certificate revoked": "the peer says that our certificate was revoked",
    "ssl/tls alert unsupported certificate": "the peer cannot use our kind of certificate",
    "ssl/tls alert handshake failure": "the peer found nothing that both sides allow",
    "tlsv13 alert certificate required": "the peer requires a client certificate",
    "tlsv1 unrecognized name": "the peer has no certificate for the name we asked for",
    "peer did not return a certificate": "the peer sent no certificate, and one is required",
    "certificate verify failed": "the certificate of the peer cannot be trusted",
    "unexpected eof while reading": "the peer closed the connection without a word",
}


class TlsError(Exception):
    """TLS failed; the message says why in words.

    Attributes:
        plain_http: the peer speaks HTTP without TLS.
    """

    def __init__(self, message: str, *, plain_http: bool = False) -> None:
        super().__init__(message)
        self.plain_http = plain_http


class TlsTruncated(TlsError):
    """The peer's sending ended without close_notify: what came may not be all (RFC 8446 6.1)."""


class ReadBuffer:
    """Where plaintext is put before it becomes bytes; streams of one thread share one."""

    __slots__ = ("start", "view")

    def __init__(self) -> None:
        self.start: Any = ffi.new("char[]", _GATHERED)
        self.view: Any = ffi.buffer(self.start)


class TlsSocket:
    """One TLS connection, driven without exceptions on the ordinary path.

    Args:
        connection: an ``OpenSSL.SSL.Connection`` on a non-blocking socket, in accept or connect
            state.
        buffer: shared by connections of one thread.

    Attributes:
        connection: as above.
        wanted: what ``send`` wants if it took less than it was given.
    """

    __slots__ = ("_buffer", "_kept", "_ssl", "_view", "connection", "wanted")

    def __init__(self, connection: Any, buffer: ReadBuffer) -> None:
        self.connection = connection
        self._ssl = connection._ssl
        self._buffer = buffer.start
        self._view = buffer.view
        self._kept: int | Exception | None = None
        self.wanted = 0

    def handshake(self) -> int:
        """1 once it is done, else what it wants.

        Raises:
            TlsError: it failed; the peer has been told by an alert.
            OSError: the socket failed.
        """
        result: int = lib.SSL_do_handshake(self._ssl)
        return result if result > 0 else self._wanted(result)

    def recv(self) -> bytes | int:
        """Up to 64 KiB of plaintext, else ENDED or what it wants.

        Raises:
            TlsTruncated: the peer ended without close_notify.
            TlsError: what came is no TLS of this connection.
            OSError: the socket failed.
        """
        size: int = _read(self._ssl, self._buffer, RECORD)
        if size <= 0:
            return self._nothing(size)
        if size == RECORD:
            size = self._gather(size)
        data: bytes = self._view[:size]
        return data

    def send(self, data: bytes | memoryview) -> int:
        """How many bytes were taken; if that is not all of them, ``wanted`` says what it wants.

        The next call must then begin with the bytes that were not taken.

        Raises:
            TlsError, OSError: as ``recv``.
        """
        ssl, size = self._ssl, len(data)
        done: int = 0
        if size <= RECORD and type(data) is bytes:
            done = _write(ssl, data, size)
            if done == size:
                return size
            if done <= 0:
                self.wanted = self._wanted(done)
                return 0
        start = _start_of(data)
        while done < size:
            rest = size - done
            sent: int = _write(ssl, start + done, rest if rest < RECORD else RECORD)
            if sent <= 0:
                self.wanted = self._wanted(sent)
                break
            done += sent
        return done

    def shutdown(self) -> int:
        """Tell the peer by close_notify that we send no more: 1 once that is sent, else a want.

        Raises:
            TlsError, OSError: as ``recv``.
        """
        result: int = lib.SSL_shutdown(self._ssl)
        return 1 if result >= 0 else self._wanted(result)

    @property
    def holds(self) -> bool:
        """Whether ``recv`` has something that the socket will not be readable for."""
        return self._kept is not None or _pending(self._ssl) > 0

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""
        return bool(lib.SSL_session_reused(self._ssl))

    # ---- inside ----

    def _gather(self, size: int) -> int:
        """A whole record came: what follows it is taken along, to save turns of the loop."""
        start = self._buffer
        while size < _GATHERED:
            more: int = _read(self._ssl, start + size, RECORD)
            if more <= 0:
                try:
                    wanted = self._wanted(more)
                except (TlsError, OSError) as error:
                    self._kept = error  # told after these bytes
                else:
                    if wanted != WANT_READ:
                        self._kept = wanted
                return size
            size += more
            if more < RECORD:
                return size
        return size

    def _nothing(self, result: int) -> int:
        kept = self._kept
        if kept is None:
            return self._wanted(result)
        clear_errors()
        if isinstance(kept, Exception):
            raise kept
        if kept == WANT_WRITE:
            self._kept = None
        return kept

    def _wanted(self, result: int) -> int:
        code = lib.SSL_get_error(self._ssl, result)
        if code == lib.SSL_ERROR_WANT_READ:
            return WANT_READ
        if code == lib.SSL_ERROR_WANT_WRITE:
            return WANT_WRITE
        if code == lib.SSL_ERROR_ZERO_RETURN:
            return ENDED
        number = ffi.errno
        reasons = take_errors()
        if code == lib.SSL_ERROR_SYSCALL:
            if number:
                raise OSError(number, os.strerror(number))
            raise TlsTruncated("the peer closed the connection without close_notify")
        if reasons and reasons[0] == "unexpected eof while reading":
            raise TlsTruncated("the peer closed the connection without close_notify")
        raise TlsError(in_words(reasons), plain_http=bool(_PLAIN_HTTP.intersection(reasons)))


def take_errors() -> list[str]:
    """Empty OpenSSL's queue of errors: the reasons, the deepest first."""
    reasons = []
    while number := lib.ERR_get_error():
        text = lib.ERR_reason_error_string(number)
        reasons.append("" if text == ffi.NULL else ffi.string(text).decode("utf-8", "replace"))
    return reasons


def clear_errors() -> None:
    """Empty OpenSSL's queue of errors, so that no other connection finds them."""
    lib.ERR_clear_error()


def in_words(reasons: list[str]) -> str:
    """What failed, for people: the first reason that we have words for, else OpenSSL's own."""
    for reason in reasons:
        if reason in _WORDS:
            return _WORDS[reason]
    said = "; ".join(reason for reason in reasons if reason)
    return said or "the peer broke the rules of TLS"
