"""pointsman inside a Klein application: one server of its own balancer, beside others.

For: a Klein application that is to share its address with other servers, take off TLS, or limit
who comes how often. Run: ``pip install klein``, ``python examples/embedding/klein_application.py``
and ``curl http://127.0.0.1:8080/hello/you``. Change: the routes, and ``CONFIG``, which has the keys
of the YAML file.
"""

from __future__ import annotations

import sys
from typing import Any

from klein import Klein
from twisted.application.service import MultiService
from twisted.web.server import Request

import pointsman

CONFIG: dict[str, Any] = {
    "version": 1,
    "pools": {
        "application": {"servers": {"here": {"local": "klein"}}},
        "others": {"health": "tcp", "servers": {"a": "127.0.0.1:8081"}},
    },
    "virtual_services": {
        "site": {
            "listen": "127.0.0.1:8080",
            "pool": "application",
            "rules": [
                {"when": {"prefix": "/others"}, "pool": "others"},
                {"when": {"path": "/often"}, "rate_limit": {"requests": 2, "per": "1m"}},
            ],
        }
    },
}


class Application:
    """Routes, and what happened in them."""

    app = Klein()

    def __init__(self) -> None:
        self.asked = 0

    @app.route("/hello/<name>")
    def hello(self, request: Request, name: str) -> str:
        """Say hello to whom the balancer knows."""
        self.asked += 1
        return f"hello {name} at {request.getHeader('x-forwarded-for')}, number {self.asked}\n"

    @app.route("/often")
    def often(self, request: Request) -> str:
        """What the balancer lets through twice in a minute."""
        return "once more\n"


def balancer(reactor: Any, config: Any = CONFIG) -> pointsman.PointsmanService:
    """The balancer as a service, with the application as one of its servers."""
    pages = Application().app.resource()
    return pointsman.service(config, reactor, local_servers={"klein": pages})  # type: ignore[no-untyped-call]


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
