"""A piece of DER is known by its shape."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
)
from hypothesis import given
from hypothesis import strategies as st

from kit.certificates import Authority, key_bytes, make_key, pfx
from pointsman_ssl.der import Form, form, length

ROOT = Authority.root()
DER = Encoding.DER
DATA = Path(__file__).parents[2] / "data"


def request() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(ROOT.certificate.subject)
    return builder.sign(ROOT.key, SHA256()).public_bytes(DER)


def revocations() -> bytes:
    at = ROOT.certificate.not_valid_before_utc
    builder = x509.CertificateRevocationListBuilder(ROOT.certificate.subject, at, at)
    return builder.sign(ROOT.key, SHA256()).public_bytes(DER)


SAMPLES = [
    (ROOT.certificate_der, Form.CERTIFICATE),
    (request(), Form.REQUEST),
    (revocations(), Form.REVOCATION_LIST),
    (pkcs7.serialize_certificates([ROOT.certificate], DER), Form.PKCS7),
    (pfx(ROOT, b"password"), Form.PKCS12),
    ((DATA / "windows_2012_rc2_40.pfx").read_bytes(), Form.PKCS12),
    (key_bytes(make_key(), encoding=DER), Form.PKCS8),
    (key_bytes(make_key("rsa"), encoding=DER), Form.PKCS8),
    (key_bytes(make_key(), password=b"x", encoding=DER), Form.ENCRYPTED_PKCS8),
    (key_bytes(make_key("rsa"), "traditional", encoding=DER), Form.PKCS1),
    (key_bytes(make_key(), "traditional", encoding=DER), Form.SEC1),
    (
        dsa.generate_private_key(1024).private_bytes(
            DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ),
        Form.DSA,
    ),
    (
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            DER, PrivateFormat.PKCS8, NoEncryption()
        ),
        Form.PKCS8,
    ),
    (
        make_key().public_key().public_bytes(DER, PublicFormat.SubjectPublicKeyInfo),
        Form.PUBLIC_KEY,
    ),
    (b"", Form.UNKNOWN),
    (b"0", Form.UNKNOWN),
    (b"0\x03\x02\x01\x07", Form.UNKNOWN),
    (b"hello, world", Form.UNKNOWN),
]


@pytest.mark.parametrize(("data", "expected"), SAMPLES)
def test_known_by_its_shape(data: bytes, expected: Form) -> None:
    assert form(data) is expected
    if expected is not Form.UNKNOWN:
        assert length(data) == len(data)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"0\x80" + data))
def test_nothing_makes_it_fail(data: bytes) -> None:
    assert isinstance(form(data), Form)


def test_an_open_length_says_nothing() -> None:
    assert length(b"0\x80\x02\x01\x03") is None
