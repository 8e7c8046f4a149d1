"""What a service can say of TLS, and what it is told when that cannot work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kit.certificates import Authority
from kit.ssl_modes import SERVER, Asker, client_meets, identity, shown_by, surroundings
from kit.tls_site import write_private
from pointsman.contracts import Chore, Misfit, Surroundings
from pointsman.contracts.tls import TlsMode
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_ssl import passthrough
from pointsman_ssl.entry import Entry
from pointsman_ssl.modes import OFFERS, Mode
from pointsman_ssl.source import Source
from pointsman_ssl.stapling import AnswerSource, Stapling
from pointsman_ssl.store import CertificateStore
from pointsman_ssl.toward_servers import Calling
from pointsman_ssl.verifying import name_trouble
from pointsman_ssl.watching import Watching

ROOT = Authority.root()
POOL = identity(ROOT.leaf("pool.example"), name="Pool")
KNOWN = surroundings([POOL], {"Root": (ROOT.certificate,)})


def made(kind: str, around: Surroundings = KNOWN, /, **settings: Any) -> Mode:
    offer = OFFERS[kind]
    mode: Mode = offer.make(offer.settings.model_validate(settings), around)
    return mode


def test_each_mode_has_the_sides_it_needs() -> None:
    sides = {
        kind: (bool(mode.client), bool(mode.upstream))
        for kind, mode in [(kind, made(kind)) for kind in OFFERS]
    }
    assert sides == {
        "offload": (True, False),
        "reencrypt": (True, True),
        "originate": (False, True),
    }


def test_certificates_are_named_one_or_many() -> None:
    for named in ("Pool", ["Pool"]):
        mode = made("offload", certificates=named)
        assert mode.client is not None
        assert mode.client.identities == (POOL,)
        assert mode.warnings == ()


def test_without_one_a_temporary_is_shown_for_where_the_service_listens() -> None:
    around = surroundings(hosts=("192.0.2.7", "0.0.0.0", "www.example"))
    mode = made("offload", around)
    assert mode.client is not None
    (temporary,) = mode.client.identities
    assert temporary.temporary
    assert "temporary" in mode.warnings[0]
    assert mode.describes == "offload, temporary certificate"
    met = client_meets(mode.client)
    for name in ("192.0.2.7", "www.example", "localhost"):
        assert name_trouble(shown_by(met), name) == ""
    met.close()
    mode.client.replace([POOL])
    assert mode.describes == "offload"
    met = client_meets(mode.client)
    assert shown_by(met) == POOL.leaf
    met.close()
    somewhere = made("offload", surroundings(hosts=("0.0.0.0",)))
    assert somewhere.client is not None
    assert "localhost" in somewhere.client.identities[0].dns_names


@pytest.mark.parametrize(
    ("hsts", "line"),
    [
        (False, b""),
        (True, b"Strict-Transport-Security: max-age=31536000\r\n"),
        (
            {"max_age": "1d", "include_subdomains": True, "preload": True},
            b"Strict-Transport-Security: max-age=86400; includeSubDomains; preload\r\n",
        ),
    ],
)
def test_hsts(hsts: Any, line: bytes) -> None:
    client = made("offload", certificates="Pool", hsts=hsts).client
    assert client is not None
    assert client.response_lines == line
    assert client.own_response_fields == ((b"strict-transport-security",) if line else ())


TCP = surroundings([POOL], {"Root": (ROOT.certificate,)}, mode="tcp")
LOCAL = surroundings(servers=(RealServer("a", local="app"),))
ENDPOINT = surroundings(servers=(RealServer("a", endpoint="tcp:x:1"),))


@pytest.mark.parametrize(
    ("kind", "around", "settings", "at", "words"),
    [
        ("offload", KNOWN, {"certificates": ["Pool", "Pol"]}, ("certificates", 1), "'Pol'"),
        ("offload", TCP, {"hsts": True}, ("hsts",), "needs HTTP"),
        ("offload", TCP, {"strict_sni": True}, ("strict_sni",), "needs HTTP"),
        (
            "offload",
            KNOWN,
            {"client_certificates": {"mode": "required", "authorities": "Rot"}},
            ("client_certificates", "authorities"),
            "there is no 'Rot'",
        ),
        ("reencrypt", LOCAL, {}, (), "in this process"),
        ("originate", ENDPOINT, {}, (), "is an endpoint"),
        ("originate", TCP, {"upstream": {"sni": "host"}}, ("upstream", "sni"), "no Host"),
        (
            "originate",
            KNOWN,
            {"upstream": {"verify": "Rot"}},
            ("upstream", "verify"),
            "there is no 'Rot'",
        ),
        (
            "originate",
            KNOWN,
            {"upstream": {"verify": "none", "name": "x.example"}},
            ("upstream", "name"),
            "not verified",
        ),
        (
            "reencrypt",
            KNOWN,
            {"upstream": {"client_certificate": "Pol"}},
            ("upstream", "client_certificate"),
            "'Pol'",
        ),
    ],
)
def test_what_cannot_work_is_said_with_its_key(
    kind: str, around: Surroundings, settings: Any, at: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(Misfit, match=words) as caught:
        made(kind, around, **settings)
    assert caught.value.at == at


@pytest.mark.parametrize(
    "upstream", [{"pin": "abc"}, {"pin": ["zz" * 32]}, {"veriify": "none"}, {"policy": "weak"}]
)
def test_settings_that_mean_nothing_are_refused(upstream: Any) -> None:
    with pytest.raises(ValidationError):
        made("reencrypt", upstream=upstream)


def server(port: int) -> Surroundings:
    return surroundings([POOL], servers=(RealServer("a", Address("127.0.0.1", port)),))


@pytest.mark.parametrize(
    ("kind", "port", "warned"),
    [
        ("offload", 443, True),
        ("offload", 80, False),
        ("reencrypt", 80, True),
        ("reencrypt", 443, False),
        ("originate", 8080, True),
    ],
)
def test_ports_that_look_wrong_are_warned_of(kind: str, port: int, warned: bool) -> None:
    named = {} if kind == "originate" else {"certificates": "Pool"}
    warnings = made(kind, server(port), **named).warnings
    assert any(f"port {port}" in warning for warning in warnings) is warned


def test_no_verification_is_warned_of_and_shows() -> None:
    mode = made("originate", upstream={"verify": "none"})
    assert mode.describes == "originate, verify: none"
    assert "`verify: none`" in mode.warnings[0]
    pinned = made("originate", upstream={"pin": ":".join(["AB"] * 32)})
    assert (pinned.describes, pinned.warnings) == ("originate", ())


def test_a_pin_stands_in_for_verification_unless_that_is_asked_for_too() -> None:
    pin = "ab" * 32
    for upstream, name in [({"pin": pin}, ""), ({"pin": pin, "verify": "Root"}, "127.0.0.1")]:
        mode = made("originate", upstream=upstream)
        assert mode.upstream is not None
        key = mode.upstream.key(KNOWN.servers[0], Asker())
        assert isinstance(key, Calling)
        assert (key.sni, key.name) == ("", name)


def watched(folder: Path, *names: str) -> tuple[Surroundings, dict[str, Watching]]:
    """Where a mode is made whose certificates are watched."""
    watchings: dict[str, Watching] = {}
    identities = []
    for name in names:
        path = folder / f"{name}.pem"
        write_private(path, ROOT.leaf("pool.example").pem)
        entry = Entry(name, Source((path,)))
        watchings[name] = Watching(entry, entry.source.stamp())
        identities.append(entry.again().identity)
    store = CertificateStore(identities, {"Root": (ROOT.certificate,)}, watchings)
    return replace(KNOWN, sections={"certificates": store}), watchings


def looked_at(chore: Chore) -> str:
    told = [outcome() for _ in range(2) if (outcome := chore.work()) is not None]
    return "".join(told)


def test_who_shows_a_certificate_that_is_watched_shows_the_new_one(tmp_path: Path) -> None:
    around, watchings = watched(tmp_path, "One", "Two", "Other")
    upstream = {"client_certificate": "Two", "verify": "none"}
    mode = made("reencrypt", around, certificates=["One", "Two"], upstream=upstream)
    assert set(mode.chores) == {watchings["One"], watchings["Two"]}
    assert made("originate", around, upstream=upstream).chores == (watchings["Two"],)
    assert mode.client is not None
    assert mode.upstream is not None
    key = mode.upstream.key(SERVER, Asker())
    first, second = mode.client.identities
    write_private(tmp_path / "Two.pem", (renewed := ROOT.leaf("pool.example")).pem)
    assert "was read anew" in looked_at(watchings["Two"])
    assert [one.leaf for one in mode.client.identities] == [first.leaf, renewed.certificate]
    assert mode.upstream.key(SERVER, Asker()) != key
    assert second.leaf != renewed.certificate


def test_responses_of_ocsp_are_kept_fresh_by_chores() -> None:
    stapling = Stapling("Pool", POOL.leaf, ROOT.certificate, AnswerSource(Path("pool.ocsp")))
    mode = made("offload", surroundings([replace(POOL, stapling=stapling)]), certificates="Pool")
    assert mode.chores == (stapling,)


def test_a_reload_keeps_a_temporary_certificate_and_only_that() -> None:
    around = surroundings(hosts=("192.0.2.7",))
    before, after = made("offload", around), made("offload", around)
    elsewhere = made("offload", surroundings(hosts=("192.0.2.8",)))
    real = made("offload", KNOWN, certificates="Pool")
    for mode in (after, elsewhere, real):
        mode.take_over(before)
        assert mode.client is not None
    assert before.client is not None
    assert after.client is not None
    assert after.client.identities == before.client.identities
    for mode in (elsewhere, real):
        assert mode.client is not None
        assert mode.client.identities != before.client.identities


def test_a_mode_that_takes_the_place_of_another_kind_begins_anew() -> None:
    passing: TlsMode = passthrough.OFFERS["passthrough"].make(
        passthrough.PassthroughSettings(), TCP
    )
    kinds = [made(kind) for kind in OFFERS]
    for mode in kinds:
        mode.take_over(passing)
        passing.take_over(mode)
        for other in kinds:
            mode.take_over(other)


def test_a_revocation_list_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    asked: list[Sequence[str | int]] = []

    def folder(at: Sequence[str | int]) -> Path:
        asked.append(at)
        return tmp_path

    demand = {"mode": "required", "authorities": "Root", "revocation_list": "root.crl"}
    with pytest.raises(Misfit, match=f"cannot read {tmp_path}/root.crl"):
        made("offload", replace(KNOWN, folder=folder), client_certificates=demand)
    assert asked == [("client_certificates", "revocation_list")]
