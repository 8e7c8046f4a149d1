"""Each check gets the transport that it asks for."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest
from twisted.internet.task import Clock

from kit.dialling import FakeCall
from kit.words import WordCheck
from pointsman.contracts import (
    Arrival,
    Over,
    OverCommand,
    OverDatagrams,
    OverPing,
    OverTls,
)
from pointsman.core.health_report import Outcome
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.net.call import Call, Dialled
from pointsman.net.probe_command import CommandTransport
from pointsman.net.probe_datagram import DatagramTransport, PingTransport
from pointsman.net.probe_stream import StreamTransport
from pointsman.net.probe_transports import ProbeTransports

SERVER = RealServer("a", Address.parse("10.0.0.1:80"))


class OtherCheck(WordCheck):
    def over(self, server: RealServer) -> Over | None:
        assert server is SERVER
        return WANTED.get(self.describes)


class Side:
    def key(self, server: RealServer, arrival: Arrival) -> Hashable:
        return ""

    def connection(self, sock: Any, server: RealServer, key: Hashable) -> Any: ...

    def trouble(self, connection: Any, key: Hashable) -> str:
        return ""

    def failure(self, connection: Any, words: str) -> str:
        return words

    def learn(self, connection: Any, key: Hashable) -> None: ...


WANTED: dict[str, Over] = {
    "udp": OverDatagrams(),
    "ping": OverPing(),
    "command": OverCommand(("/bin/true",)),
    "tls": OverTls(Side(), ""),
}


class Owner:
    def opened(self, words: str) -> None: ...

    def received(self, data: bytes) -> None: ...

    def finished(self) -> None: ...

    def exited(self, status: int) -> None: ...

    def failed(self, outcome: Outcome, reason: str, *, tls: str = "") -> None: ...

    def noted(self, what: str, words: str) -> None: ...


def dial(server: RealServer, timeout: float, owner: Dialled) -> Call:
    return FakeCall(server, owner, 0.0)


TRANSPORTS = ProbeTransports(Clock(), dial, lambda host: ())


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (WordCheck(), StreamTransport),
        (OtherCheck("plain"), StreamTransport),
        (OtherCheck("udp"), DatagramTransport),
        (OtherCheck("ping"), PingTransport),
        (OtherCheck("command"), CommandTransport),
    ],
)
def test_each_check_gets_what_it_asks_for(check: WordCheck, kind: type) -> None:
    opener = TRANSPORTS.opener(check, SERVER)
    first, second = opener(Owner()), opener(Owner())
    assert type(first) is type(second) is kind
    assert first is not second


def test_tls_needs_somebody_who_dials_with_it() -> None:
    with pytest.raises(ValueError, match="nobody dials with TLS here"):
        TRANSPORTS.opener(OtherCheck("tls"), SERVER)
