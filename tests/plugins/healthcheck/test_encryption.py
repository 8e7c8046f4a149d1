"""TLS of checks: as the service does it, with settings of their own, or without verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pointsman.contracts import Misfit, OverTls, Surroundings
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_healthcheck.encryption import Encryption, StreamCheck, encryption

SERVER = RealServer("a", Address.parse("10.0.0.1:443"))


class Side:
    """A side toward servers that shows what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    def key(self, server: RealServer, arrival: Any) -> tuple[str, ...]:
        request = arrival.request
        assert request is not None
        return (self.name, arrival.connection.server_name, request.host.decode())

    def connection(self, sock: Any, server: RealServer, key: Any) -> Any: ...

    def trouble(self, connection: Any, key: Any) -> str:
        return ""

    def failure(self, connection: Any, words: str) -> str:
        return words

    def learn(self, connection: Any, key: Any) -> None: ...


class Mode:
    client = None
    passage = None
    chores = ()
    describes = "originate"
    warnings = ("nobody asked for them",)

    def __init__(self, upstream: Side | None) -> None:
        self.upstream = upstream

    def take_over(self, old: object) -> None: ...


def make_mode(kind: str, options: Mapping[str, Any]) -> Any:
    assert kind == "originate"
    upstream = options["upstream"]
    if "wrong" in upstream:
        raise Misfit("it is wrong", "make it right", ("upstream", "wrong"))
    return Mode(Side(str(dict(sorted(upstream.items())))))


PLACE = Surroundings("web", make_tls_mode=make_mode)


def test_there_may_be_none() -> None:
    assert encryption(False, PLACE) is None


def test_by_default_it_is_done_as_the_service_does_it() -> None:
    side = Side("service")
    found = encryption(True, replace(PLACE, upstream=side), "www.example.org")
    assert found is not None
    assert (found.side, found.words) == (side, "as its service does")
    assert found.over(SERVER) == OverTls(side, ("service", "www.example.org", "www.example.org"))


def test_where_no_service_does_it_is_not_verified_and_says_so() -> None:
    found = encryption(True, PLACE)
    assert found is not None
    assert found.words == "not verified"
    assert found.over(SERVER).key == ("{'verify': 'none'}", "10.0.0.1", "10.0.0.1")


def test_settings_of_its_own_go_before_those_of_the_service() -> None:
    found = encryption({"verify": "system"}, replace(PLACE, upstream=Side("service")))
    assert found is not None
    assert found.words == ""
    assert found.over(SERVER).key == ("{'verify': 'system'}", "10.0.0.1", "10.0.0.1")
    pinned = encryption({"verify": "none", "pin": "ab"}, PLACE)
    assert pinned is not None
    assert pinned.words == ""


@pytest.mark.parametrize(
    ("host", "sni"),
    [
        ("www.example.org", "www.example.org"),
        ("www.example.org:8443", "www.example.org"),
        ("10.0.0.1", None),
        ("10.0.0.1:443", None),
        ("[::1]:443", None),
        ("", None),
    ],
)
def test_the_host_of_the_request_is_the_name_that_is_asked_for(host: str, sni: str | None) -> None:
    found = encryption({}, PLACE, host)
    assert found is not None
    assert found.over(SERVER).key == (
        str({"sni": sni} if sni else {}),
        sni or "10.0.0.1",
        sni or "10.0.0.1",
    )
    named = encryption({"sni": "other"}, PLACE, host)
    assert named is not None
    assert "other" in str(named.over(SERVER).key)


def test_what_is_wrong_is_told_where_it_was_written() -> None:
    with pytest.raises(Misfit, match="it is wrong") as caught:
        encryption({"wrong": 1}, PLACE)
    assert (caught.value.at, caught.value.hint) == (("tls", "wrong"), "make it right")
    with pytest.raises(Misfit, match="there is no TLS in this place"):
        encryption(True, Surroundings())
    nothing = replace(PLACE, make_tls_mode=lambda kind, options: Mode(None))
    with pytest.raises(Misfit, match="has no side toward servers"):
        encryption(True, nothing)


def test_a_check_over_a_stream_says_how_it_is_encrypted() -> None:
    @dataclass(frozen=True)
    class Check(StreamCheck):
        pass

    side = Side("x")
    assert Check(None).with_tls("words") == "words"
    assert Check(None).over(SERVER) is None
    assert Check(Encryption(side)).with_tls("words") == "words, TLS"
    told = Check(Encryption(side, "", "not verified")).with_tls("words")
    assert told == "words, TLS, not verified"
    assert Check(Encryption(side)) == Check(Encryption(side, "", "other words"))
    assert isinstance(Check(Encryption(side)).over(SERVER), OverTls)
