"""Files become an identity, whole or not at all; broken ones are told apart."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.certificates import Authority, key_bytes, pfx, self_signed
from pointsman_ssl.opening import authorities_of, opened, read_files
from pointsman_ssl.problems import CertificateError, Trouble

NOW = datetime.now(UTC)
DATA = Path(__file__).parents[2] / "data"
ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("a.example")
PASSWORD = "hunter2"


def file(folder: Path, name: str, data: bytes, mode: int = 0o600) -> Path:
    path = folder / name
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_several_files_make_one_identity(tmp_path: Path) -> None:
    paths = [
        file(tmp_path, "leaf.cer", LEAF.certificate_der),
        file(tmp_path, "leaf.key", key_bytes(LEAF.key, password=b"x")),
        file(tmp_path, "all.pem", ROOT.certificate_pem + LEAF.certificate_pem),
    ]
    made = opened("mine", read_files(paths, "x"), [MIDDLE.certificate], NOW)
    assert made.identity.name == "mine"
    assert made.identity.chain == (MIDDLE.certificate,)
    assert made.findings == ()


def test_the_export_of_2012_makes_one() -> None:
    made = opened(
        "LyncWebPool", read_files([DATA / "windows_2012_rc2_40.pfx"], "password"), [], NOW
    )
    assert made.identity.dns_names[0] == "poolweb.jds.net"
    assert made.identity.chain == ()  # issued by the root itself


def test_a_key_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    read = read_files([file(tmp_path, "all.pem", LEAF.pem, 0o640)])
    (finding,) = read.findings
    assert finding.trouble is Trouble.OPEN_FILE
    assert "all.pem holds a private key, and others may use the file (mode 0640)" in str(finding)
    public = file(tmp_path, "public.pem", LEAF.certificate_pem, 0o644)
    assert read_files([public]).findings == []


def test_authorities(tmp_path: Path) -> None:
    both = ROOT.certificate_pem + MIDDLE.certificate_pem + ROOT.certificate_pem
    found = authorities_of(file(tmp_path, "ca.pem", both))
    assert found == (ROOT.certificate, MIDDLE.certificate)
    assert authorities_of(file(tmp_path, "ca.cer", ROOT.certificate_der)) == found[:1]
    with pytest.raises(CertificateError, match=r"key\.pem: there is no certificate here"):
        authorities_of(file(tmp_path, "key.pem", ROOT.key_pem))


BROKEN: list[tuple[Callable[[], bytes], str | None, Trouble, str]] = [
    (lambda: pfx(LEAF, b"right"), PASSWORD, Trouble.WRONG_PASSWORD, "wrong password for the PKCS"),
    (lambda: pfx(LEAF, b"right"), None, Trouble.NEEDS_PASSWORD, "the PKCS#12 file needs its pass"),
    (lambda: pfx(LEAF, b"right")[:99], PASSWORD, Trouble.CUT_OFF, "the PKCS#12 is cut off"),
    (lambda: pfx(LEAF, b"hunter2", with_key=False), PASSWORD, Trouble.NO_KEY, "no private key for"),
    (
        lambda: LEAF.certificate_pem + self_signed("b.example").key_pem,
        None,
        Trouble.KEY_MISMATCH,
        "does not belong to 'a.example'",
    ),
    (
        lambda: LEAF.certificate_pem + key_bytes(LEAF.key, password=b"right"),
        PASSWORD,
        Trouble.WRONG_PASSWORD,
        "wrong password for the private key",
    ),
    (
        lambda: LEAF.certificate_pem + key_bytes(LEAF.key, password=b"right"),
        None,
        Trouble.NEEDS_PASSWORD,
        "the private key is encrypted",
    ),
    (lambda: LEAF.key_pem, None, Trouble.NO_CERTIFICATE, "only a private key"),
    (lambda: LEAF.pem + self_signed("b.example").pem, None, Trouble.TWO_LEAVES, "two certificates"),
    (lambda: self_signed("w", kind="rsa1024").pem, None, Trouble.WEAK_KEY, "RSA 1024"),
    (lambda: LEAF.pem[:-60], None, Trouble.CUT_OFF, "no END line"),
    (lambda: LEAF.pem.replace(b"MI", b"!!"), None, Trouble.DAMAGED, "is no base64"),
    (lambda: b"\xfe\xed\xfe\xed" + bytes(99), PASSWORD, Trouble.UNKNOWN_FORM, "Java keystore"),
    (lambda: b"", None, Trouble.EMPTY, "the file is empty"),
]


def refusal(data: bytes, password: str | None, folder: Path) -> CertificateError:
    path = file(folder, "broken.pfx", data)
    with pytest.raises(CertificateError) as raised:
        opened("broken", read_files([path], password), [], NOW)
    return raised.value


@pytest.mark.parametrize(("data", "password", "trouble", "told"), BROKEN)
def test_a_broken_one_says_what_is_wrong(
    data: Callable[[], bytes], password: str | None, trouble: Trouble, told: str, tmp_path: Path
) -> None:
    error = refusal(data(), password, tmp_path)
    assert error.finding.trouble is trouble
    assert told in str(error)
    assert PASSWORD not in str(error)
    assert "-----" not in str(error)


def test_no_two_broken_ones_say_the_same(tmp_path: Path) -> None:
    told = {str(refusal(data(), password, tmp_path)) for data, password, _, _ in BROKEN}
    assert len(told) == len(BROKEN) >= 10


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"cannot read .*gone\.pem: No such file"):
        read_files([tmp_path / "gone.pem"])
    with pytest.raises(CertificateError, match=r"cannot read .*: Is a directory"):
        read_files([tmp_path])
