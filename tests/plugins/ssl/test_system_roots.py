"""The roots of the system are read, and one odd among them hides no other."""

from pathlib import Path

import pytest

from kit.certificates import Authority
from pointsman_ssl.system_roots import known_roots, system_roots

ROOT, OTHER = Authority.root(), Authority.root("Other Root")


def test_roots_are_read_from_the_usual_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roots.pem"
    broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    file.write_bytes(ROOT.certificate_pem + broken + OTHER.certificate_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert system_roots() == (ROOT.certificate, OTHER.certificate)
    assert known_roots() == {ROOT.certificate.subject, OTHER.certificate.subject}


def test_a_damaged_file_gives_what_stands_before_the_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(ROOT.certificate_pem + OTHER.certificate_pem[:100])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert system_roots() == (ROOT.certificate,)
