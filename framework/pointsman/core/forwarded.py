"""Telling the real server about the client: X-Forwarded-*, Forwarded (RFC 7239) and Via."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from pointsman.core.http1 import fields as f
from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead
from pointsman.model.service import Forwarding, Network

# An address of X-Forwarded-For; some proxies write the port as well.
_HOP: Final = re.compile(rb"([0-9.]+)(?::[0-9]+)?|\[([0-9a-f:.]+)\](?::[0-9]+)?|([0-9a-f:.]+)")

# Nobody stands behind more proxies; looking at thousands would cost more than all the rest.
_MOST_HOPS: Final = 64


class AboutClient:
    """The lines about one client connection; what can be is put together once per connection.

    Attributes:
        trusted: whether the peer is a proxy whose own fields are believed.
        replaced: bits of the fields that the client's request loses.
    """

    __slots__ = (
        "_connection",
        "_forwarding",
        "_last_host",
        "_last_lines",
        "replaced",
        "trusted",
    )

    def __init__(self, forwarding: Forwarding, connection: ConnectionFacts) -> None:
        self._forwarding = forwarding
        self._connection = connection
        self.trusted = bool(forwarding.trusted) and _is_in(connection.peer_ip, forwarding.trusted)
        # What an untrusted client says about itself never reaches the server, even when we add
        # no such field ourselves: the server could believe it.
        self.replaced = 0 if self.trusted else f.ABOUT_CLIENT
        if self.trusted and forwarding.x_forwarded:
            self.replaced |= f.X_FORWARDED_FOR
        if self.trusted and forwarding.forwarded:
            self.replaced |= f.FORWARDED
        self._last_host: bytes | None = None
        self._last_lines = b""

    def lines(self, head: RequestHead) -> bytes:
        """The ready field lines for this request."""
        if self.trusted:
            return self._appended_lines(head)
        # Nearly all requests of a connection go to one host; then there is nothing to do.
        if head.host != self._last_host:
            self._last_host = head.host
            self._last_lines = self._lines_about(head.host)
        return self._last_lines

    def _lines_about(self, host: bytes) -> bytes:
        forwarding = self._forwarding
        lines = self._fixed_lines()
        if host:
            if forwarding.x_forwarded:
                lines = b"X-Forwarded-Host: %b\r\n%b" % (host, lines)
            if forwarding.forwarded:
                lines += b"Forwarded: %b;host=%b\r\n" % (self._element(), _quoted(host))
            return lines
        if forwarding.forwarded:
            lines += b"Forwarded: %b\r\n" % self._element()
        return self._host_line() + lines

    def client_ip(self, head: RequestHead) -> str:
        """The client's address: the last hop of X-Forwarded-For that is not a trusted proxy."""
        if not self.trusted or not head.seen & f.X_FORWARDED_FOR:
            return self._connection.peer_ip
        found = self._connection.peer_ip
        hops = f.tokens(head.headers.get_all(b"x-forwarded-for"))
        for hop in reversed(hops[-_MOST_HOPS:]):
            match = _HOP.fullmatch(hop)
            if match is None:
                break  # not an address: nothing before it can be believed
            try:
                found = str(
                    ipaddress.ip_address((match[1] or match[2] or match[3]).decode("ascii"))
                )
            except ValueError:
                break
            if not _is_in(found, self._forwarding.trusted):
                break
        return found

    def _fixed_lines(self) -> bytes:
        connection = self._connection
        lines = b""
        if self._forwarding.x_forwarded:
            if connection.peer_ip:
                lines += b"X-Forwarded-For: %b\r\n" % connection.peer_ip.encode("ascii")
            lines += b"X-Forwarded-Proto: %b\r\n" % self._scheme()
            if connection.local_port:
                lines += b"X-Forwarded-Port: %d\r\n" % connection.local_port
        return lines + self._via()

    def _appended_lines(self, head: RequestHead) -> bytes:
        forwarding, connection, headers = self._forwarding, self._connection, head.headers
        lines = b"" if head.host else self._host_line()
        peer = connection.peer_ip.encode("ascii")
        if forwarding.x_forwarded:
            chain = [*headers.get_all(b"x-forwarded-for"), peer]
            lines += b"X-Forwarded-For: %b\r\n" % b", ".join(chain)
            if not head.seen & f.X_FORWARDED_PROTO:
                lines += b"X-Forwarded-Proto: %b\r\n" % self._scheme()
            if not head.seen & f.X_FORWARDED_PORT:
                lines += b"X-Forwarded-Port: %d\r\n" % connection.local_port
            if not head.seen & f.X_FORWARDED_HOST and head.host:
                lines += b"X-Forwarded-Host: %b\r\n" % head.host
        if forwarding.forwarded:
            element = self._element() + (b";host=" + _quoted(head.host) if head.host else b"")
            lines += b"Forwarded: %b\r\n" % b", ".join([*headers.get_all(b"forwarded"), element])
        return lines + self._via()

    def _host_line(self) -> bytes:
        """Where the client has connected to: for HTTP/1.0, which may leave Host out.

        An HTTP/1.1 request may not, and servers refuse an empty one (RFC 9112 section 3.3).
        """
        connection = self._connection
        if not connection.local_ip:
            return b"Host: localhost\r\n"
        host = f"[{connection.local_ip}]" if ":" in connection.local_ip else connection.local_ip
        usual = connection.local_port == (443 if connection.secure else 80)
        text = host if usual else f"{host}:{connection.local_port}"
        return b"Host: %b\r\n" % text.encode("ascii")

    def _element(self) -> bytes:
        peer = self._connection.peer_ip
        # RFC 7239 section 6: an IPv6 address is bracketed and therefore quoted.
        node = f'"[{peer}]"' if ":" in peer else peer or "unknown"
        return b"for=%b;proto=%b" % (node.encode("ascii"), self._scheme())

    def _scheme(self) -> bytes:
        return b"https" if self._connection.secure else b"http"

    def _via(self) -> bytes:
        return b"Via: 1.1 %b\r\n" % self._forwarding.via if self._forwarding.via else b""


def _quoted(host: bytes) -> bytes:
    return host if host.replace(b".", b"").replace(b"-", b"").isalnum() else b'"%b"' % host


def _is_in(ip: str, networks: tuple[Network, ...]) -> bool:
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
