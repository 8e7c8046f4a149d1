"""pointsman inside another Twisted application, which is a real server of it as well.

For: a twisted.web application that wants a balancer, TLS or rules in front of its own pages.
Run it with ``python examples/embedding/application.py`` and ask it: ``curl 127.0.0.1:8080/x``.
Change: ``Pages`` to a resource of yours, and ``CONFIG``, which has the keys of the YAML file.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.application.service import MultiService
from twisted.web.resource import Resource
from twisted.web.server import Request

import pointsman

CONFIG = {
    "version": 1,
    "virtual_services": {
        "site": {
            "listen": "127.0.0.1:8080",
            "pool": {"scheduling": "round_robin", "servers": {"here": {"local": "pages"}}},
        }
    },
}


class Pages(Resource):
    """The application's own pages. No port leads to them but through the balancer."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Show what the balancer has told about the client."""
        client = request.getHeader("x-forwarded-for")
        return f"hello {client}, this is {request.path.decode()}\n".encode()


def balancer(reactor: Any, config: Any = CONFIG) -> pointsman.PointsmanService:
    """The balancer as a service, ready to be given a parent and started."""
    return pointsman.service(config, reactor, local_servers={"pages": Pages()})  # type: ignore[no-untyped-call]


def main() -> None:
    """Run until Ctrl-C."""
    from twisted.internet import reactor
    from twisted.python import log

    log.startLogging(sys.stderr)
    services = MultiService()
    balancer(reactor).setServiceParent(services)  # type: ignore[no-untyped-call]
    reactor.callWhenRunning(services.startService)
    reactor.addSystemEventTrigger("before", "shutdown", services.stopService)
    reactor.run()


if __name__ == "__main__":
    main()
