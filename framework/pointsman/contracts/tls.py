"""What a TLS mode hands over: who takes TLS off for clients, and who puts it on for servers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, Protocol

from pointsman.contracts.chores import Chore
from pointsman.contracts.scheduling import Arrival
from pointsman.model.server import RealServer


class TlsFacts(NamedTuple):
    """What the handshake with a client told.

    Attributes:
        server_name: the name it asked for by SNI, lower case, or "".
        lines: ready field lines for the server about the client's certificate, or b"".
        summary: version and cipher for people, such as "TLSv1.3 TLS_AES_256_GCM_SHA384".
        certificate: SHA-256 fingerprint of the certificate that it showed, or b"".
    """

    server_name: str = ""
    lines: bytes = b""
    summary: str = ""
    certificate: bytes = b""


class TlsClientSide(Protocol):
    """Takes TLS off the connections of clients. One object per virtual service.

    What it looks up (certificates, policy) it looks up at each handshake, so that it can be
    replaced while the service runs; connections that are open finish on what they began with.
    """

    @property
    def handshake_timeout(self) -> float:
        """Seconds that a handshake may take."""

    @property
    def most_handshakes(self) -> int:
        """How many may be under way at a time, 0 for no limit."""

    def connection(self, sock: Any) -> Any:
        """A new ``OpenSSL.SSL.Connection`` on a non-blocking socket, in accept state.

        Its callbacks must not raise. The framework reads and writes it, nobody else does.
        """

    def facts(self, connection: Any) -> TlsFacts:
        """What is worth knowing of a connection whose handshake is done."""

    def failure(self, connection: Any, words: str) -> str:
        """Why a handshake failed, in better words than ``words`` if it knows any."""

    def serves(self, server_name: str, host: bytes) -> bool:
        """Whether a request for ``host`` may come by a connection made for ``server_name``.

        False is answered by 421 (RFC 9110 section 15.5.20).
        """

    @property
    def strict(self) -> bool:
        """Whether ``serves`` is to be asked at all."""

    @property
    def response_lines(self) -> bytes:
        """Ready field lines for every response, such as Strict-Transport-Security; or b""."""

    @property
    def own_response_fields(self) -> tuple[bytes, ...]:
        """Names of response fields, lower case, that a server's own must give way to."""

    @property
    def own_request_fields(self) -> tuple[bytes, ...]:
        """Names of request fields, lower case, that a client must not set itself."""


class TlsUpstreamSide(Protocol):
    """Puts TLS on the connections to servers. One object per virtual service."""

    def key(self, server: RealServer, arrival: Arrival) -> Hashable:
        """All that makes two connections to that server differ: SNI, verification, certificate.

        Only a connection of an equal key is reused (DESIGN 5.9).
        """

    def connection(self, sock: Any, server: RealServer, key: Hashable) -> Any:
        """A new ``OpenSSL.SSL.Connection`` on a non-blocking socket, in connect state."""

    def trouble(self, connection: Any, key: Hashable) -> str:
        """After the handshake: "" if this is the server that was meant, else what is wrong."""

    def failure(self, connection: Any, words: str) -> str:
        """Why a handshake failed, in better words than ``words`` if it knows any."""

    def learn(self, connection: Any, key: Hashable) -> None:
        """The first bytes came: the session can be kept, to be resumed by the next connection."""


class TlsPassage(Protocol):
    """Where TLS that is not taken off goes, by what the client's first message asks for."""

    @property
    def most_hello(self) -> int:
        """Length of a ClientHello that is still read, bytes."""

    def pool_for(self, arrival: Arrival) -> str | None:
        """Name of the pool, "" for the service's own; None refuses the client.

        ``arrival.connection`` has the server name and the protocols that the client asks for.
        Only pools that the settings hold as a ``contracts.PoolName`` can be named.
        """


class TlsMode(Protocol):
    """How TLS is treated between client and server. One object per virtual service."""

    @property
    def client(self) -> TlsClientSide | None:
        """Who takes TLS off; None leaves the bytes of the client as they come."""

    @property
    def upstream(self) -> TlsUpstreamSide | None:
        """Who puts TLS on; None sends plain bytes, or in passthrough those of the client."""

    @property
    def passage(self) -> TlsPassage | None:
        """Where the client's TLS goes untouched; both sides are then None. Else None."""

    @property
    def describes(self) -> str:
        """The mode in a few words, such as "reencrypt, verify: none"."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works but is hardly meant or is dangerous, one sentence each."""

    @property
    def chores(self) -> Sequence[Chore]:
        """What is to be done beside the traffic while it is in service; it may change."""

    def take_over(self, before: TlsMode) -> None:
        """On reload: take from the mode that this one replaces what may stay, if anything.

        What did not change should go on as it was: sessions and their tickets, a temporary
        certificate. ``before`` may be of another plugin or mode, and it goes on unharmed if the
        reload fails after all.
        """
