"""What Twisted itself offers as a reverse proxy, as a program: `python -m ... PORT SERVER_PORT`."""

import sys

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.web.proxy import ReverseProxyResource
from twisted.web.server import Site

from bench.processes import LOOPBACK


def main(port: int, server_port: int) -> None:
    """Serve until stopped, on Twisted's default reactor."""
    root = ReverseProxyResource(LOOPBACK, server_port, b"")
    TCP4ServerEndpoint(reactor, port, 4096, LOOPBACK).listen(Site(root))
    reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
