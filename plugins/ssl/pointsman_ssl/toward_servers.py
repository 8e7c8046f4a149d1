"""The side toward servers: their certificates are verified, our own is shown, sessions resumed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography import x509
from OpenSSL import SSL

from pointsman.contracts import Arrival
from pointsman.model.server import RealServer
from pointsman_ssl.identity import Identity
from pointsman_ssl.policy import Policy
from pointsman_ssl.system_roots import system_stamp
from pointsman_ssl.toward_clients import show
from pointsman_ssl.verifying import name_trouble, noted, noting_verify, pin_of, trust

_MOST_SESSIONS = 1024


@dataclass(frozen=True, slots=True)
class Verification:
    """How the certificate of a server is judged.

    Attributes:
        chain: whether its chain must end at somebody we trust.
        authorities: whom we trust; None for those of the system.
        name: the name it must be for, "" for the name that is asked for, else the server's own.
        pins: SHA-256 of public keys (SPKI) of which it must have one; empty for any.
    """

    chain: bool = True
    authorities: tuple[x509.Certificate, ...] | None = None
    name: str = ""
    pins: frozenset[str] = frozenset()

    @property
    def trusts_system(self) -> bool:
        """Whether it is the roots of the system that are trusted."""
        return self.chain and self.authorities is None


class Calling(NamedTuple):
    """All that makes two TLS connections to one server differ.

    Attributes:
        sni: the name that is asked for, "" for none.
        name: the name its certificate must be for, "" for any.
        turn: which verification and client certificate: another object when they are replaced.
    """

    sni: str
    name: str
    turn: object


class UpstreamSide:
    """Puts TLS on for one virtual service (contracts.tls.TlsUpstreamSide).

    Args:
        policy: what is allowed; it is not that of the side toward clients.
        verification: how servers are judged.
        sni: "host" for the Host of the request, "client" for what the client asked for, "none",
            "auto" for the name that is verified, else a fixed name.
        identity: shown to servers that want a client certificate.
        alpn: protocols offered; none for raw TCP.

    Raises:
        ValueError: OpenSSL does not take the certificate, its key or the policy.
    """

    def __init__(
        self,
        policy: Policy,
        verification: Verification,
        *,
        sni: str = "auto",
        identity: Identity | None = None,
        alpn: tuple[bytes, ...] = (),
    ) -> None:
        self._verification = verification
        self._sni = sni
        self._turn = object()
        self._sessions: dict[tuple[str, Calling], SSL.Session] = {}
        self._context = self._made(policy, verification, identity, alpn)
        self._policy = policy
        self._alpn = alpn
        self._identity = identity
        self._roots = system_stamp() if verification.trusts_system else ()

    def replace(self, verification: Verification, identity: Identity | None) -> None:
        """Judge differently, or show another certificate, from the next connection on.

        Raises:
            ValueError: OpenSSL does not take it; then nothing changes.
        """
        self._context = self._made(self._policy, verification, identity, self._alpn)
        self._verification = verification
        self._identity = identity
        self._turn = object()  # idle connections of before have another key, and grow old unused
        self._sessions = {}

    def renewed(self, identity: Identity) -> None:
        """Show this certificate if it has the name of ours; raises ValueError as ``replace``."""
        if self._identity is not None and self._identity.name == identity.name:
            self.replace(self._verification, identity)

    def take_over(self, before: UpstreamSide) -> None:
        """Go on with the context of another one where nothing has changed.

        Its sessions, and the keys of connections that wait to be used again, are then good still.
        """
        if (
            self._policy == before._policy
            and self._alpn == before._alpn
            and self._verification == before._verification
            and self._identity == before._identity
            and self._roots == before._roots
        ):
            self._context, self._turn = before._context, before._turn
            self._sessions = before._sessions

    def _made(
        self,
        policy: Policy,
        verification: Verification,
        identity: Identity | None,
        alpn: tuple[bytes, ...],
    ) -> SSL.Context:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        policy.apply(context)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # kept here, by what they are for
        if alpn:
            context.set_alpn_protos(list(alpn))
        if identity is not None:
            show(context, identity)
        if verification.chain:
            if verification.authorities is None:
                context.set_default_verify_paths()
            else:
                trust(context, verification.authorities)
            context.set_verify(SSL.VERIFY_PEER, noting_verify)
        return context

    # ---- what the framework asks ----

    def key(self, server: RealServer, arrival: Arrival) -> Hashable:
        """SNI, name and what they are judged by."""
        fixed = self._verification.name
        sni = self._sni
        if sni == "auto":
            sni = fixed or server.address.host
        elif sni == "host":
            request = arrival.request
            sni = _host_name(request.host) if request is not None else ""
        elif sni == "client":
            sni = arrival.connection.server_name
        elif sni == "none":
            sni = ""
        name = ""
        if self._verification.chain:
            name = fixed or sni or server.address.host
        return Calling(sni if _is_dns(sni) else "", name, self._turn)

    def connection(self, sock: Any, server: RealServer, key: Hashable) -> SSL.Connection:
        """A new connection in connect state, with an earlier session if there is one."""
        assert isinstance(key, Calling)
        connection = SSL.Connection(self._context, sock)
        connection.set_connect_state()
        if key.sni:
            connection.set_tlsext_host_name(key.sni.encode("ascii"))
        place = (server.place, key)
        session = self._sessions.get(place)
        if session is not None:
            connection.set_session(session)
        connection.set_app_data(place)
        return connection

    def trouble(self, connection: Any, key: Hashable) -> str:
        """Whether this is the server that was meant: its name, and its key if that is pinned."""
        assert isinstance(key, Calling)
        pins = self._verification.pins
        if not key.name and not pins:
            return ""
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return "the server has shown no certificate"
        if pins and pin_of(certificate) not in pins:
            return (
                f"the public key of the server is not among those pinned, but {pin_of(certificate)}"
            )
        return name_trouble(certificate, key.name) if key.name else ""

    def failure(self, connection: Any, words: str) -> str:
        """Why a handshake failed: what is wrong with the certificate says more than an alert."""
        found = noted(connection)
        return f"its certificate is not trusted: {found}" if found else words

    def learn(self, connection: Any, key: Hashable) -> None:
        """Keep the session for the next connection to the same server under the same key."""
        place = connection.get_app_data()
        session = connection.get_session()
        if session is None or connection.get_context() is not self._context:
            return
        if len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.clear()
        self._sessions[place] = session


def _host_name(host: bytes) -> str:
    name = host.decode("latin-1").lower()
    return "" if name.startswith("[") else name.partition(":")[0].rstrip(".")


def _is_dns(name: str) -> bool:
    """Whether this can be asked for by SNI: a host name, no address (RFC 6066 section 3)."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return (
        bool(plain)
        and name.isascii()
        and plain.isalnum()
        and not plain.isdigit()
        and (len(name) <= 253)
    )
