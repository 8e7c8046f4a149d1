"""The mode that takes nothing off: the client's TLS goes to a server that its first words name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from pointsman.contracts import Arrival, Chore, Misfit, Offer, Settings, Size, Surroundings
from pointsman.contracts.pools import PoolName
from pointsman.contracts.tls import TlsMode
from pointsman.model.server_name import checked_server_name

REFUSE = "refuse"
_MOST_HELLO: Any = "16KiB"  # as it would be written
# What a TLS record needs at least, and what a handshake message can be at most.
_SMALLEST, _LARGEST = 512, 2**24 - 1
_ANY = ""


def _pattern(text: str) -> str:
    star, dot, rest = text.partition(".")
    if star == "*":
        if not dot or not rest:
            raise ValueError("a wildcard needs a domain, like *.example.org; for all, leave it out")
        return f"*.{checked_server_name(rest)}"
    if "*" in text:
        raise ValueError("a wildcard stands for the whole first label only, like *.example.org")
    return checked_server_name(text)


def _one_or_more(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


def _protocol(text: str) -> str:
    if not text.isascii() or not 0 < len(text) < 256:
        raise ValueError("a protocol is 1 to 255 ASCII characters, like h2 (RFC 7301)")
    return text


def _never(raw: object) -> None:
    if raw is not None:
        raise ValueError(
            "passthrough never uses this, because the servers speak TLS with the clients: remove "
            "it, or use `mode: reencrypt`"
        )


def _or_refuse(raw: object, pool_name: ValidatorFunctionWrapHandler) -> object:
    return REFUSE if raw == REFUSE else pool_name(raw)


Pattern = Annotated[str, AfterValidator(_pattern)]
Protocol = Annotated[str, AfterValidator(_protocol)]
Patterns = Annotated[
    tuple[Pattern, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]
Protocols = Annotated[
    tuple[Protocol, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]
Never = Annotated[None, PlainValidator(_never), WithJsonSchema({"not": {}})]


class RouteSettings(Settings):
    """Which clients go to which pool; all that is written must be met."""

    server_name: Patterns = Field(
        default=(),
        description="names that clients ask for by SNI; any",
        examples=[["mail.example.org", "*.mail.example.org"]],
    )
    alpn: Protocols = Field(
        default=(),
        description="protocols of which a client offers at least one; any",
        examples=["h2"],
    )
    pool: PoolName | None = Field(
        default=None,
        description="name of a pool; else the pool of the service",
        examples=["mail"],
    )

    @model_validator(mode="after")
    def _says_something(self) -> RouteSettings:
        if not self.server_name and not self.alpn:
            raise ValueError("a route needs a server_name or alpn; all others go to `otherwise`")
        return self


class PassthroughSettings(Settings):
    """TLS from the client straight to the server; only its ClientHello is read."""

    routes: tuple[RouteSettings, ...] = Field(
        default=(),
        description="pools by server name and protocol",
        examples=[[{"server_name": "mail.example.org", "pool": "mail"}]],
    )
    otherwise: Annotated[PoolName | None, WrapValidator(_or_refuse)] = Field(
        default=None,
        description="refuse, or a pool for all others; else the pool of the service",
        examples=["refuse"],
    )
    max_hello: Annotated[Size, Field(ge=_SMALLEST, le=_LARGEST)] = Field(
        default=_MOST_HELLO, description="longest ClientHello that is read"
    )
    certificates: Never = None
    policy: Never = None
    hsts: Never = None
    require_sni: Never = None
    strict_sni: Never = None
    client_certificates: Never = None
    upstream: Never = None


class Passage:
    """Chooses the pool (contracts.tls.TlsPassage).

    An exact name goes before a wildcard, and that before routes for any name; among routes for
    the same name those with a protocol go before the one without, in their order.

    Args:
        settings: the routes, no two for the same.
    """

    def __init__(self, settings: PassthroughSettings) -> None:
        self.most_hello = settings.max_hello
        otherwise = settings.otherwise
        self._otherwise: str | None = None if otherwise == REFUSE else otherwise or ""
        self._routes: dict[str, list[tuple[frozenset[bytes], str]]] = {}
        for route in settings.routes:
            offered = frozenset(each.encode("ascii") for each in route.alpn)
            for name in route.server_name or (_ANY,):
                self._routes.setdefault(name, []).append((offered, route.pool or ""))
        for found in self._routes.values():
            found.sort(key=lambda each: not each[0])  # stable: the order of the file else

    def pool_for(self, arrival: Arrival) -> str | None:
        """Name of the pool, "" for the service's own, None to refuse."""
        facts = arrival.connection
        for name in _names(facts.server_name):
            for offered, pool in self._routes.get(name, ()):
                if not offered or not offered.isdisjoint(facts.alpn):
                    return pool
        return self._otherwise


class Mode:
    """Passthrough at work for a service (contracts.tls.TlsMode)."""

    client = None
    upstream = None
    chores: tuple[Chore, ...] = ()

    def __init__(self, passage: Passage, describes: str, warnings: tuple[str, ...]) -> None:
        self.passage = passage
        self.describes = describes
        self.warnings = warnings

    def take_over(self, before: TlsMode) -> None:
        """There is nothing to keep: it has neither keys nor sessions."""


def passthrough(settings: PassthroughSettings, surroundings: Surroundings) -> Mode:
    """Make the mode; raises Misfit."""
    if surroundings.mode == "http":
        message = "passthrough sees no requests: the client's TLS goes to the server as it is"
        hint = "say `mode: tcp` for this service, or use offload or reencrypt"
        raise Misfit(message, hint, ("mode",))
    _refuse_doubles(settings)
    routes = len(settings.routes)
    describes = f"passthrough, {routes} route{'' if routes == 1 else 's'}" if routes else ""
    warnings = (*_ports(surroundings), *_unused(settings))
    return Mode(Passage(settings), describes or "passthrough", warnings)


OFFERS: Mapping[str, Offer] = {
    "passthrough": Offer(
        PassthroughSettings, passthrough, "TLS from the client to the server untouched, by SNI"
    ),
}


def _names(server_name: str) -> Iterator[str]:
    """What a route for this name may be called, the nearest first."""
    if server_name:
        yield server_name
        # As in certificates, a wildcard stands for one label (RFC 6125 section 6.4.3).
        yield f"*.{server_name.partition('.')[2]}"
    yield _ANY


def _refuse_doubles(settings: PassthroughSettings) -> None:
    first: dict[tuple[str, str], int] = {}
    for number, route in enumerate(settings.routes):
        for place, name in enumerate(route.server_name or (_ANY,)):
            at = ("server_name", place) if name else ("alpn",)
            for protocol in route.alpn or (_ANY,):
                if (name, protocol) in first:
                    what = " and ".join(filter(None, [name, protocol]))
                    message = f"{what} is in route {first[name, protocol] + 1} of the list already"
                    raise Misfit(message, "remove one of them", ("routes", number, *at))
                first[name, protocol] = number


def _ports(surroundings: Surroundings) -> Iterator[str]:
    for server in surroundings.servers:
        if server.address.port in (80, 8080) and not (server.endpoint or server.local):
            yield (
                f"server {server.name!r} listens on port {server.address.port}, which is usually "
                "plain, but gets the TLS of the clients"
            )


def _unused(settings: PassthroughSettings) -> Iterator[str]:
    if settings.otherwise is not None and all(route.pool for route in settings.routes):
        yield "every route and `otherwise` say where to go: the pool of the service is never used"
