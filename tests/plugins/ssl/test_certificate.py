"""What a certificate says of itself comes out in words, even if it says it badly."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from kit.certificates import Authority, make_key, self_signed
from pointsman_ssl import certificate as read

ROOT = Authority.root()


def test_names_and_addresses() -> None:
    leaf = ROOT.leaf("Pool.Example", "*.web.example", "127.0.0.1", "::1").certificate
    assert read.dns_names(leaf) == ("pool.example", "*.web.example")
    addresses = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
    assert read.addresses(leaf) == addresses
    bare = ROOT.leaf(common_name="old").certificate
    assert read.dns_names(bare) == ()
    assert read.addresses(bare) == ()


def test_it_is_called_by_its_subject_and_a_few_names() -> None:
    assert read.called(ROOT.certificate) == "'Test Root'"
    assert read.called(ROOT.leaf("a.example").certificate) == "'a.example'"
    many = ROOT.leaf("a.example", "b.example", "c.example", "d.example", "10.0.0.1").certificate
    assert read.called(many) == "'a.example' (b.example, c.example, d.example and 1 more)"


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\x1b[31m\nb")])
    assert read.subject_words(name) == "a?[31m?b"
    organization = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Jds")
    assert read.subject_words(x509.Name([organization])) == "O=Jds"
    assert read.subject_words(x509.Name([])) == "a subject without a name"


@pytest.mark.parametrize(
    ("kind", "words"), [("ec", "ECDSA P-256"), ("p384", "ECDSA P-384"), ("rsa", "RSA 2048")]
)
def test_kinds_of_keys(kind: str, words: str) -> None:
    leaf = ROOT.leaf("a.example", kind=kind)  # type: ignore[arg-type]
    assert read.key_type(leaf.certificate) == words
    assert read.key_words(leaf.key) == words
    assert read.spki(leaf.key) == read.spki(leaf.certificate)
    assert read.spki(make_key()) != read.spki(leaf.certificate)


def test_rights_time_and_issuer() -> None:
    now = datetime.now(UTC)
    issuer, responder = "http://ca.example/root.cer", "http://ocsp.example/"
    leaf = ROOT.leaf("a.example", aia=issuer, ocsp=responder, days=(-1, 10)).certificate
    assert read.is_ca(ROOT.certificate)
    assert not read.is_ca(leaf)
    assert read.is_self_issued(self_signed("x").certificate)
    assert not read.is_self_issued(leaf)
    assert read.issuer_urls(leaf) == ("http://ca.example/root.cer",)
    assert read.issuer_urls(ROOT.certificate) == ()
    assert read.ocsp_urls(leaf) == ("http://ocsp.example/",)
    assert read.days_left(leaf, now) == 9
    assert read.days_left(leaf, now + timedelta(days=11)) == -2
    assert read.is_valid(leaf, now)
    assert not read.is_valid(leaf, now - timedelta(days=2))
    assert len(read.fingerprint(leaf)) == 64


def test_damaged_ones_raise_nothing_but_a_value_error() -> None:
    good = ROOT.certificate_der
    assert read.decoded(good) == ROOT.certificate
    for cut in range(0, len(good), 7):
        with pytest.raises(ValueError, match=r".*"):
            read.decoded(good[:cut])
