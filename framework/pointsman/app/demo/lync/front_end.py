"""A simulated front end: ``python -m pointsman.app.demo.lync.front_end NAME --host ADDRESS ...``.

It answers what the web part of a Lync 2013 front end answers to a load balancer and to mobile
clients, over TLS and in the clear, and can be told to misbehave by lines on its stdin.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from typing import Any

import click
from OpenSSL import SSL
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request
from zope.interface import implementer

COOKIE = b"MS-WSMAN"
POOL_HOST = b"pool.jds.net"

NORMAL = "normal"
HANG = "hang"  # accepts, reads, says nothing
REFUSE = "refuse"  # does not listen
ERROR = "500"
HALF = "half"  # closes in the middle of an answer
WITH_COOKIE = "cookie"  # sessions come with a cookie of the front end
WITHOUT_COOKIE = "no-cookie"  # sessions are known by their number in the path only
MOODS = (NORMAL, HANG, REFUSE, ERROR, HALF)


class FrontEnd:
    """What one front end knows: its sessions, and how it is to behave.

    Args:
        name: what it calls itself.
        reactor: to listen on.

    Attributes:
        mood: one of ``MOODS``.
        gives_cookie: whether a new session comes with a cookie.
        sessions: numbers of the sessions that this process made. Nobody else knows them.
    """

    def __init__(self, name: str, reactor: Any = None) -> None:
        self.name = name
        self.mood = NORMAL
        self.gives_cookie = False
        self.sessions: set[str] = set()
        self._reactor = reactor
        self._doors: list[tuple[Any, ...]] = []
        self._ports: list[Any] = []

    def listen(self, host: str, clear: Sequence[int], secure: Sequence[int], pem: str) -> None:
        """Listen on these ports of an address: in the clear, and with TLS."""
        tls = _Tls(pem) if secure else None
        self._doors = [(port, host, None) for port in clear]
        self._doors += [(port, host, tls) for port in secure]
        self._open()

    def behave(self, word: str) -> Deferred[Any]:
        """Change the mood, or whether sessions come with a cookie; other words are ignored.

        Returns:
            Fires when it is so.
        """
        closing: list[Deferred[Any]] = []
        if word in (WITH_COOKIE, WITHOUT_COOKIE):
            self.gives_cookie = word == WITH_COOKIE
        elif word in MOODS:
            was, self.mood = self.mood, word
            if word == REFUSE:
                closing = [maybeDeferred(port.stopListening) for port in self._ports]
                self._ports = []
            elif was == REFUSE:
                self._open()
        return DeferredList(closing)

    def _open(self) -> None:
        for port, host, tls in self._doors:
            factory: Any = _factory(self, secure=tls is not None)
            if tls is not None:
                # Its small writes wait for a turn of a reactor: for one of ours.
                factory = TLSMemoryBIOFactory(tls, False, factory, clock=self._reactor)
            self._ports.append(self._reactor.listenTCP(port, factory, interface=host))

    def answer(self, request: Request, *, secure: bool) -> tuple[int, bytes]:
        """Status and body of the answer to a request; fields are set on it."""
        path = request.path
        if path == b"/abs/handler":
            # In the clear IIS demands TLS: a check by this path over port 80 meets a 403.
            return (200, b"address book\n") if secure else (403, b"SSL required\n")
        if path == b"/meet/blank.html":
            return 200, b"<html></html>\n"
        if path == b"/whoami":
            return 200, self._who_asks(request, secure=secure)
        if path == b"/go":
            request.responseHeaders.addRawHeader(b"location", b"https://%b/dialin" % POOL_HOST)
            return 302, b""
        if path == b"/mcx" or path.startswith(b"/mcx/"):
            return self._session(request, path[len(b"/mcx/") :].decode("latin-1"))
        return 404, b"there is nothing here\n"

    def _session(self, request: Request, number: str) -> tuple[int, bytes]:
        """A session of a mobile client: made by POST /mcx, known by its number from then on."""
        if request.method == b"POST" and not number:
            number = secrets.token_hex(8)
            self.sessions.add(number)
            if self.gives_cookie:
                request.responseHeaders.addRawHeader(
                    b"set-cookie", COOKIE + b"=" + number.encode() + b"; Path=/"
                )
            return 201, number.encode()
        if number not in self.sessions:
            return 404, b"no such session\n"
        return 200, f"{self.name}\n".encode()

    def _who_asks(self, request: Request, *, secure: bool) -> bytes:
        told = [("front end", self.name.encode())]
        told.append(("peer", str(request.getClientAddress().host).encode()))
        told.append(("tls", b"yes" if secure else b"no"))
        for field in (b"host", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"):
            told.append((field.decode(), request.getHeader(field) or b"-"))
        told.append(("cookie", request.getHeader(b"cookie") or b"-"))
        return b"".join(b"%s: %s\n" % (key.encode(), value) for key, value in told)


class _Answering(Request):
    """One request to a front end."""

    front_end: FrontEnd
    secure: bool

    def process(self) -> None:
        """Answer as the front end feels."""
        request: Any = self  # Twisted's own methods are untyped
        mood = self.front_end.mood
        if mood == HANG:
            return
        status, body = self.front_end.answer(self, secure=self.secure)
        if mood == ERROR:
            status, body = 500, b"out of order\n"
        request.setResponseCode(status)
        request.setHeader(b"x-front-end", self.front_end.name.encode())
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        if mood == HALF:
            request.setHeader(b"content-length", b"%d" % (len(body) + 100))
            request.write(body or b"half\n")
            request.channel.loseConnection()
            return
        request.setHeader(b"content-length", b"%d" % len(body))
        if body and request.method != b"HEAD":
            request.write(body)
        request.finish()


@implementer(IOpenSSLServerConnectionCreator)
class _Tls:
    """TLS with one certificate, for everybody who comes."""

    def __init__(self, pem: str) -> None:
        self._settings = SSL.Context(SSL.TLS_METHOD)
        self._settings.use_certificate_file(pem)
        self._settings.use_privatekey_file(pem)

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
        """One connection, whose bytes Twisted carries."""
        return SSL.Connection(self._settings, None)


class _Silent(Factory):
    """Makes channels, and keeps no log of requests."""

    noisy = False

    def log(self, request: Request) -> None:
        """A request is over."""


def _factory(front_end: FrontEnd, *, secure: bool) -> Factory:
    answering = type("Answering", (_Answering,), {"front_end": front_end, "secure": secure})

    class Channel(HTTPChannel):
        requestFactory = answering  # type: ignore[assignment]

    return _Silent.forProtocol(Channel)


class Tether(LineOnlyReceiver):
    """Hears words on stdin, and ends the program when whoever started it is gone."""

    delimiter = b"\n"

    def __init__(self, front_end: FrontEnd, reactor: Any) -> None:
        self._front_end = front_end
        self._reactor = reactor

    def lineReceived(self, line: bytes) -> None:
        """A word: how to behave from now on. Once it is done, this is said on stdout."""
        word = line.decode("latin-1").strip()
        done = self._front_end.behave(word)
        done.addCallback(lambda _: print(f"is {word}", flush=True))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The other end of our stdin was closed."""
        if self._reactor.running:
            self._reactor.stop()


@click.command()
@click.argument("name")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--clear", "clear", type=int, multiple=True, help="Port for HTTP; may repeat.")
@click.option("--secure", "secure", type=int, multiple=True, help="Port for HTTPS; may repeat.")
@click.option("--pem", default="", help="File with certificate and key, for HTTPS.")
@click.option("--cookie", is_flag=True, help=f"Give new sessions the cookie {COOKIE.decode()}.")
def main(
    name: str, host: str, clear: tuple[int, ...], secure: tuple[int, ...], pem: str, cookie: bool
) -> None:
    """Play the front end NAME until stdin is closed.

    A line on stdin tells how to behave: normal, hang, refuse, 500, half, cookie or no-cookie.
    """
    from twisted.internet.error import CannotListenError

    from pointsman.app.running import lean_reactor

    reactor = lean_reactor()
    front_end = FrontEnd(name, reactor)
    front_end.gives_cookie = cookie
    try:
        front_end.listen(host, clear, secure, pem)
    except CannotListenError as error:
        click.echo(f"{name}: cannot listen on {host}:{error.port}: {error.socketError}", err=True)
        sys.exit(3)
    print(f"{name} listens", flush=True)
    StandardIO(Tether(front_end, reactor), reactor=reactor)
    reactor.run()


if __name__ == "__main__":
    main()
