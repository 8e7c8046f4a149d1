"""Which transport the probes of a check need: asked once per server, not per probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pointsman.contracts import (
    CheckOver,
    HealthCheck,
    Over,
    OverCommand,
    OverDatagrams,
    OverPing,
    OverTls,
)
from pointsman.core.deadlines import Deadlines
from pointsman.model.server import RealServer
from pointsman.net.attempt import Opener
from pointsman.net.dial import Dialler
from pointsman.net.probe_command import CommandTransport
from pointsman.net.probe_datagram import DatagramTransport, PingTransport
from pointsman.net.probe_stream import Dial, StreamTransport, TlsDialling

Addresses = Callable[[str], Sequence[str]]


class ProbeTransports:
    """Makes transports for all checks.

    Args:
        reactor: IReactorFDSet and IReactorTime.
        dial: opens a plain stream to a server; ``Dialler.dial`` in the program.
        addresses: what a host name stands for now.
        tls: dials with TLS.
    """

    def __init__(
        self, reactor: Any, dial: Dial, addresses: Addresses, tls: TlsDialling | None = None
    ) -> None:
        self._reactor = reactor
        self._dial = dial
        self._addresses = addresses
        self._tls = tls

    @classmethod
    def of(
        cls, reactor: Any, dialler: Dialler, deadlines: Deadlines, addresses: Addresses
    ) -> ProbeTransports:
        """Those of a running program."""
        return cls(reactor, dialler.dial, addresses, TlsDialling(dialler, reactor, deadlines))

    def opener(self, check: HealthCheck, server: RealServer) -> Opener:
        """What makes the transport of each probe of that server.

        Raises:
            ValueError: there is none, such as TLS where nobody dials with it.
        """
        over = check.over(server) if isinstance(check, CheckOver) else None
        return self._opener(over, server)

    def _opener(self, over: Over | None, server: RealServer) -> Opener:
        reactor = self._reactor
        match over:
            case None:
                return lambda owner: StreamTransport(self._dial, server, owner)
            case OverTls(side, key):
                if self._tls is None:
                    raise ValueError("nobody dials with TLS here")
                dial = self._tls.dial(side, key)
                return lambda owner: StreamTransport(dial, server, owner)
            case OverDatagrams():
                return lambda owner: DatagramTransport(reactor, self._addresses, server, owner)
            case OverPing():
                return lambda owner: PingTransport(reactor, self._addresses, server, owner)
            case OverCommand():
                return lambda owner: CommandTransport(reactor, over, owner)
