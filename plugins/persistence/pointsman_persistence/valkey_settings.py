"""The settings of a ``valkey`` table, and how its server is reached with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from pointsman.contracts import Duration, Misfit, Offer, SecretSetting, Settings, Surroundings
from pointsman.model.address import Address
from pointsman_persistence.valkey_copy import Links
from pointsman_persistence.valkey_link import Greeting, Owner, ValkeyLink
from pointsman_persistence.valkey_table import ValkeyTable
from pointsman_persistence.valkey_values import ValkeyValues
from pointsman_persistence.valkey_words import command

PORT = 6379
# Seconds until a server that does not answer the phone is given up for this time.
CONNECT = 5.0

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def _server(text: str) -> str:
    address = Address.parse(text)
    if not address.path and not address.port:
        raise ValueError(f"expected a port, such as {text.rstrip(':0')}:{PORT}")
    return text


class ValkeyTableSettings(Settings):
    """Where the server is, who we are there, and how much and how long is remembered.

    Attributes:
        server: host:port or unix:/path of a Valkey or Redis server.
        tls: whether it is spoken to through TLS; its certificate is verified.
        ca: file of the certificates (PEM) that are believed, instead of the system's.
        tls_name: name that its certificate must have; the host of ``server`` if not given.
        user: of the server's access list; "" for its default user.
        password: of that user.
        database: number of the database.
        prefix: what our keys and channels begin with, so that several sites can share a server.
        size: pins in memory at most, about 250 bytes each; the least recently used makes room.
        timeout: seconds since its last use until a pin is forgotten; set by the persistence.
        max_age: seconds since it was made, likewise; None for no such end.
    """

    server: Annotated[str, AfterValidator(_server)] = Field(examples=["cache.example.org:6380"])
    tls: bool = False
    ca: str = Field(default="", examples=["certs/cache-root.pem"])
    tls_name: str = Field(default="", examples=["cache.example.org"])
    user: str = Field(default="", examples=["pointsman"])
    password: SecretSetting | None = None
    database: int = Field(default=0, ge=0, examples=[3])
    prefix: str = Field(default="pointsman", min_length=1, max_length=100, pattern=r"^[!-9;-~]+$")
    size: int = Field(default=1_000_000, ge=1)
    timeout: Duration = Field(gt=0)
    max_age: Duration | None = Field(default=None, gt=0)


def make(settings: ValkeyTableSettings, surroundings: Surroundings) -> ValkeyTable:
    """A table for one pool; nothing is connected yet.

    Raises:
        Misfit: options that do not go together, or a file that cannot be used.
        ValueError: the password cannot be had.
    """
    return ValkeyTable(
        surroundings.pool,
        settings.prefix,
        _links(settings, surroundings.folder(("persistence", "table"))),
        settings.size,
        settings.timeout,
        settings.max_age,
        settings.database,
    )


def make_values(settings: ValkeyTableSettings, surroundings: Surroundings) -> ValkeyValues:
    """Values of one name; nothing is connected yet. Raises as ``make`` does."""
    return ValkeyValues(
        surroundings.pool,
        settings.prefix,
        _links(settings, surroundings.folder(("table",))),
        settings.size,
        settings.database,
    )


def _links(settings: ValkeyTableSettings, folder: Path) -> Links:
    for option in ("ca", "tls_name"):
        if getattr(settings, option) and not settings.tls:
            raise Misfit(f"{option} is for TLS", "set `tls: true`, or leave it out", [option])
    if settings.user and settings.password is None:
        raise Misfit("a user needs a password", "give `password: {env: NAME}`", ["user"])
    if settings.password is not None:
        settings.password.reveal(folder)
    trusted = _trusted(folder / settings.ca) if settings.ca else None
    return partial(_link, settings, folder, trusted)


def _trusted(path: Path) -> Any:
    try:
        found = [Certificate.loadPEM(pem) for pem in _CERTIFICATE.findall(path.read_bytes())]
    except OSError as error:
        raise Misfit(f"{path}: {error.strerror}", at=["ca"]) from None
    except Exception:  # whatever OpenSSL thinks of it
        found = []
    if not found:
        raise Misfit(f"{path} holds no certificate that can be read", "it must be PEM", ["ca"])
    return trustRootFromCertificates(found)


def _link(
    settings: ValkeyTableSettings,
    folder: Path,
    trusted: Any,
    reactor: Any,
    greeting: Callable[[], Sequence[Greeting]],
    owner: Owner,
) -> ValkeyLink:
    def whole_greeting() -> Sequence[Greeting]:
        hello: list[bytes] = [b"HELLO", b"3"]
        if settings.password is not None:
            password = settings.password.reveal(folder).encode()
            hello += [b"AUTH", settings.user.encode() or b"default", password]
        select = [(command(b"SELECT", settings.database), True)] if settings.database else []
        return [(command(*hello), True), *select, *greeting()]

    return ValkeyLink(reactor, _endpoint(settings, trusted, reactor), whole_greeting, owner)


def _endpoint(settings: ValkeyTableSettings, trusted: Any, reactor: Any) -> IStreamClientEndpoint:
    address = Address.parse(settings.server)
    endpoint: Any
    if address.path:
        endpoint = UNIXClientEndpoint(reactor, address.path, CONNECT)
    else:
        endpoint = HostnameEndpoint(reactor, address.host, address.port, CONNECT)
    if settings.tls:
        name = settings.tls_name or address.host or "localhost"
        options = optionsForClientTLS(name, trustRoot=trusted or platformTrust())
        endpoint = _TlsEndpoint(options, endpoint, reactor)
    made: IStreamClientEndpoint = endpoint
    return made


@implementer(IStreamClientEndpoint)
class _TlsEndpoint:
    """TLS on top of another endpoint, with the reactor that was given.

    Twisted's own ``wrapClientTLS`` takes its timers from the global reactor.
    """

    def __init__(self, options: Any, inner: Any, reactor: Any) -> None:
        self._options = options
        self._inner = inner
        self._reactor = reactor

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect, and give the protocol inside of TLS."""
        wrapped = TLSMemoryBIOFactory(self._options, True, factory, self._reactor)
        connected: Deferred[Any] = self._inner.connect(wrapped)
        return connected.addCallback(lambda outer: outer.wrappedProtocol)


OFFER = Offer(
    ValkeyTableSettings,
    make,
    "Pins or values that many machines share by a Valkey or Redis server.",
    values=make_values,
)
