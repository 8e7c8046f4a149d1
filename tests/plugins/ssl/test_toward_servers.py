"""Servers are verified: a table of chains, each with its verdict in words."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.certificates import Authority, Issued, self_signed
from kit.ssl_modes import SERVER, Asker, calls, identity
from kit.tls import theirs
from pointsman.model.address import Address
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer
from pointsman_ssl.policy import POLICIES
from pointsman_ssl.toward_servers import Calling, UpstreamSide, Verification
from pointsman_ssl.verifying import pin_of

ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
OTHER = Authority.root("Other Root")
NO_CA = ROOT.intermediate("Not a CA", is_ca=False)
NAME = "pool.example"
VALID = MIDDLE.leaf(NAME, "*.web.example", "127.0.0.1")
LONE = self_signed(NAME)


def upstream(**verification: Any) -> UpstreamSide:
    given = {"authorities": (ROOT.certificate,), "name": NAME, **verification}
    return UpstreamSide(POLICIES["intermediate"], Verification(**given))


def served(leaf: Issued, *chain: Issued) -> ssl.SSLContext:
    return theirs(leaf, chain=chain)


def verdict(side: UpstreamSide, server: ssl.SSLContext, **options: Any) -> str:
    met, trouble = calls(side, server, **options)
    met.close()
    return trouble


Server = Callable[[], ssl.SSLContext]
TABLE: dict[str, tuple[dict[str, Any], Server, str]] = {
    "valid": ({}, lambda: served(VALID, MIDDLE), ""),
    "rsa": ({}, lambda: served(MIDDLE.leaf(NAME, kind="rsa"), MIDDLE), ""),
    "address": ({"name": "127.0.0.1"}, lambda: served(VALID, MIDDLE), ""),
    "wildcard": ({"name": "a.web.example"}, lambda: served(VALID, MIDDLE), ""),
    "trusted intermediate": (
        {"authorities": (MIDDLE.certificate,)},
        lambda: served(VALID),
        "",
    ),
    "its own certificate trusted": (
        {"authorities": (LONE.certificate,)},
        lambda: served(LONE),
        "",
    ),
    "wildcard for one label only": (
        {"name": "a.b.web.example"},
        lambda: served(VALID, MIDDLE),
        "for pool.example, *.web.example, 127.0.0.1, not for a.b.web.example",
    ),
    "wrong name": (
        {"name": "other.example"},
        lambda: served(VALID, MIDDLE),
        "for pool.example, *.web.example, 127.0.0.1, not for other.example",
    ),
    "wrong address": (
        {"name": "127.0.0.2"},
        lambda: served(VALID, MIDDLE),
        "not for 127.0.0.2",
    ),
    "no names at all": (
        {},
        lambda: served(MIDDLE.leaf(common_name=NAME), MIDDLE),
        "for no name at all, not for pool.example",
    ),
    "expired": (
        {},
        lambda: served(MIDDLE.leaf(NAME, days=(-20, -2)), MIDDLE),
        "'pool.example' has expired on",
    ),
    "not yet valid": (
        {},
        lambda: served(MIDDLE.leaf(NAME, days=(2, 20)), MIDDLE),
        "'pool.example' is not valid yet",
    ),
    "expired intermediate": (
        {},
        lambda: _under(ROOT.intermediate("Old", days=(-20, -2))),
        "'Old' has expired on",
    ),
    "wrong authority": (
        {"authorities": (OTHER.certificate,)},
        lambda: served(VALID, MIDDLE),
        "'Test Intermediate', 'Test Root', is unknown",
    ),
    "missing intermediate": (
        {},
        lambda: served(VALID),
        "is an intermediate missing?",
    ),
    "an authority that is none": (
        {},
        lambda: _under(NO_CA),
        "'Not a CA'",
    ),
    "self-signed": ({}, lambda: served(LONE), "'pool.example' is self-signed"),
    "pinned": (
        {"chain": False, "name": "", "pins": frozenset({pin_of(LONE.certificate)})},
        lambda: served(LONE),
        "",
    ),
    "pinned to another": (
        {"chain": False, "name": "", "pins": frozenset({pin_of(VALID.certificate)})},
        lambda: served(LONE),
        "is not among those pinned",
    ),
    "pinned, and verified as well": (
        {"pins": frozenset({pin_of(VALID.certificate)})},
        lambda: served(VALID, MIDDLE),
        "",
    ),
    "pinned, but not verified": (
        {"pins": frozenset({pin_of(LONE.certificate)})},
        lambda: served(LONE),
        "is self-signed",
    ),
    "nothing asked": ({"chain": False, "name": ""}, lambda: served(LONE), ""),
}


def _under(authority: Authority) -> ssl.SSLContext:
    return served(authority.leaf(NAME), authority)


@pytest.mark.parametrize("case", TABLE)
def test_the_verdict_on_a_server(case: str) -> None:
    verification, server, expected = TABLE[case]
    trouble = verdict(upstream(**verification), server())
    if expected:
        assert expected in trouble
    else:
        assert trouble == ""


def test_the_system_store_is_the_default_and_does_not_know_ours() -> None:
    assert "unknown" in verdict(upstream(authorities=None), served(VALID, MIDDLE))


def head(host: bytes) -> RequestHead:
    return RequestHead(b"GET", b"/", Headers([(b"Host", host)]), host=host)


@pytest.mark.parametrize(
    ("sni", "fixed", "asker", "host", "expected"),
    [
        ("auto", "pool.example", Asker(), "127.0.0.1", ("pool.example", "pool.example")),
        ("auto", "", Asker(), "server.example", ("server.example", "server.example")),
        ("auto", "", Asker(), "127.0.0.1", ("", "127.0.0.1")),
        ("auto", "127.0.0.1", Asker(), "127.0.0.1", ("", "127.0.0.1")),
        ("fixed.example", "", Asker(), "127.0.0.1", ("fixed.example", "fixed.example")),
        ("fixed.example", "n.example", Asker(), "127.0.0.1", ("fixed.example", "n.example")),
        ("client", "", Asker("c.example"), "127.0.0.1", ("c.example", "c.example")),
        ("client", "", Asker(), "127.0.0.1", ("", "127.0.0.1")),
        ("none", "n.example", Asker(), "127.0.0.1", ("", "n.example")),
        ("host", "", Asker("", head(b"H.example:8080")), "127.0.0.1", ("h.example", "h.example")),
        ("host", "", Asker("", head(b"[::1]:80")), "127.0.0.1", ("", "127.0.0.1")),
        ("host", "", Asker("", head(b"10.0.0.1")), "127.0.0.1", ("", "10.0.0.1")),
        ("host", "", Asker("", head(b"a b")), "127.0.0.1", ("", "a b")),
    ],
)
def test_what_is_asked_for_and_what_is_verified(
    sni: str, fixed: str, asker: Asker, host: str, expected: tuple[str, str]
) -> None:
    side = UpstreamSide(POLICIES["modern"], Verification(name=fixed), sni=sni)
    key = side.key(RealServer("a", Address(host, 443)), asker)
    assert isinstance(key, Calling)
    assert (key.sni, key.name) == expected


def test_the_server_is_asked_for_the_name() -> None:
    asked: list[str | None] = []
    server = served(VALID, MIDDLE)
    server.sni_callback = lambda tls, name, context: asked.append(name)
    assert verdict(upstream(), server) == ""
    assert set(asked) == {NAME}


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed_with_the_same_server_and_key_only(newest: ssl.TLSVersion) -> None:
    side = upstream()
    server = theirs(VALID, chain=[MIDDLE], newest=newest)
    first, _ = calls(side, server)
    first.peer.send(b"x")
    first.peer.step()
    assert first.ours.recv() == b"x"
    assert not first.ours.resumed
    side.learn(first.ours.connection, side.key(SERVER, Asker()))
    again, trouble = calls(side, server)
    assert (again.ours.resumed, trouble) == (True, "")
    elsewhere, _ = calls(side, server, real=RealServer("b", Address("127.0.0.1", 9443)))
    assert not elsewhere.ours.resumed
    side.replace(Verification(authorities=(ROOT.certificate,), name="other.example"), None)
    judged, trouble = calls(side, server)
    assert not judged.ours.resumed
    assert "not for other.example" in trouble
    for met in (first, again, elsewhere, judged):
        met.close()


def test_replacing_the_verification_makes_another_key() -> None:
    side = upstream()
    before = side.key(SERVER, Asker())
    side.replace(Verification(chain=False), None)
    assert side.key(SERVER, Asker()) != before
    assert side.key(SERVER, Asker()) == side.key(SERVER, Asker())


def learnt(side: UpstreamSide, server: ssl.SSLContext) -> None:
    """Let a side meet a server, and keep the session."""
    met, trouble = calls(side, server)
    assert trouble == ""
    met.peer.send(b"x")
    met.peer.step()
    assert met.ours.recv() == b"x"
    side.learn(met.ours.connection, side.key(SERVER, Asker()))
    met.ours.shutdown()  # OpenSSL resumes nothing that has not ended in order
    met.close()


def resumes(side: UpstreamSide, server: ssl.SSLContext) -> bool:
    met, _ = calls(side, server)
    met.close()
    return bool(met.ours.resumed)


def test_after_a_reload_sessions_and_keys_go_on_where_nothing_has_changed() -> None:
    server = served(VALID, MIDDLE)
    before, after = upstream(), upstream()
    learnt(before, server)
    assert before.key(SERVER, Asker()) != after.key(SERVER, Asker())
    after.take_over(before)
    assert before.key(SERVER, Asker()) == after.key(SERVER, Asker())
    assert resumes(after, server)


def test_after_a_reload_that_judges_differently_nothing_goes_on() -> None:
    server = served(VALID, MIDDLE)
    before = upstream()
    learnt(before, server)
    mine = identity(OTHER.leaf("balancer.example"), name="Mine")
    verification = Verification(authorities=(ROOT.certificate,), name=NAME)
    others = [
        upstream(authorities=(ROOT.certificate, OTHER.certificate)),
        UpstreamSide(POLICIES["modern"], verification),
        UpstreamSide(POLICIES["intermediate"], verification, identity=mine),
        UpstreamSide(POLICIES["intermediate"], verification, alpn=(b"http/1.1",)),
    ]
    for after in others:
        after.take_over(before)
        assert after.key(SERVER, Asker()) != before.key(SERVER, Asker())
        assert not resumes(after, server)


def test_roots_of_the_system_that_have_changed_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = tmp_path / "roots.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    roots.write_bytes(OTHER.certificate_pem)
    server = served(VALID, MIDDLE)
    before = upstream(authorities=None)
    assert "is unknown" in verdict(before, server)
    again = upstream(authorities=None)
    again.take_over(before)
    assert again.key(SERVER, Asker()) == before.key(SERVER, Asker())
    roots.write_bytes(ROOT.certificate_pem)
    os.utime(roots, ns=(1, 1))
    after = upstream(authorities=None)
    after.take_over(before)
    assert verdict(after, server) == ""


def test_a_client_certificate_of_the_same_name_is_replaced() -> None:
    side = UpstreamSide(
        POLICIES["intermediate"], Verification(chain=False), identity=identity(LONE, name="Mine")
    )
    before = side.key(SERVER, Asker())
    side.renewed(identity(VALID, name="Another"))
    assert side.key(SERVER, Asker()) == before
    side.renewed(identity(VALID, name="Mine"))
    assert side.key(SERVER, Asker()) != before


def test_a_client_certificate_is_shown_where_one_is_wanted() -> None:
    mine = OTHER.leaf("balancer.example")
    server = served(VALID, MIDDLE)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=OTHER.certificate_pem.decode())
    verification = Verification(authorities=(ROOT.certificate,), name=NAME)
    side = UpstreamSide(POLICIES["intermediate"], verification, identity=identity(mine))
    met, trouble = calls(side, server)
    assert trouble == ""
    shown = met.peer.tls.getpeercert()
    assert shown is not None
    assert shown["subjectAltName"] == (("DNS", "balancer.example"),)
    met.close()
