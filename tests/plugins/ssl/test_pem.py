"""PEM blocks are found whatever stands around them."""

import pytest

from kit.certificates import Authority, key_bytes, make_key
from pointsman_ssl.pem import armoured, blocks, is_pem
from pointsman_ssl.problems import CertificateError, Trouble

ROOT = Authority.root()


def test_blocks_in_any_company() -> None:
    text = b"Bag Attributes\n  name: x\n" + ROOT.certificate_pem + b"junk -----\n" + ROOT.key_pem
    found = list(blocks(text))
    assert [block.label for block in found] == ["CERTIFICATE", "PRIVATE KEY"]
    assert found[0].der == ROOT.certificate_der
    assert found[1].text == ROOT.key_pem
    assert not found[1].encrypted
    assert is_pem(text)
    assert not is_pem(ROOT.certificate_der)


@pytest.mark.parametrize("change", ["crlf", "indented", "one line", "no end of line", "cr"])
def test_odd_lines_are_read(change: str) -> None:
    text = ROOT.certificate_pem
    if change in ("crlf", "cr"):
        text = text.replace(b"\n", b"\r\n" if change == "crlf" else b"\r")
    elif change == "indented":
        text = b"".join(b"    " + line + b" \n" for line in text.splitlines())
    elif change == "one line":
        head, *lines, tail = text.splitlines()
        text = head + b"".join(lines) + tail
    else:
        text = text.rstrip()
    (block,) = blocks(text)
    assert block.der == ROOT.certificate_der


def test_the_headers_of_an_old_encrypted_key_are_kept() -> None:
    text = key_bytes(make_key("rsa"), "traditional", b"password")
    (block,) = blocks(text)
    assert block.encrypted
    assert block.text.replace(b"\n", b"") == text.replace(b"\n", b"")
    assert "bytes" in repr(block)
    assert "DEK" not in repr(block)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (ROOT.certificate_pem[:-40], Trouble.CUT_OFF),
        (ROOT.certificate_pem[:-40] + ROOT.certificate_pem, Trouble.CUT_OFF),
        (b"-----BEGIN CERT", Trouble.CUT_OFF),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n", Trouble.CUT_OFF),
        (b"-----BEGIN A-----\n!!!!\n-----END A-----", Trouble.DAMAGED),
        (b"-----BEGIN A-----\nAAA\n-----END A-----", Trouble.DAMAGED),
        (b"-----BEGIN A-----\n-----END A-----", Trouble.DAMAGED),
    ],
)
def test_broken_blocks(text: bytes, trouble: Trouble) -> None:
    with pytest.raises(CertificateError) as raised:
        list(blocks(text))
    assert raised.value.finding.trouble is trouble


def test_armour_is_what_others_write() -> None:
    assert armoured("CERTIFICATE", ROOT.certificate_der) == ROOT.certificate_pem
