"""pointsman inside an application that shows and steers it on a page of its own.

For: a program that wants its balancer on its own console, with its own log-in before it.
Run it with ``python examples/embedding/operating_application.py``, look at
``curl http://127.0.0.1:8090/`` and take a server out by
``curl -d name=site/a -d state=draining http://127.0.0.1:8090/``. Change: who may do so, and
``CONFIG``, which has the keys of the YAML file.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from twisted.application.internet import StreamServerEndpointService
from twisted.application.service import MultiService
from twisted.internet.endpoints import serverFromString
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

import pointsman
from pointsman.model.errors import PointsmanError

CONFIG: dict[str, Any] = {
    "version": 1,
    "virtual_services": {
        "site": {
            "listen": "127.0.0.1:8080",
            "pool": {
                "persistence": "source_ip",
                "servers": {"a": "127.0.0.1:8081", "b": "127.0.0.1:8082"},
            },
        }
    },
}
CONSOLE = "tcp:8090:interface=127.0.0.1"


class Console(Resource):
    """Shows what runs, and takes servers in and out. Whoever reaches it may do so."""

    isLeaf = True

    def __init__(self, operating: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operating = operating

    def render_GET(self, request: Request) -> int:
        """The services, pools and servers, as JSON; looked at between turns of the reactor."""
        self.operating.status().addCallbacks(
            lambda site: answer(request, asdict(site)), failed, errbackArgs=(request,)
        )
        return NOT_DONE_YET

    def render_POST(self, request: Request) -> int:
        """Take the server of that name in or out, and tell what is left there."""
        name, state = (
            request.args.get(each, [b""])[0].decode("utf-8", "replace")
            for each in (b"name", b"state")
        )
        try:
            changed = self.operating.set_servers([name], state, "on the console")
        except PointsmanError as error:
            request.setResponseCode(400)
            answer(request, {"error": str(error)})
        else:
            answer(request, asdict(changed))
        return NOT_DONE_YET


def answer(request: Request, told: Any) -> None:
    """Write it as JSON."""
    request.setHeader(b"content-type", b"application/json")
    request.write(json.dumps(told, indent=2).encode() + b"\n")
    request.finish()


def failed(failure: Failure, request: Request) -> None:
    """It does not run, or not any more."""
    request.setResponseCode(503)
    answer(request, {"error": str(failure.value)})


def application(reactor: Any) -> MultiService:
    """The balancer and its console, ready to be started."""
    services = MultiService()
    balancer: Any = pointsman.service(CONFIG, reactor)
    balancer.setServiceParent(services)
    console = StreamServerEndpointService(
        serverFromString(reactor, CONSOLE), Site(Console(balancer.operating))
    )
    console.setServiceParent(services)  # type: ignore[no-untyped-call]
    return services


def main() -> None:
    """Run until Ctrl-C."""
    from twisted.internet import reactor
    from twisted.python import log

    log.startLogging(sys.stderr)
    services = application(reactor)
    reactor.callWhenRunning(services.startService)
    reactor.addSystemEventTrigger("before", "shutdown", services.stopService)
    reactor.run()


if __name__ == "__main__":
    main()
