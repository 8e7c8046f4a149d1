"""What is known of a client connection before it says anything."""

from __future__ import annotations

from typing import NamedTuple


class ConnectionFacts(NamedTuple):
    """The fixed facts of one client connection; shared by all its exchanges.

    Attributes:
        peer_ip: address the connection came from, as text; "" for unix sockets.
        peer_port: its port, 0 for unix sockets.
        local_ip: address it arrived at.
        local_port: port it arrived at.
        secure: whether TLS was taken off this connection by us.
        server_name: the name the client asked for by SNI (RFC 6066 section 3), or "".
        alpn: protocols it offered (RFC 7301), best first, if its TLS passes through us.
        session_id: of the TLS session that it wants to resume, likewise; b"" for none, and where
            it offers TLS 1.3, in which such an id means nothing.
        client_certificate: SHA-256 fingerprint of the certificate that it showed us, or b"".
        first_bytes: what it said first, in tcp mode, if the persistence wants to know.
    """

    peer_ip: str
    peer_port: int
    local_ip: str
    local_port: int
    secure: bool = False
    server_name: str = ""
    alpn: tuple[bytes, ...] = ()
    session_id: bytes = b""
    client_certificate: bytes = b""
    first_bytes: bytes = b""
