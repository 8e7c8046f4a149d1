"""TLS modes of the box against Python's own ssl, both in memory: no socket's ways in between."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cryptography import x509

from kit.certificates import Issued
from kit.recorders import FACTS
from kit.sockets import socket_pair
from kit.tls import TlsPeer, theirs
from pointsman.contracts import Surroundings
from pointsman.model.address import Address
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer
from pointsman.net.tls_socket import ReadBuffer, TlsError, TlsSocket
from pointsman_ssl.identity import Identity
from pointsman_ssl.store import CertificateStore
from pointsman_ssl.toward_clients import ClientSide
from pointsman_ssl.toward_servers import UpstreamSide

SERVER = RealServer("a", Address("127.0.0.1", 8443))


class Asker:
    """An arrival as a TLS mode sees it."""

    client_ip = "192.0.2.1"

    def __init__(self, sni: str = "", request: RequestHead | None = None) -> None:
        self.connection = FACTS._replace(server_name=sni)
        self.request = request
        self.kept: object = None
        self.memory: dict[object, object] = {}


def identity(leaf: Issued, *chain: Issued, name: str = "") -> Identity:
    """A certificate as the store would hold it."""
    certificates = tuple(issuer.certificate for issuer in chain)
    return Identity(name or leaf.name, leaf.certificate, leaf.key, certificates)


def surroundings(
    identities: Iterable[Identity] = (),
    authorities: Mapping[str, tuple[x509.Certificate, ...]] | None = None,
    *,
    mode: str = "http",
    hosts: tuple[str, ...] = (),
    servers: tuple[RealServer, ...] = (SERVER,),
) -> Surroundings:
    """Where a mode is made."""
    store = CertificateStore(identities, authorities)
    sections = {"certificates": store}
    return Surroundings(
        "pool", mode, service="web", hosts=hosts, servers=servers, sections=sections
    )


class Met(NamedTuple):
    """How a client of ours or theirs was met."""

    ours: Any
    peer: TlsPeer
    failure: str

    def close(self) -> None:
        self.peer.close()
        self.ours.connection._socket.close()


def meet(connection: Any, peer: TlsPeer) -> Met:
    """Shake hands until both are done, or one has failed."""
    tls = TlsSocket(connection, ReadBuffer())
    failure = ""
    for _ in range(100):
        peer.step()
        try:
            done = tls.handshake() == 1
        except (TlsError, OSError) as error:
            failure = str(error)
            peer.step()
            break
        if done and (peer.shaken or peer.broken):
            for _ in range(3):  # alerts and tickets follow
                peer.step()
            break
    return Met(tls, peer, failure)


def client_meets(
    side: ClientSide,
    name: str | None = None,
    context: ssl.SSLContext | None = None,
) -> Met:
    """A client of theirs asks our side for a name."""
    one, two = socket_pair()
    return meet(side.connection(one), TlsPeer(two, context or theirs(), name))


def calls(
    side: UpstreamSide,
    server: ssl.SSLContext,
    *,
    asker: Asker | None = None,
    real: RealServer = SERVER,
) -> tuple[Met, str]:
    """Our side calls a server of theirs; what is wrong with it, or ""."""
    one, two = socket_pair()
    key = side.key(real, asker or Asker())
    met = meet(side.connection(one, real, key), TlsPeer(two, server))
    connection = met.ours.connection
    if met.failure:
        return met, side.failure(connection, met.failure)
    return met, side.trouble(connection, key)


def shown_by(met: Met) -> x509.Certificate:
    """The certificate that a client of theirs was shown."""
    der = met.peer.tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)
