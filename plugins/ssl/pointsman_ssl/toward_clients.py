"""The side toward clients: which certificate is shown to whom, replaced while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from OpenSSL import SSL

from pointsman.contracts.tls import TlsFacts
from pointsman_ssl.client_certificates import ClientCertificates
from pointsman_ssl.identity import Identity
from pointsman_ssl.policy import Policy
from pointsman_ssl.stapling import Stapling
from pointsman_ssl.store import SniChoice
from pointsman_ssl.verifying import noted

# Session tickets are sealed with a key of the context. pyOpenSSL gives no hand on these keys, so
# a new context is a new key: nobody who finds one can open more than this much of the past.
TICKET_KEY_SECONDS = 12 * 3600.0
_SESSION_SECONDS = 2 * 3600
_SESSION_ID = b"pointsman"


class Showing:
    """All contexts for one set of certificates; never changed, only replaced as a whole.

    Args:
        choice: the certificates, at least one.
        policy: what is allowed.
        alpn: protocols that the service speaks, the preferred first; none for raw TCP.
        demand: whether clients show certificates.
        require_sni: refuse clients that ask for a name we have no certificate for, or for none.

    Raises:
        ValueError: OpenSSL does not take a certificate, a key or the policy.
    """

    def __init__(
        self,
        choice: SniChoice,
        policy: Policy,
        alpn: tuple[bytes, ...],
        demand: ClientCertificates,
        require_sni: bool,
    ) -> None:
        default = choice.default
        if default is None:
            raise ValueError("a service with TLS needs at least one certificate")
        self.choice = choice
        self._policy = policy
        self._alpn = alpn
        self._demand = demand
        # Sessions and tickets belong to the context that a connection begins with: this one.
        self.front = self._context(default)
        if require_sni or len(choice.identities) > 1:
            others = {
                id(identity): self._context(identity)
                for identity in choice.identities
                if identity is not default
            }
            refusing = self._context(None) if require_sni else None
            self.front.set_tlsext_servername_callback(_chooser(choice, others, refusing))

    def _context(self, identity: Identity | None) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self._policy.apply(context)
        context.set_session_id(_SESSION_ID)
        context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
        context.set_timeout(_SESSION_SECONDS)
        if self._alpn:
            context.set_alpn_select_callback(_speaks(self._alpn))
        if identity is not None:
            show(context, identity)
            self._demand.demand(context)
            if identity.stapling is not None:
                context.set_ocsp_server_callback(_staple, identity.stapling)
        return context


# What OpenSSL calls keeps nothing alive that keeps its context: else each set of certificates
# that was replaced would wait for the garbage collector, with all that OpenSSL holds for it.


def _chooser(
    choice: SniChoice, others: Mapping[int, SSL.Context], refusing: SSL.Context | None
) -> Callable[[SSL.Connection], None]:
    """What gives a connection the context of the certificate that it asks for.

    Args:
        choice: the certificates.
        others: context of each identity but the one that is in front already.
        refusing: context of who asks for none of them; None leaves the one in front.
    """

    def chosen(connection: SSL.Connection) -> None:
        """OpenSSL asks, in the middle of a handshake; a client without SNI asks as well."""
        asked = _server_name(connection)
        identity = choice.find(asked) if asked else None
        if identity is not None:
            context = others.get(id(identity))
            if context is not None:
                connection.set_context(context)
        elif refusing is not None:
            # A context without a certificate finds nothing that both sides allow.
            words = f"there is no certificate for {asked!r}" if asked else "SNI is required"
            connection.set_app_data(words)
            connection.set_context(refusing)

    return chosen


def _speaks(protocols: tuple[bytes, ...]) -> Callable[[SSL.Connection, list[bytes]], Any]:
    """What chooses among the protocols that a client offers (ALPN)."""

    def protocol(connection: SSL.Connection, offered: list[bytes]) -> Any:
        return next((ours for ours in protocols if ours in offered), SSL.NO_OVERLAPPING_PROTOCOLS)

    return protocol


def _staple(connection: SSL.Connection, stapling: Stapling | None) -> bytes:
    """OpenSSL asks for it where the client wants it; empty is none."""
    return stapling.response if stapling is not None else b""


def show(context: SSL.Context, identity: Identity) -> None:
    """Give a context a certificate with its chain and key; raises ValueError."""
    try:
        context.use_certificate(identity.leaf)
        for certificate in identity.chain:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(identity.key)
        context.check_privatekey()
    except SSL.Error as error:
        told = "; ".join(reason for *_, reason in error.args[0]) if error.args else "no reason"
        raise ValueError(
            f"OpenSSL does not take the certificate {identity.name!r}: {told}"
        ) from None


class ClientSide:
    """Takes TLS off for one virtual service (contracts.tls.TlsClientSide).

    Args:
        identities: what it shows, the default first.
        policy, alpn, demand, require_sni: as of Showing.
        strict: answer 421 to a Host that the certificate chosen by SNI is not for.
        response_lines: ready field lines for every response.
        handshake_timeout: seconds.
        most_handshakes: under way at a time, 0 for no limit.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        identities: Iterable[Identity],
        policy: Policy,
        *,
        alpn: tuple[bytes, ...],
        demand: ClientCertificates,
        require_sni: bool = False,
        strict: bool = False,
        response_lines: bytes = b"",
        handshake_timeout: float = 10.0,
        most_handshakes: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._alpn = alpn
        self._demand = demand
        self._require_sni = require_sni
        self._clock = clock
        self._fresh_until = 0.0
        self._contexts = self._made(identities)
        self.strict = strict
        self.response_lines = response_lines
        self.own_response_fields: tuple[bytes, ...] = (
            (b"strict-transport-security",) if response_lines else ()
        )
        self.own_request_fields = demand.fields
        self.handshake_timeout = handshake_timeout
        self.most_handshakes = most_handshakes

    @property
    def identities(self) -> tuple[Identity, ...]:
        """What is shown now, the default first."""
        return self._contexts.choice.identities

    def renewed(self, identity: Identity) -> None:
        """Show this one in the place of that of the same name; raises ValueError as ``replace``."""
        now = self.identities
        self.replace([identity if one.name == identity.name else one for one in now])

    def take_over(self, before: ClientSide) -> None:
        """Go on with the contexts of another one where nothing has changed.

        Sessions and tickets then go on as well, and so does a temporary certificate.
        """
        if self._same_as(before):
            self._contexts, self._fresh_until = before._contexts, before._fresh_until
            return
        old = {one.name: one.stapling for one in before.identities}
        for one in self.identities:
            answered = old.get(one.name)
            if one.stapling is not None and answered is not None:
                one.stapling.take_over(answered)

    def _same_as(self, before: ClientSide) -> bool:
        return (
            self._policy == before._policy
            and self._alpn == before._alpn
            and self._require_sni == before._require_sni
            and self._demand == before._demand
            and len(self.identities) == len(before.identities)
            and all(map(_alike, self.identities, before.identities))
        )

    def replace(self, identities: Iterable[Identity]) -> None:
        """Show others from the next handshake on; connections that are open are not touched.

        Raises:
            ValueError: OpenSSL does not take one of them; then nothing changes.
        """
        self._contexts = self._made(identities)

    def _made(self, identities: Iterable[Identity]) -> Showing:
        self._fresh_until = self._clock() + TICKET_KEY_SECONDS
        choice = SniChoice(identities)
        return Showing(choice, self._policy, self._alpn, self._demand, self._require_sni)

    # ---- what the framework asks ----

    def connection(self, sock: Any) -> SSL.Connection:
        """A new connection in accept state, on the contexts of this moment."""
        if self._clock() >= self._fresh_until:
            self._contexts = self._made(self.identities)
        connection = SSL.Connection(self._contexts.front, sock)
        connection.set_accept_state()
        return connection

    def facts(self, connection: Any) -> TlsFacts:
        """What is worth knowing once the handshake is done."""
        demand = self._demand
        return TlsFacts(
            _server_name(connection),
            demand.lines(connection),
            certificate=demand.shown(connection),
        )

    def failure(self, connection: Any, words: str) -> str:
        """Why a handshake failed."""
        return noted(connection) or words

    def serves(self, server_name: str, host: bytes) -> bool:
        """Whether the certificate that was shown for ``server_name`` is for ``host`` as well."""
        name = _without_port(host.decode("latin-1"))
        if not name or name == server_name:
            return True
        choice = self._contexts.choice
        shown = choice.find(server_name) or choice.default
        if shown is None:
            return False
        return SniChoice([shown]).find(name) is not None or name in map(str, shown.addresses)


def _alike(one: Identity, other: Identity) -> bool:
    """Whether two certificates are one and the same, or temporary ones for the same."""
    if one.temporary and other.temporary:
        names = [(each.name, each.dns_names, each.addresses) for each in (one, other)]
        return names[0] == names[1] and other.days_left(datetime.now(UTC)) > 0
    answers = [each.stapling.source if each.stapling else None for each in (one, other)]
    return one == other and answers[0] == answers[1]


def _server_name(connection: Any) -> str:
    name = connection.get_servername()
    return name.decode("latin-1").lower() if name else ""


def _without_port(host: str) -> str:
    name = host.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")
