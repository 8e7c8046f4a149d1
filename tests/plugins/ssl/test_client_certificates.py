"""Certificates of clients: who is let in, and what servers are told."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from kit.certificates import Authority, Issued
from kit.ssl_modes import client_meets, identity
from kit.tls import show, theirs
from pointsman.contracts import Misfit
from pointsman_ssl.client_certificates import ClientCertificates, ClientCertificateSettings
from pointsman_ssl.policy import POLICIES
from pointsman_ssl.toward_clients import ClientSide

ROOT = Authority.root()
POOL = ROOT.leaf("pool.example")
STAFF = Authority.root("Staff")
ALICE = STAFF.leaf("alice")
MALLORY = Authority.root("Nobody").leaf("mallory")
KNOWN = {"staff": (STAFF.certificate,)}
FIELDS = ClientCertificates(
    ClientCertificateSettings(mode="optional", authorities="staff"), KNOWN
).fields


def demanding(mode: str = "required", **options: Any) -> ClientSide:
    settings = ClientCertificateSettings.model_validate(
        {"mode": mode, "authorities": "staff", **options}
    )
    demand = ClientCertificates(settings, KNOWN)
    return ClientSide(
        [identity(POOL)], POLICIES["intermediate"], alpn=(b"http/1.1",), demand=demand
    )


def client(leaf: Issued | None, *chain: Issued) -> ssl.SSLContext:
    context = theirs(newest=ssl.TLSVersion.TLSv1_2)
    if leaf is not None:
        show(context, leaf, chain)
    return context


def told(side: ClientSide, leaf: Issued | None, *chain: Issued) -> dict[str, str]:
    met = client_meets(side, "pool.example", client(leaf, *chain))
    assert met.failure == ""
    lines = side.facts(met.ours.connection).lines.decode()
    met.close()
    return dict(line.split(": ", 1) for line in lines.splitlines())


def refused(side: ClientSide, leaf: Issued | None, *chain: Issued) -> str:
    met = client_meets(side, "pool.example", client(leaf, *chain))
    assert met.failure
    words = side.failure(met.ours.connection, met.failure)
    met.close()
    return words


def test_a_known_client_is_let_in_and_described() -> None:
    lines = told(demanding(forward=["subject", "issuer", "serial", "fingerprint"]), ALICE)
    assert lines == {
        "X-SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-Subject": "CN=alice",
        "X-SSL-Client-Issuer": "CN=Staff",
        "X-SSL-Client-Serial": f"{ALICE.certificate.serial_number:X}",
        "X-SSL-Client-Fingerprint": ALICE.certificate.fingerprint(hashes.SHA256()).hex(),
    }


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_its_fingerprint_is_known_here(mode: str) -> None:
    side = demanding(mode)
    met = client_meets(side, "pool.example", client(ALICE))
    shown = side.facts(met.ours.connection).certificate
    assert shown == ALICE.certificate.fingerprint(hashes.SHA256())
    met.close()


def test_where_none_is_shown_or_asked_for_there_is_no_fingerprint() -> None:
    for side in (demanding("optional"), demanding("none")):
        met = client_meets(side, "pool.example", client(None))
        assert side.facts(met.ours.connection).certificate == b""
        met.close()


def test_the_certificate_itself_can_be_told() -> None:
    lines = told(demanding(forward=["certificate"]), ALICE)
    assert unquote(lines["X-SSL-Client-Certificate"]) == ALICE.certificate_pem.decode()


def test_who_shows_none_is_refused_or_said_to_have_none() -> None:
    assert "sent no certificate" in refused(demanding("required"), None)
    assert told(demanding("optional"), None) == {"X-SSL-Client-Verify": "NONE"}


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_a_stranger_is_refused_even_where_none_is_fine(mode: str) -> None:
    assert "'mallory', 'Nobody', is unknown" in refused(demanding(mode), MALLORY)


def test_an_expired_client_is_refused() -> None:
    assert "has expired" in refused(demanding(), STAFF.leaf("old", days=(-9, -1)))


def test_nothing_is_asked_without_the_demand() -> None:
    settings = ClientCertificateSettings()
    demand = ClientCertificates(settings, {})
    side = ClientSide([identity(POOL)], POLICIES["intermediate"], alpn=(), demand=demand)
    assert told(side, ALICE) == {}
    assert demand.fields == ()


def test_names_of_certificates_cannot_forge_fields() -> None:
    evil = STAFF.leaf("x\r\nX-Admin: yes")
    lines = told(demanding(), evil)
    assert "X-Admin" not in lines
    assert set(lines) <= {
        "X-SSL-Client-Verify",
        "X-SSL-Client-Subject",
        "X-SSL-Client-Issuer",
        "X-SSL-Client-Serial",
        "X-SSL-Client-Fingerprint",
    }


def test_every_field_that_could_be_told_is_ours_alone() -> None:
    assert set(FIELDS) == {
        b"x-ssl-client-verify",
        b"x-ssl-client-subject",
        b"x-ssl-client-issuer",
        b"x-ssl-client-serial",
        b"x-ssl-client-fingerprint",
        b"x-ssl-client-certificate",
    }


def revocation_list(*revoked: Issued, by: Authority = STAFF) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(now - timedelta(days=1))
        .next_update(now + timedelta(days=1))
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder(each.certificate.serial_number, now).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(by.key, hashes.SHA256())


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_the_revoked_are_refused(tmp_path: Path, form: Encoding) -> None:
    path = tmp_path / "staff.crl"
    bob = STAFF.leaf("bob")
    path.write_bytes(revocation_list(bob).public_bytes(form))
    side = demanding(revocation_list=str(path))
    assert told(side, ALICE)["X-SSL-Client-Verify"] == "SUCCESS"
    assert "'bob' has been revoked" in refused(side, bob)


def test_an_authority_that_is_revoked_vouches_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "all.crl"
    teams = [STAFF.intermediate(name) for name in ("Good Team", "Bad Team")]
    lists = [revocation_list(teams[1]), *(revocation_list(by=team) for team in teams)]
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in lists))
    side = demanding(revocation_list=str(path))
    good, bad = (team.leaf("carol") for team in teams)
    assert told(side, good, teams[0])["X-SSL-Client-Verify"] == "SUCCESS"
    assert "'Bad Team' has been revoked" in refused(side, bad, teams[1])


def test_what_is_missing_is_said_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(Misfit, match="there is no 'staff'") as caught:
        ClientCertificates(ClientCertificateSettings(mode="required", authorities="staff"), {})
    assert caught.value.at == ("authorities",)
    with pytest.raises(ValidationError, match="authorities is required"):
        ClientCertificateSettings(mode="required")
    for path, words in [(tmp_path / "no", "cannot read"), (tmp_path, "cannot read")]:
        with pytest.raises(Misfit, match=words):
            demanding(revocation_list=str(path))
    (tmp_path / "bad").write_text("-----END X509 CRL-----")
    with pytest.raises(Misfit, match="no revocation list"):
        demanding(revocation_list=str(tmp_path / "bad"))
