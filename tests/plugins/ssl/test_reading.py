"""Anything is read by its content; what cannot be is refused in words that help."""

import base64
import random
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from kit.certificates import Authority, key_bytes, make_key, pfx
from pointsman_ssl.certificate import spki
from pointsman_ssl.problems import CertificateError, Trouble
from pointsman_ssl.reading import MOST_BYTES, Contents, contents

DATA = Path(__file__).parents[2] / "data"

ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("pool.example")
CHAIN = [LEAF.certificate, MIDDLE.certificate, ROOT.certificate]
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def found(data: bytes, password: str | None = None) -> tuple[int, int, list[str]]:
    read = contents(data, password)
    return len(read.certificates), len(read.keys), read.forms


def test_a_bundle_in_any_order_with_anything_between() -> None:
    parts = [LEAF.certificate_pem, MIDDLE.certificate_pem, ROOT.certificate_pem, LEAF.key_pem]
    for seed in range(8):
        mixed = random.Random(seed).sample([*parts, PARAMETERS, LEAF.certificate_pem], 6)
        read = contents(b"subject=/CN=x\r\n\r\n".join(mixed) + b"\n# the end")
        assert set(read.certificates.values()) == set(CHAIN)
        assert list(read.keys) == [spki(LEAF.key)]
        assert read.others == ["EC PARAMETERS"]


@pytest.mark.parametrize(
    ("data", "password", "expected"),
    [
        (LEAF.certificate_der, None, (1, 0, ["DER: certificate"])),
        (base64.encodebytes(LEAF.certificate_der), None, (1, 0, ["DER: certificate"])),
        (pkcs7.serialize_certificates(CHAIN, Encoding.DER), None, (3, 0, ["DER: PKCS#7"])),
        (pkcs7.serialize_certificates(CHAIN, Encoding.PEM), None, (3, 0, ["PEM: PKCS#7"])),
        (pfx(LEAF, b"x", [MIDDLE, ROOT]), "x", (3, 1, ["PKCS#12, AES-256"])),
        (pfx(LEAF, None, [MIDDLE]), None, (2, 1, ["PKCS#12"])),
        (pfx(LEAF, b"x", with_key=False), "x", (1, 0, ["PKCS#12, AES-256"])),
        (PARAMETERS + key_bytes(LEAF.key, "traditional"), None, (0, 1, ["PEM: SEC1 key"])),
        (key_bytes(make_key("rsa"), "traditional"), None, (0, 1, ["PEM: PKCS#1 key"])),
        (
            key_bytes(make_key("rsa"), "traditional", b"x"),
            "x",
            (0, 1, ["PEM: encrypted PKCS#1 key"]),
        ),
        (key_bytes(LEAF.key, password=b"x"), "x", (0, 1, ["PEM: encrypted PKCS#8 key"])),
        (key_bytes(LEAF.key), "not needed", (0, 1, ["PEM: PKCS#8 key"])),
        (key_bytes(LEAF.key, encoding=Encoding.DER), None, (0, 1, ["DER: PKCS#8 key"])),
        (
            key_bytes(LEAF.key, "traditional", encoding=Encoding.DER),
            None,
            (0, 1, ["DER: SEC1 key"]),
        ),
        (
            key_bytes(LEAF.key, password=b"x", encoding=Encoding.DER),
            "x",
            (0, 1, ["DER: encrypted PKCS#8 key"]),
        ),
        (b"\xef\xbb\xbf" + LEAF.certificate_pem, None, (1, 0, ["PEM: certificate"])),
        (LEAF.certificate_pem.decode().encode("utf-16"), None, (1, 0, ["PEM: certificate"])),
        (LEAF.certificate_der + b"\r\n", None, (1, 0, ["DER: certificate"])),
    ],
)
def test_every_form(
    data: bytes, password: str | None, expected: tuple[int, int, list[str]]
) -> None:
    assert found(data, password) == expected


def test_trusted_certificates_of_openssl_are_read() -> None:
    coded = base64.encodebytes(
        LEAF.certificate_der + b"0\x0c0\n\x06\x08+\x06\x01\x05\x05\x07\x03\x01"
    )
    label = b"TRUSTED CERTIFICATE-----\n"
    read = contents(b"-----BEGIN " + label + coded + b"-----END " + label)
    assert list(read.certificates.values()) == [LEAF.certificate]


@pytest.mark.parametrize(
    ("data", "trouble", "told"),
    [
        (b"", Trouble.EMPTY, "the file is empty"),
        (b" \r\n", Trouble.EMPTY, "the file is empty"),
        (b"0" * (MOST_BYTES + 1), Trouble.TOO_LARGE, "more than 8 MiB"),
        (b"just some text", Trouble.UNKNOWN_FORM, "neither PEM nor DER"),
        (b"<!DOCTYPE html><html>", Trouble.UNKNOWN_FORM, "this is a web page"),
        (b"\xfe\xed\xfe\xed\0\0\0\2", Trouble.UNKNOWN_FORM, "Java keystore (keytool -import"),
        (b"ssh-rsa AAAAB3Nza x@y", Trouble.UNKNOWN_FORM, "a public key of SSH"),
        (LEAF.certificate_der[:-9], Trouble.CUT_OFF, "the certificate is cut off: it says"),
        (pfx(LEAF, b"x")[:-9], Trouble.CUT_OFF, "the PKCS#12 is cut off: it says"),
        (
            LEAF.certificate_der[:40] + bytes(20) + LEAF.certificate_der[60:],
            Trouble.DAMAGED,
            "a certificate is damaged",
        ),
        (
            pkcs7.serialize_certificates(CHAIN, Encoding.DER)[:30] + bytes(9000),
            Trouble.DAMAGED,
            "a PKCS#7 file is damaged",
        ),
        (LEAF.certificate_pem + LEAF.key_pem[:100], Trouble.CUT_OFF, "no END line of its own"),
    ],
)
def test_what_cannot_be_read(data: bytes, trouble: Trouble, told: str) -> None:
    with pytest.raises(CertificateError) as raised:
        contents(data)
    assert raised.value.finding.trouble is trouble
    assert told in str(raised.value)


def test_what_is_no_certificate_is_named() -> None:
    text = b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"
    assert contents(text).others == ["certificate request"]


def test_keys_are_not_shown() -> None:
    assert "PrivateKey" not in repr(contents(LEAF.pem))


SEED = bytearray(LEAF.pem + MIDDLE.certificate_der + pfx(LEAF, None))


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255), st.booleans()).map(
        lambda change: bytes(
            SEED[: change[0]] + bytes([change[1]]) + (SEED[change[0] + 1 :] if change[2] else b"")
        )
    )
)
def test_nothing_but_a_certificate_error_comes_out(data: bytes) -> None:
    with suppress(CertificateError):
        assert isinstance(contents(data, "password"), Contents)
