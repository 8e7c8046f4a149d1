"""A small real server for the demonstration: ``python -m pointsman.app.demo.server NAME PORT``."""

from __future__ import annotations

import sys
from typing import Any

import click
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

HOST = "127.0.0.1"


class NamePage(Resource):
    """Answers every path with the name of the server, and how often it was asked."""

    isLeaf = True

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = name
        self._asked = 0

    def render_GET(self, request: Request) -> bytes:
        """The name and a number; probes, which are HEAD requests, do not count."""
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        request.setHeader(b"server", b"pointsman-demo")
        if request.method == b"HEAD":
            return b""
        self._asked += 1
        return f"{self._name} answers, request number {self._asked}\n".encode()

    render_HEAD = render_GET


class _Tether(Protocol):
    """Ends the program when whoever started it is gone."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def connectionLost(self, reason: Any = None) -> None:
        """The other end of our stdin was closed."""
        if self._reactor.running:
            self._reactor.stop()


@click.command()
@click.argument("name")
@click.argument("port", type=click.IntRange(0, 65535))
@click.option("--tethered", is_flag=True, help="End when stdin is closed.")
def main(name: str, port: int, tethered: bool) -> None:
    """Serve HTTP as NAME on PORT of 127.0.0.1 (0 takes a free one) until a signal comes."""
    from pointsman.app.running import lean_reactor

    reactor = lean_reactor()
    site = Site(NamePage(name), reactor=reactor)
    try:
        listening = reactor.listenTCP(port, site, interface=HOST)  # type: ignore[no-untyped-call]
    except CannotListenError as error:
        click.echo(f"{name}: cannot listen on {HOST}:{port}: {error.socketError}", err=True)
        sys.exit(3)
    print(f"{name} listens on {HOST}:{listening.getHost().port}", flush=True)
    if tethered:
        StandardIO(_Tether(reactor), reactor=reactor)
    reactor.run()


if __name__ == "__main__":
    main()
