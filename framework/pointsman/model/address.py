"""Where something listens or is reached: host and port, or a path in the file system."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Address:
    """One place to listen on or to connect to.

    Either ``host`` and ``port`` are set, or ``path`` (a unix socket), never both.

    Attributes:
        host: IPv4 or IPv6 literal without brackets, or a name to be resolved.
        port: 0..65535; 0 asks the kernel for a free one when listening.
        path: absolute path of a unix stream socket, or "" for host and port.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``host:port``, ``[v6]:port``, ``*:port`` or ``unix:/path``.

        Raises:
            ValueError: with a sentence that says what is wrong and what would be right.
        """
        if text.startswith("unix:"):
            path = text.removeprefix("unix:")
            if not path.startswith("/"):
                raise ValueError(
                    f"unix socket path must be absolute, like unix:/run/app.sock, got {text!r}"
                )
            return cls(path=path)
        host, colon, port_text = text.rpartition(":")
        if not colon or not host:
            raise ValueError(f"expected host:port, [v6]:port or unix:/path, got {text!r}")
        if host.startswith("[") or host.endswith("]"):
            host = _bracketed(host, text)
        elif ":" in host:
            raise ValueError(f"an IPv6 address needs brackets: [{host}]:{port_text}")
        elif host != "*":
            host = _checked_host(host, text)
        return cls(host="" if host == "*" else host, port=_checked_port(port_text))

    @property
    def ip(self) -> IPAddress | None:
        """The host as an IP address, or None for a name, a wildcard or a unix path."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def is_name(self) -> bool:
        """Whether the host is a name that has to be resolved before it can be reached."""
        return bool(self.host) and self.ip is None

    def with_port(self, port: int) -> Address:
        """The same host on another port (0..65535)."""
        return Address(host=self.host, port=port)

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


def _bracketed(host: str, text: str) -> str:
    inner = host[1:-1]
    if not (host.startswith("[") and host.endswith("]")):
        raise ValueError(
            f"unbalanced brackets in {text!r}; an IPv6 address is written [2001:db8::1]:443"
        )
    try:
        return str(ipaddress.IPv6Address(inner))
    except ValueError:
        raise ValueError(f"{inner!r} is not an IPv6 address") from None


def _checked_host(host: str, text: str) -> str:
    labels = host.rstrip(".").split(".")
    if all(label.isdigit() for label in labels):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise ValueError(f"{host!r} is not an IPv4 address") from None
    for label in labels:
        # RFC 1123 section 2.1; underscores are common in container networks.
        bare = label.replace("-", "").replace("_", "")
        if not label or len(label) > 63 or not (bare.isalnum() and bare.isascii()):
            raise ValueError(f"{host!r} is not a host name or IP address (in {text!r})")
    return host


def _checked_port(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"port must be a number from 0 to 65535, got {text!r}")
    port = int(text)
    if port > 65535:
        raise ValueError(f"port must be a number from 0 to 65535, got {text}")
    return port
