"""What is compared: each kind of traffic, who takes part, and the target set for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.pins import script
from bench.rivals import (
    CADDY,
    HAPROXY,
    NGINX,
    PINNED,
    POINTSMAN,
    POINTSMAN_PURE,
    RULED,
    TWISTED,
)
from bench.ruled import ANSWER, EMPTY, TYPICAL, YAML


@dataclass(frozen=True)
class Target:
    """`pointsman's value <= limit x the value of another`, or `<= limit` in the case's own unit."""

    limit: float
    against: str | None = HAPROXY


@dataclass(frozen=True)
class Case:
    """One kind of traffic. A case runs against the rivals named that offer what it needs."""

    name: str
    tells: str
    unit: str
    rivals: tuple[str, ...]
    needs: frozenset[str] = frozenset({"http"})
    targets: tuple[Target, ...] = ()
    ours: str = POINTSMAN  # whose value is meant by a target


@dataclass(frozen=True)
class LoadCase(Case):
    """Traffic that wrk makes; what is measured is CPU time per request."""

    path: str = "/small"
    connections: int = 64
    headers: tuple[str, ...] = ()
    script: str = ""


@dataclass(frozen=True)
class HandshakeCase(LoadCase):
    """TLS connections of our own, one after the other, each with one request."""

    resumed: bool = False


@dataclass(frozen=True)
class PinsCase(LoadCase):
    """Requests to a service with pins; what the same cost without them is taken off."""

    service: str = ""


@dataclass(frozen=True)
class RulesCase(PinsCase):
    """Requests to a service with rules; what the same cost without them is taken off."""


@dataclass(frozen=True)
class IdleCase(Case):
    """Connections that have each made one request and wait; what is measured is memory."""

    connections: int = 10_000


L7 = (POINTSMAN, HAPROXY, NGINX, CADDY)
BOTH_BUILDS = (POINTSMAN, POINTSMAN_PURE, HAPROXY, NGINX, CADDY)
L4 = (POINTSMAN, HAPROXY)
PER_REQUEST = "CPU us per request"
TCP = frozenset({"tcp"})
TLS = frozenset({"tls"})
REENCRYPT = frozenset({"reencrypt"})
L7_TLS = (POINTSMAN, HAPROXY, NGINX)
PER_HANDSHAKE = "CPU us per connection"

BROWSER_HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding: gzip, deflate, br",
    "Referer: http://www.example.com/start/index.html",
    "Cookie: session=8c6976e5b5410415bde908bd4dee15df; theme=dark; seen=1718000000",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Cache-Control: max-age=0",
    # with Host, which wrk sends by itself, these are ten
)
CLOSE = ("Connection: close",)

POST_4_KIB = """\
wrk.method = "POST"
wrk.body = string.rep("x", 4096)
wrk.headers["Content-Type"] = "application/octet-stream"
"""


def pins(service: str, tells: str, limit: float, text: str = "", more: str = "") -> PinsCase:
    """Describe what one kind of pins adds."""
    return PinsCase(
        name=f"pins-{service}{more}",
        tells=tells,
        unit="CPU us added per request",
        rivals=(PINNED,),
        needs=frozenset({"pins"}),
        targets=(Target(limit, None),),
        ours=PINNED,
        script=text,
        service=service,
    )


def rules(service: str, tells: str, limit: float | None, headers: tuple[str, ...]) -> RulesCase:
    """Describe what a rule adds."""
    return RulesCase(
        name=f"rules-{service}",
        tells=tells,
        unit="CPU us added per request",
        rivals=(RULED,),
        needs=frozenset({"rules"}),
        targets=(Target(limit, None),) if limit is not None else (),
        ours=RULED,
        headers=headers,
        service=service,
    )


ALL: tuple[LoadCase | IdleCase, ...] = (
    LoadCase(
        name="l7-keepalive",
        tells="HTTP, 64 connections kept alive, GET of 100 bytes",
        unit=PER_REQUEST,
        rivals=(*BOTH_BUILDS, TWISTED),
        targets=(Target(1.5), Target(1 / 3, CADDY), Target(1 / 12, TWISTED)),
    ),
    LoadCase(
        name="l7-keepalive-browser",
        tells="the same with the ten headers of a browser, a cookie among them",
        unit=PER_REQUEST,
        rivals=BOTH_BUILDS,
        headers=BROWSER_HEADERS,
    ),
    LoadCase(
        name="l7-new-connection",
        tells="HTTP, a new client connection for each GET of 100 bytes",
        unit=PER_REQUEST,
        rivals=(*BOTH_BUILDS, TWISTED),
        headers=CLOSE,
        targets=(Target(2.0),),
    ),
    LoadCase(
        name="l7-1MiB",
        tells="HTTP, GET of 1 MiB, 16 connections kept alive",
        unit="CPU us per MiB",
        rivals=L7,
        path="/1MiB",
        connections=16,
    ),
    LoadCase(
        name="l7-post-4KiB",
        tells="HTTP, POST of 4 KiB, 64 connections kept alive",
        unit=PER_REQUEST,
        rivals=BOTH_BUILDS,
        path="/post",
        script=POST_4_KIB,
    ),
    LoadCase(
        name="l4-chatty",
        tells="TCP relay, 64 connections kept alive, GET of 100 bytes",
        unit=PER_REQUEST,
        rivals=L4,
        needs=TCP,
        targets=(Target(1.2),),
    ),
    LoadCase(
        name="l4-new-connection",
        tells="TCP relay, a new connection for each GET of 100 bytes",
        unit="CPU us per connection",
        rivals=L4,
        needs=TCP,
        headers=CLOSE,
    ),
    LoadCase(
        name="l4-1MiB",
        tells="TCP relay, GET of 1 MiB, 16 connections kept alive",
        unit="CPU us per MiB",
        rivals=L4,
        needs=TCP,
        path="/1MiB",
        connections=16,
        targets=(Target(0.85),),
    ),
    LoadCase(
        name="tls-keepalive",
        tells="TLS from the client, 64 connections kept alive, GET of 100 bytes",
        unit=PER_REQUEST,
        rivals=L7_TLS,
        needs=TLS,
        targets=(Target(1.5),),
    ),
    LoadCase(
        name="tls-1MiB",
        tells="TLS from the client, GET of 1 MiB, 16 connections kept alive",
        unit="CPU us per MiB",
        rivals=L7_TLS,
        needs=TLS,
        path="/1MiB",
        connections=16,
        targets=(Target(1.0),),
    ),
    HandshakeCase(
        name="tls-handshake",
        tells="a full TLS 1.3 handshake (ECDSA P-256) and one GET of 100 bytes, then closed",
        unit=PER_HANDSHAKE,
        rivals=L7_TLS,
        needs=TLS,
        targets=(Target(1.3),),
    ),
    HandshakeCase(
        name="tls-resumed",
        tells="the same with a resumed session",
        unit=PER_HANDSHAKE,
        rivals=L7_TLS,
        needs=TLS,
        resumed=True,
        targets=(Target(1.5),),
    ),
    LoadCase(
        name="reencrypt-keepalive",
        tells="TLS on both sides, 64 connections kept alive, GET of 100 bytes",
        unit=PER_REQUEST,
        rivals=L7_TLS,
        needs=REENCRYPT,
        targets=(Target(1.5),),
    ),
    pins("source_ip", "what `source_ip` adds to `l7-keepalive`, pins in memory", 3.0),
    pins("source_ip-lmdb", "the same with pins in LMDB", 8.0),
    pins("server_cookie", "what `server_cookie` adds, 500 clients, pins in memory", 3.0, script(1)),
    pins("server_cookie", "the same with 5 cookies in a request", 3.0, script(5), "-5"),
    pins("server_cookie", "the same with 20 cookies in a request", 3.0, script(20), "-20"),
    pins("server_cookie-lmdb", "the same with one cookie, pins in LMDB", 8.0, script(1)),
    pins("active_cookie", "what `active_cookie` adds, 16 clients", 3.0, script(1, ours=True)),
    rules(EMPTY, "what an empty `on.request` in Lua adds to `l7-keepalive`", 3.0, ()),
    rules(
        TYPICAL,
        "what two header reads, one `incr` and one header set add to `l7-keepalive-browser`",
        10.0,
        BROWSER_HEADERS,
    ),
    rules(ANSWER, "what setting a header of the answer in Lua adds to it", None, BROWSER_HEADERS),
    rules(
        YAML,
        "what a rule in YAML adds to it: a header looked at, a rate limit, a header set",
        None,
        BROWSER_HEADERS,
    ),
    IdleCase(
        name="tls-idle-rss",
        tells="2,000 TLS connections that made one request each and wait",
        unit="KiB RSS per connection",
        rivals=L7_TLS,
        needs=TLS,
        connections=2000,
        targets=(Target(28.0, None),),
    ),
    IdleCase(
        name="idle-rss",
        tells="10,000 HTTP connections that made one request each and wait",
        unit="KiB RSS per connection",
        rivals=BOTH_BUILDS,
        targets=(Target(6.0, None),),
    ),
)

CASES: Mapping[str, LoadCase | IdleCase] = {case.name: case for case in ALL}
