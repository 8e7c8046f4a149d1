"""Where the site stands: addresses and ports on loopback, the article's own if they can be had."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

# What the article uses, for those who may open ports below 1024.
POOL_HTTPS_PORT, POOL_HTTP_PORT, EXT_HTTPS_PORT, EXT_HTTP_PORT = 443, 80, 4443, 8080

# Added to them otherwise; all below the ports that the kernel gives to clients.
OFFSETS = (10000, 20000)
# Every address of 127/8 is ours on Linux: another network of it for each site.
_ATTEMPTS = 50


@dataclass(frozen=True)
class Places:
    """Addresses and ports of the site, all on loopback.

    Attributes:
        offset: added to every port; 0 are the article's own.
        pool: address of the web pool, where clients inside arrive.
        ext: address where the reverse proxy arrives.
        front_ends: name of each front end -> its address.
    """

    offset: int = 0
    pool: str = "127.0.0.44"
    ext: str = "127.0.0.45"
    front_ends: Mapping[str, str] = field(
        default_factory=lambda: {"fe1": "127.0.0.41", "fe2": "127.0.0.42"}
    )

    @classmethod
    def within(cls, network: str, offset: int) -> Places:
        """The same last numbers in another network, such as "127.70.3"."""
        front_ends = {"fe1": f"{network}.41", "fe2": f"{network}.42"}
        return cls(offset, f"{network}.44", f"{network}.45", front_ends)

    def port(self, port: int) -> int:
        """One of the article's ports, moved."""
        return port + self.offset

    @property
    def clear(self) -> tuple[int, ...]:
        """The ports for plain HTTP."""
        return self.port(POOL_HTTP_PORT), self.port(EXT_HTTP_PORT)

    @property
    def secure(self) -> tuple[int, ...]:
        """The ports for HTTPS."""
        return self.port(POOL_HTTPS_PORT), self.port(EXT_HTTPS_PORT)

    @property
    def all(self) -> tuple[tuple[str, int], ...]:
        """Every address and port that somebody will listen on."""
        services = [(self.pool, self.port(port)) for port in (POOL_HTTPS_PORT, POOL_HTTP_PORT)]
        services += [(self.ext, self.port(port)) for port in (EXT_HTTPS_PORT, EXT_HTTP_PORT)]
        ports = (*self.clear, *self.secure)
        servers = [(host, port) for host in self.front_ends.values() for port in ports]
        return (*services, *servers)

    @property
    def free(self) -> bool:
        """Whether all of them can be listened on by us, now."""
        with contextlib.ExitStack() as stack:
            try:
                for place in self.all:
                    listening = stack.enter_context(socket.socket())
                    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listening.bind(place)
                    listening.listen(1)
            except OSError:
                return False
        return True


def free_places(random: Random, *, private: bool = False) -> Iterator[Places]:
    """Places that are free, the best first; somebody else may take them in the meantime.

    Args:
        random: for networks of our own.
        private: only such, where nobody else will be.
    """
    known = () if private else (Places(), *map(Places, OFFSETS))
    for places in known:
        if places.free:
            yield places
    for _ in range(_ATTEMPTS):
        network = f"127.{random.randrange(64, 128)}.{random.randrange(256)}"
        places = Places.within(network, OFFSETS[0])
        if places.free:
            yield places
