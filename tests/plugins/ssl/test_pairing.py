"""Leaf and key find each other by public key, or it is said why they do not."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kit.certificates import Authority, another_rsa_key, self_signed
from pointsman_ssl.certificate import spki
from pointsman_ssl.pairing import likely_leaf, paired
from pointsman_ssl.problems import CertificateError, Trouble
from pointsman_ssl.reading import contents

NOW = datetime.now(UTC)
ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("a.example", key=another_rsa_key())
OTHER = MIDDLE.leaf("b.example")


def test_the_leaf_is_the_one_with_the_key() -> None:
    text = ROOT.certificate_pem + LEAF.key_pem + MIDDLE.certificate_pem + LEAF.certificate_pem
    pair = paired(contents(text), NOW)
    assert pair.leaf == LEAF.certificate
    assert spki(pair.key) == spki(LEAF.key)
    assert pair.others == (ROOT.certificate, MIDDLE.certificate)
    assert pair.findings == ()
    assert "key" not in repr(pair)


def test_of_an_old_and_a_new_certificate_for_one_key_the_new_one_is_used() -> None:
    old = MIDDLE.leaf("a.example", key=LEAF.key, days=(-30, -1))
    future = MIDDLE.leaf("a.example", key=LEAF.key, days=(10, 400))
    for order in ([LEAF, old, future], [future, old, LEAF]):
        text = b"".join(one.certificate_pem for one in order) + LEAF.key_pem
        pair = paired(contents(text), NOW)
        assert pair.leaf == LEAF.certificate
        assert pair.others == ()
        (finding,) = pair.findings
        assert finding.trouble is Trouble.OLDER_LEFT_OUT


def test_the_key_of_an_authority_beside_that_of_its_leaf_is_warned_of() -> None:
    pair = paired(contents(ROOT.pem + ROOT.leaf("x.example").pem), NOW)
    assert pair.leaf != ROOT.certificate
    (finding,) = pair.findings
    assert finding.trouble is Trouble.CA_KEY
    assert "'Test Root'" in finding.message
    assert paired(contents(ROOT.pem), NOW).leaf == ROOT.certificate


WEAK = self_signed("weak.example", kind="rsa1024")


@pytest.mark.parametrize(
    ("text", "trouble", "told"),
    [
        (LEAF.key_pem, Trouble.NO_CERTIFICATE, "only a private key"),
        (LEAF.certificate_pem, Trouble.NO_KEY, "no private key for 'a.example'"),
        (
            MIDDLE.certificate_pem + LEAF.certificate_pem + OTHER.key_pem,
            Trouble.KEY_MISMATCH,
            "the private key (ECDSA P-256) does not belong to 'a.example' (RSA 2048)",
        ),
        (LEAF.pem + OTHER.pem, Trouble.TWO_LEAVES, "'a.example' and 'b.example'"),
        (WEAK.pem, Trouble.WEAK_KEY, "'weak.example' is too weak: RSA 1024"),
    ],
)
def test_what_cannot_be_paired(text: bytes, trouble: Trouble, told: str) -> None:
    with pytest.raises(CertificateError) as raised:
        paired(contents(text), NOW)
    assert raised.value.finding.trouble is trouble
    assert told in str(raised.value)


def test_a_request_in_place_of_a_certificate_is_named() -> None:
    text = b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(CertificateError, match="no certificate here, but a certificate request"):
        paired(contents(text + LEAF.key_pem), NOW)


def test_a_key_of_no_use_to_tls_matches_nothing() -> None:
    key = dsa.generate_private_key(1024)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(CertificateError, match=r"the private key \(DSA\) does not belong"):
        paired(contents(LEAF.certificate_pem + text), NOW)


def test_the_likely_leaf_issued_none_of_the_others() -> None:
    chain = [ROOT.certificate, MIDDLE.certificate, LEAF.certificate]
    assert likely_leaf(chain) == LEAF.certificate
    assert likely_leaf(chain[:2]) == MIDDLE.certificate
    assert likely_leaf(chain[:1]) == ROOT.certificate
