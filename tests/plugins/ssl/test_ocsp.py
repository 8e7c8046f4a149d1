"""Answers of OCSP responders are believed only when all of it is right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from kit.certificates import Authority
from kit.ocsp import REVOKED, response
from pointsman_ssl.ocsp import checked, question

ROOT = Authority.root()
RSA = Authority.root("RSA Root", kind="rsa")
OTHER = Authority.root("Test Root")  # the same name, another key
LEAF = ROOT.leaf("pool.example")
SIGNING = [ExtendedKeyUsageOID.OCSP_SIGNING]
DELEGATE = ROOT.leaf(common_name="OCSP", uses=SIGNING)
MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


def judged(der: bytes) -> datetime:
    return checked(der, LEAF.certificate, ROOT.certificate, datetime.now(UTC)).until


def test_the_question_names_the_certificate_and_its_issuer() -> None:
    asked = ocsp.load_der_ocsp_request(question(LEAF.certificate, ROOT.certificate))
    assert asked.serial_number == LEAF.certificate.serial_number


@pytest.mark.parametrize(
    "der",
    [
        response(LEAF, ROOT),
        response(LEAF, ROOT, algorithm=hashes.SHA256()),
        response(LEAF, ROOT, signer=DELEGATE),
        response(LEAF, ROOT, begins=4 * MINUTES),
    ],
    ids=["by the issuer", "named by sha-256", "by whom it has set up", "a clock a little late"],
)
def test_a_good_answer_is_good_until_its_end(der: bytes) -> None:
    assert timedelta(days=3) < judged(der) - datetime.now(UTC) <= timedelta(days=4)
    assert checked(der, LEAF.certificate, ROOT.certificate, datetime.now(UTC)).der == der


def test_keys_of_both_kinds_sign() -> None:
    leaf = RSA.leaf("pool.example", kind="rsa")
    der = response(leaf, RSA)
    assert checked(der, leaf.certificate, RSA.certificate, datetime.now(UTC)).der == der


def test_without_a_next_update_it_is_good_for_an_hour() -> None:
    left = judged(response(LEAF, ROOT, begins=-10 * MINUTES, ends=None)) - datetime.now(UTC)
    assert timedelta(minutes=48) < left < timedelta(minutes=51)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "revoked": (lambda: response(LEAF, ROOT, status=REVOKED), "was revoked on"),
    "unknown": (
        lambda: response(LEAF, ROOT, status=ocsp.OCSPCertStatus.UNKNOWN),
        "does not know the certificate",
    ),
    "out of date": (lambda: response(LEAF, ROOT, begins=-9 * HOURS, ends=-HOURS), "out of date"),
    "no next, and old": (lambda: response(LEAF, ROOT, begins=-2 * HOURS, ends=None), "out of date"),
    "of the future": (lambda: response(LEAF, ROOT, begins=HOURS), "is the clock right?"),
    "of another certificate": (
        lambda: response(ROOT.leaf("pool.example"), ROOT),
        "about another certificate",
    ),
    "of another authority": (lambda: response(LEAF, OTHER), "about another certificate"),
    "signed by another": (
        lambda: response(LEAF, ROOT, signer=OTHER.leaf(common_name="OCSP", uses=SIGNING)),
        "not signed by the issuer",
    ),
    "signed by a leaf not meant for it": (
        lambda: response(LEAF, ROOT, signer=ROOT.leaf("evil.example")),
        "not signed by the issuer",
    ),
    "signed by an expired one": (
        lambda: response(
            LEAF, ROOT, signer=ROOT.leaf(common_name="OCSP", uses=SIGNING, days=(-9, -2))
        ),
        "not signed by the issuer",
    ),
    "changed on the way": (
        lambda: response(LEAF, ROOT)[:-1] + b"\0",
        "not signed by the issuer",
    ),
    "a refusal": (
        lambda: ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.TRY_LATER
        ).public_bytes(Encoding.DER),
        "refuses: try later",
    ),
    "nonsense": (lambda: b"<html>", "no OCSP response"),
    "nothing": (lambda: b"", "no OCSP response"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_all_others_are_refused(case: str) -> None:
    made, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        judged(made())


@given(st.integers(0, len(response(LEAF, ROOT)) - 1), st.integers(0, 255))
def test_nothing_but_a_value_error_comes_out(place: int, octet: int) -> None:
    der = bytearray(response(LEAF, ROOT))
    place = min(place, len(der) - 1)
    der[place] = octet
    with suppress(ValueError):
        checked(bytes(der), LEAF.certificate, ROOT.certificate, datetime.now(UTC))
