"""The lab's files are what a Windows authority and an export of a certificate leave behind."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from pointsman.app.demo.lync.lab import IMPOSTOR, PASSWORD, PFX, POOL_NAMES, ROOT, Lab


def names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def test_the_root_is_der_and_has_issued_the_rest(tmp_path: Path) -> None:
    Lab(tmp_path).make({"fe1": "127.0.0.41"})
    root = x509.load_der_x509_certificate((tmp_path / ROOT).read_bytes())
    key, certificate, more = pkcs12.load_key_and_certificates(
        (tmp_path / PFX).read_bytes(), PASSWORD.encode()
    )
    assert key is not None
    assert certificate is not None
    assert more == []
    assert names(certificate) == [*POOL_NAMES]
    certificate.verify_directly_issued_by(root)
    own = x509.load_pem_x509_certificate((tmp_path / "fe1.pem").read_bytes())
    own.verify_directly_issued_by(root)
    assert names(own) == ["fe1.jds.net", *POOL_NAMES]


def test_what_holds_a_key_is_for_nobody_else(tmp_path: Path) -> None:
    Lab(tmp_path).make({"fe1": "127.0.0.41"})
    for name in (PFX, "fe1.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_an_impostor_has_the_names_and_another_issuer(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert lab.impostor() == IMPOSTOR
    shown = x509.load_pem_x509_certificate((tmp_path / IMPOSTOR).read_bytes())
    assert names(shown) == [*POOL_NAMES]
    with pytest.raises(ValueError, match="does not match certificate issuer"):
        shown.verify_directly_issued_by(lab.authority.certificate)
    assert stat.S_IMODE((tmp_path / IMPOSTOR).stat().st_mode) == 0o600
