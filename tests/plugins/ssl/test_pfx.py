"""PFX files of today and of 2012 are opened; a wrong password is said to be one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.certificates import Authority, another_rsa_key, pfx
from kit.programs import NeedsProgram
from pointsman_ssl.certificate import dns_names, spki
from pointsman_ssl.pfx import ciphers_of, opened
from pointsman_ssl.problems import CertificateError, Trouble

DATA = Path(__file__).parents[2] / "data"
OLD = (DATA / "windows_2012_rc2_40.pfx").read_bytes()

ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("pool.example", key=another_rsa_key())


def test_an_export_of_2012_is_opened() -> None:
    found = opened(OLD, "password")
    assert found.form == "PKCS#12, RC2-40 and 3DES"
    leaf, root = found.certificates
    assert dns_names(leaf) == ("poolweb.jds.net", "lyncdiscover.jds.net", "*.meet.jds.net")
    assert root.issuer == root.subject == leaf.issuer
    assert found.key is not None
    assert spki(found.key) == spki(leaf)
    assert "PrivateKey" not in repr(found)


def test_one_of_today_is_opened() -> None:
    found = opened(pfx(LEAF, "pässword".encode(), [MIDDLE, ROOT]), "pässword")
    assert found.form == "PKCS#12, AES-256"
    wanted = {LEAF.certificate, MIDDLE.certificate, ROOT.certificate}
    assert set(found.certificates) == wanted
    assert found.certificates[0] == LEAF.certificate


@pytest.mark.parametrize("password", [None, ""])
def test_one_without_a_password_is_opened(password: str | None) -> None:
    assert opened(pfx(LEAF, None), password).certificates == (LEAF.certificate,)


@pytest.mark.parametrize("data", [OLD, pfx(LEAF, b"password")])
@pytest.mark.parametrize(
    ("password", "trouble"),
    [
        (None, Trouble.NEEDS_PASSWORD),
        ("", Trouble.NEEDS_PASSWORD),
        ("hunter2", Trouble.WRONG_PASSWORD),
        ("Password", Trouble.WRONG_PASSWORD),
    ],
)
def test_a_wrong_password(data: bytes, password: str | None, trouble: Trouble) -> None:
    with pytest.raises(CertificateError) as raised:
        opened(data, password)
    assert raised.value.finding.trouble is trouble
    assert raised.value.finding.part == "password"
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "ciphers", [["-legacy"], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]]
)
def test_what_the_program_exports_is_opened(
    ciphers: list[str], tmp_path: Path, needs_program: NeedsProgram
) -> None:
    openssl = needs_program("openssl", package="openssl")
    (tmp_path / "in.pem").write_bytes(LEAF.pem + MIDDLE.certificate_pem)
    out = tmp_path / "out.pfx"
    command = [openssl, "pkcs12", "-export", "-in", "in.pem", "-out", str(out)]
    run = subprocess.run(
        [*command, *ciphers, "-passout", "pass:password"],
        cwd=tmp_path,
        capture_output=True,
        timeout=30,
    )
    if run.returncode and "-legacy" in ciphers:
        pytest.skip("this openssl has no legacy provider")
    assert run.returncode == 0, run.stderr
    found = opened(out.read_bytes(), "password")
    assert found.certificates == (LEAF.certificate, MIDDLE.certificate)
    assert found.form.endswith(("RC2-40 and 3DES", "PKCS#12, 3DES"))


def test_an_openssl_told_not_to_know_rc2_says_so() -> None:
    program = (
        "import sys; from pointsman_ssl.pfx import opened\n"
        "from pointsman_ssl.problems import CertificateError\n"
        "try: opened(sys.stdin.buffer.read(), 'password')\n"
        "except CertificateError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=OLD,
        capture_output=True,
        timeout=60,
        env={**os.environ, "CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1"},
    )
    told = run.stdout.decode()
    assert "encrypted with RC2-40, which this OpenSSL is told not to know" in told, run.stderr
    assert "unset CRYPTOGRAPHY_OPENSSL_NO_LEGACY" in told


def test_ciphers_are_named_in_their_order() -> None:
    assert ciphers_of(OLD) == ("RC2-40", "3DES")
    assert ciphers_of(b"nothing") == ()
