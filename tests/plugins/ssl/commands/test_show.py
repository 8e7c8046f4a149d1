"""What `pointsman cert show` prints of a file, and how it ends."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from kit.certificates import Authority, pfx
from pointsman_ssl.commands.show import show

DATA = Path(__file__).parents[3] / "data"
ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("a.example", "*.b.example")


def shown(folder: Path, data: bytes, *options: str, status: int = 0) -> str:
    path = folder / "any"
    path.write_bytes(data)
    path.chmod(0o600)
    run = CliRunner().invoke(show, [str(path), *options])
    assert run.exit_code == status, run.output
    return run.output


def test_a_chain_is_drawn_as_a_tree(tmp_path: Path) -> None:
    text = shown(tmp_path, LEAF.pem + ROOT.certificate_pem + MIDDLE.certificate_pem)
    lines = text.splitlines()
    assert "found   PEM: certificate" in lines
    assert "key     ECDSA P-256" in lines
    root, middle, leaf = (
        next(line for line in lines if name in line)
        for name in ("Test Root", "Test Intermediate", "a.example")
    )
    assert (root.index("Test"), middle.index("Test"), leaf.index("a.")) == (0, 4, 8)
    assert "for a.example, *.b.example" in text
    assert "89 days left" in text
    assert "nothing is wrong with it" in text
    assert "PRIVATE" not in text


def test_a_pfx_with_its_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("x\n")
    text = shown(tmp_path, pfx(LEAF, b"x", [MIDDLE, ROOT]), "--password-file", str(password))
    assert "found   PKCS#12, AES-256" in text
    text = shown(tmp_path, pfx(LEAF, b"x"), status=1)
    assert text.startswith("error: any: the PKCS#12 file needs its password")


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (LEAF.certificate_der, 0, "no private key here"),
        (LEAF.certificate_der, 0, "the issuer of 'a.example' (*.b.example) is missing"),
        (LEAF.certificate_der, 0, "missing here"),
        (ROOT.certificate_pem + MIDDLE.certificate_pem, 0, "Test Intermediate"),
        (LEAF.certificate_pem + ROOT.key_pem, 1, "error   the private key"),
        (LEAF.key_pem, 1, "error   there is no certificate here"),
        (b"nonsense", 1, "neither PEM nor DER"),
        (
            LEAF.pem + MIDDLE.certificate_pem + Authority.root("X [red]").certificate_pem,
            0,
            "not used: X [red]",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, status: int, told: str) -> None:
    assert told in shown(tmp_path, data, status=status)
