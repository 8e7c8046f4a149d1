"""Which certificate is shown to whom, and how it is replaced while connections stay."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from OpenSSL._util import lib

from kit.certificates import Authority, Issued
from kit.ocsp import response
from kit.sockets import socket_pair
from kit.ssl_modes import Met, client_meets, identity, meet, shown_by
from kit.tls import TlsPeer, theirs
from pointsman.net.tls_socket import ReadBuffer, TlsSocket
from pointsman_ssl.client_certificates import ClientCertificates, ClientCertificateSettings
from pointsman_ssl.identity import Identity
from pointsman_ssl.policy import POLICIES
from pointsman_ssl.stapling import AnswerSource, Stapling
from pointsman_ssl.toward_clients import TICKET_KEY_SECONDS, ClientSide

ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
POOL = MIDDLE.leaf("pool.example")
WILD = MIDDLE.leaf("*.web.example", kind="rsa")
ADDRESS = MIDDLE.leaf("127.0.0.1", "other.example")
NOBODY = ClientCertificates(ClientCertificateSettings(), {})
V12 = ssl.TLSVersion.TLSv1_2


def side(*identities: Identity, policy: str = "intermediate", **options: Any) -> ClientSide:
    options = {"alpn": (b"http/1.1",), "demand": NOBODY, **options}
    return ClientSide(identities or [identity(POOL, MIDDLE)], POLICIES[policy], **options)


THREE = (identity(POOL, MIDDLE), identity(WILD, MIDDLE), identity(ADDRESS, MIDDLE))


def serial_for(client_side: ClientSide, name: str | None) -> int:
    met = client_meets(client_side, name)
    assert met.failure == ""
    serial = shown_by(met).serial_number
    met.close()
    return serial


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("pool.example", POOL),
        ("POOL.example", POOL),
        ("a.web.example", WILD),
        ("other.example", ADDRESS),
        ("nobody.example", POOL),
        ("a.b.web.example", POOL),
        (None, POOL),
    ],
)
def test_the_certificate_is_chosen_by_name(name: str | None, shown: Any) -> None:
    assert serial_for(side(*THREE), name) == shown.certificate.serial_number


def test_a_client_that_knows_the_root_only_gets_the_chain_without_it() -> None:
    met = client_meets(side(), "pool.example", theirs(trusts=ROOT))
    assert (met.failure, met.peer.broken) == ("", None)
    met.close()


def test_what_is_not_there_is_refused_where_sni_is_required() -> None:
    strict = side(*THREE, require_sni=True)
    assert serial_for(strict, "a.web.example") == WILD.certificate.serial_number
    for name, words in [("no.example", "'no.example'"), (None, "SNI is required")]:
        met = client_meets(strict, name)
        assert met.failure
        assert words in strict.failure(met.ours.connection, met.failure)
        assert met.peer.broken is not None
        met.close()


def facts(met: Met, client_side: ClientSide) -> tuple[str, bytes]:
    found = client_side.facts(met.ours.connection)
    return found.server_name, found.lines


def test_the_name_that_was_asked_for_is_told_in_lower_case() -> None:
    ours = side()
    met = client_meets(ours, "Pool.Example")
    assert facts(met, ours) == ("pool.example", b"")
    met.close()
    met = client_meets(ours)
    assert facts(met, ours) == ("", b"")
    met.close()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), (None, None)],
)
def test_alpn_is_what_the_service_speaks(offered: list[str] | None, chosen: str | None) -> None:
    client = theirs()
    if offered:
        client.set_alpn_protocols(offered)
    met = client_meets(side(), "pool.example", client)
    assert met.failure == ""
    assert met.peer.tls.selected_alpn_protocol() == chosen
    met.close()


@pytest.mark.parametrize(
    ("policy", "newest", "works"),
    [
        ("modern", ssl.TLSVersion.TLSv1_3, True),
        ("modern", V12, False),
        ("intermediate", V12, True),
        ("legacy", V12, True),
    ],
)
def test_policies_decide_about_versions(policy: str, newest: ssl.TLSVersion, works: bool) -> None:
    met = client_meets(side(policy=policy), "pool.example", theirs(newest=newest))
    assert (met.failure == "") is works
    met.close()


def test_replacing_is_for_the_next_handshake_and_all_or_nothing() -> None:
    ours = side()
    old = client_meets(ours, "pool.example")
    renewed = MIDDLE.leaf("pool.example")
    ours.replace([identity(renewed, MIDDLE)])
    assert serial_for(ours, "pool.example") == renewed.certificate.serial_number
    old.peer.send(b"still here")
    old.peer.step()
    assert old.ours.recv() == b"still here"
    mismatched = Identity("bad", POOL.certificate, renewed.key)
    with pytest.raises(ValueError, match="does not take the certificate 'bad'"):
        ours.replace([mismatched])
    with pytest.raises(ValueError, match="at least one"):
        ours.replace([])
    assert serial_for(ours, "pool.example") == renewed.certificate.serial_number
    old.close()


@pytest.mark.parametrize("newest", [V12, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["pool.example", "a.web.example"])
def test_sessions_are_resumed_until_the_ticket_key_is_renewed(
    newest: ssl.TLSVersion, name: str
) -> None:
    now = [0.0]
    ours = side(*THREE, clock=lambda: now[0])
    client = theirs(newest=newest)
    first = client_meets(ours, name, client)
    first.ours.send(b"tickets come with this")
    first.peer.step()
    session = first.peer.tls.session
    assert not first.ours.resumed

    def again() -> bool:
        one, two = socket_pair()
        peer = TlsPeer(two, client, name)
        peer.tls.session = session
        met = meet(ours.connection(one), peer)
        assert met.failure == ""
        met.close()
        return bool(met.ours.resumed)

    assert again()
    now[0] = TICKET_KEY_SECONDS - 1
    assert again()
    now[0] = TICKET_KEY_SECONDS
    assert not again()
    first.close()


def test_nobody_has_a_call_for_ticket_keys_which_docs_tls_says() -> None:
    calls = {*dir(lib), *dir(SSL.Context), *dir(ssl.SSLContext)}
    assert [name for name in calls if "ticket_key" in name or name == "SSL_CTX_ctrl"] == []


def resumes(before: ClientSide, after: ClientSide) -> bool:
    """Whether the session of a client of one side is resumed by the other."""
    client = theirs()
    first = client_meets(before, "pool.example", client)
    first.ours.send(b"tickets come with this")
    first.peer.step()
    one, two = socket_pair()
    peer = TlsPeer(two, client, "pool.example")
    peer.tls.session = first.peer.tls.session
    met = meet(after.connection(one), peer)
    assert met.failure == ""
    first.close()
    met.close()
    return bool(met.ours.resumed)


def test_after_a_reload_tickets_are_good_still_where_nothing_has_changed() -> None:
    now = [0.0]
    before = side(*THREE, clock=lambda: now[0])
    now[0] = TICKET_KEY_SECONDS - 1
    after = side(*THREE, clock=lambda: now[0])
    assert not resumes(before, after)
    after.take_over(before)
    assert resumes(before, after)
    now[0] += 1  # their key is as old as it is
    assert not resumes(before, after)


def test_after_a_reload_that_changed_something_nothing_goes_on() -> None:
    before = side(*THREE)
    renewed = identity(MIDDLE.leaf("pool.example"), MIDDLE, name=THREE[0].name)
    optional = ClientCertificateSettings(mode="optional", authorities="all")
    demand = ClientCertificates(optional, {"all": (ROOT.certificate,)})
    others = [
        side(renewed, *THREE[1:]),
        side(*THREE[:2]),
        side(*reversed(THREE)),
        side(*THREE, policy="modern"),
        side(*THREE, alpn=()),
        side(*THREE, require_sni=True),
        side(*THREE, demand=demand),
    ]
    for after in others:
        after.take_over(before)
        assert not resumes(before, after)


def stapled(path: Path, leaf: Issued = POOL) -> Identity:
    stapling = Stapling("Pool", leaf.certificate, MIDDLE.certificate, AnswerSource(path))
    return replace(identity(leaf, MIDDLE, name="Pool"), stapling=stapling)


def answered(one: Identity) -> bytes:
    """Let its chore be done; what is stapled then."""
    assert one.stapling is not None
    outcome = one.stapling.work()
    assert outcome is not None
    outcome()
    return one.stapling.response


def test_an_answer_of_ocsp_goes_with_the_certificate_it_is_for(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    path.write_bytes(response(POOL, MIDDLE))
    one = stapled(path)
    ours = side(one, identity(WILD, MIDDLE))
    assert asked_for_status(ours, "pool.example") == b""
    answer = answered(one)
    assert asked_for_status(ours, "pool.example") == answer != b""
    assert asked_for_status(ours, "a.web.example") == b""


def asked_for_status(client_side: ClientSide, name: str) -> bytes:
    """What a client gets that asks for the status of the certificate."""
    got: list[bytes] = []

    def note(connection: SSL.Connection, response: bytes, data: object) -> bool:
        got.append(response)
        return True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_ocsp_client_callback(note)
    one, two = socket_pair()
    client = SSL.Connection(context, two)
    client.set_connect_state()
    client.set_tlsext_host_name(name.encode())
    client.request_ocsp()
    both = TlsSocket(client_side.connection(one), ReadBuffer()), TlsSocket(client, ReadBuffer())
    for _ in range(20):
        if [each.handshake() for each in both] == [1, 1]:
            break
    one.close()
    two.close()
    (answer,) = got
    return answer


def test_after_a_reload_answers_of_ocsp_go_on_with_their_certificates(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    path.write_bytes(response(POOL, MIDDLE))
    one = stapled(path)
    answer = answered(one)
    before = side(one)
    same, more, other = stapled(path), stapled(path), stapled(tmp_path / "other.ocsp")
    for again in (side(same), side(more, identity(WILD, MIDDLE)), side(other)):
        again.take_over(before)
        assert asked_for_status(again, "pool.example") == answer
    unwanted = side(identity(POOL, MIDDLE, name="Pool"))
    unwanted.take_over(before)
    assert asked_for_status(unwanted, "pool.example") == b""


@pytest.mark.parametrize(
    ("name", "host", "served"),
    [
        ("pool.example", b"pool.example", True),
        ("pool.example", b"Pool.Example:8443", True),
        ("pool.example", b"", True),
        ("pool.example", b"a.web.example", False),
        ("a.web.example", b"b.web.example:443", True),
        ("a.web.example", b"pool.example", False),
        ("other.example", b"127.0.0.1:443", True),
        ("other.example", b"[::1]:443", False),
        ("", b"pool.example", True),
        ("", b"a.web.example", False),
    ],
)
def test_a_host_is_served_by_the_certificate_that_was_shown(
    name: str, host: bytes, served: bool
) -> None:
    assert side(*THREE).serves(name, host) is served
