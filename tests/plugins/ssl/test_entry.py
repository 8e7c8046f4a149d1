"""A certificate as the configuration wants it, with and without OCSP responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.certificates import Authority, Issued
from kit.tls_site import write_private
from pointsman_ssl.entry import Entry
from pointsman_ssl.problems import CertificateError, Trouble
from pointsman_ssl.settings import AUTO
from pointsman_ssl.source import Source
from pointsman_ssl.stapling import AnswerSource

ROOT = Authority.root()
URL = "http://ocsp.example/"


def entry(folder: Path, leaf: Issued, answers: AnswerSource | None, *issuers: Issued) -> Entry:
    write_private(folder / "pool.pem", leaf.pem)
    certificates = [issuer.certificate for issuer in issuers]
    return Entry("Pool", Source((folder / "pool.pem",)), answers, certificates)


def test_without_a_wish_nothing_is_stapled(tmp_path: Path) -> None:
    made = entry(tmp_path, ROOT.leaf("pool.example", ocsp=URL), None, ROOT).again()
    assert made.identity.stapling is None
    assert made.identity.issuer == ROOT.certificate


@pytest.mark.parametrize("wish", [AnswerSource(url=AUTO), AnswerSource(url=URL)])
def test_the_responder_is_that_of_the_certificate_or_of_the_setting(
    tmp_path: Path, wish: AnswerSource
) -> None:
    leaf = ROOT.leaf("pool.example", ocsp=URL if wish.url == AUTO else "")
    stapling = entry(tmp_path, leaf, wish, ROOT).again().identity.stapling
    assert stapling is not None
    assert stapling.source == AnswerSource(url=URL)
    assert str(stapling.source) == URL


@pytest.mark.parametrize("url", ["", "ldap://ocsp.example/"])
def test_a_certificate_without_responder_is_told(tmp_path: Path, url: str) -> None:
    leaf = ROOT.leaf("pool.example", ocsp=url)
    with pytest.raises(CertificateError, match="names no OCSP responder") as caught:
        entry(tmp_path, leaf, AnswerSource(url=AUTO), ROOT).again()
    assert (caught.value.finding.trouble, caught.value.finding.part) == (
        Trouble.NO_RESPONDER,
        "ocsp",
    )


def test_the_issuer_must_be_at_hand(tmp_path: Path) -> None:
    leaf = ROOT.leaf("pool.example", ocsp=URL)
    with pytest.raises(CertificateError, match="which is missing here") as caught:
        entry(tmp_path, leaf, AnswerSource(tmp_path / "file")).again()
    assert caught.value.finding.part == "ocsp"
