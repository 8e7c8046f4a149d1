"""Every form of private key is read, and no failure shows any of it."""

from collections.abc import Callable
from typing import Literal

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kit.certificates import Key, KeyKind, key_bytes, make_key
from pointsman_ssl import keys
from pointsman_ssl.certificate import spki
from pointsman_ssl.problems import CertificateError, Trouble

FORMS: list[Literal["pkcs8", "traditional"]] = ["pkcs8", "traditional"]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("password", [None, "pässword"])
def test_pem(kind: KeyKind, form: Literal["pkcs8", "traditional"], password: str | None) -> None:
    key = make_key(kind)
    text = key_bytes(key, form, password.encode() if password else None)
    read = keys.from_pem(text, password, encrypted=password is not None)
    assert spki(read) == spki(key)


def test_der() -> None:
    key: Key = make_key()
    plain = key_bytes(key, encoding=Encoding.DER)
    assert spki(keys.from_der(plain, "not needed", encrypted=False)) == spki(key)
    secret = key_bytes(key, password=b"x", encoding=Encoding.DER)
    assert spki(keys.from_der(secret, "x", encrypted=True)) == spki(key)


ENCRYPTED = key_bytes(make_key(), password=b"right")
OLD = key_bytes(make_key(), "traditional", b"right")
PLAIN = key_bytes(make_key())


@pytest.mark.parametrize(
    ("read", "trouble"),
    [
        (lambda: keys.from_pem(ENCRYPTED, None, encrypted=True), Trouble.NEEDS_PASSWORD),
        (lambda: keys.from_pem(ENCRYPTED, "", encrypted=True), Trouble.NEEDS_PASSWORD),
        (lambda: keys.from_pem(ENCRYPTED, "hunter2", encrypted=True), Trouble.WRONG_PASSWORD),
        (lambda: keys.from_pem(OLD, "hunter2", encrypted=True), Trouble.WRONG_PASSWORD),
        (lambda: keys.from_pem(PLAIN[:60] + PLAIN[90:], None, encrypted=False), Trouble.DAMAGED),
        (lambda: keys.from_der(b"0\x03\x02\x01\x00", None, encrypted=False), Trouble.DAMAGED),
    ],
)
def test_what_is_wrong_is_said_and_nothing_shown(
    read: Callable[[], object], trouble: Trouble
) -> None:
    with pytest.raises(CertificateError) as raised:
        read()
    assert raised.value.finding.trouble is trouble
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None
