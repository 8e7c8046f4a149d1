"""Files of a certificate: what they hold, and whether they have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kit.certificates import Authority, key_bytes
from pointsman.contracts import Secret
from pointsman_ssl.problems import CertificateError
from pointsman_ssl.source import Source

LEAF = Authority.root().leaf("pool.example")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "pool.pem").write_bytes(LEAF.certificate_pem)
    (tmp_path / "pool.key").write_bytes(key_bytes(LEAF.key, password=b"hunter2"))
    (tmp_path / "secret").write_text("hunter2\n")
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    password = Secret("", "secret")
    return Source((tmp_path / "pool.pem",), tmp_path / "pool.key", password, tmp_path)


def test_all_files_are_read_with_the_password(source: Source) -> None:
    read = source.read(source.secret())
    assert (len(read.contents.certificates), len(read.contents.keys)) == (1, 1)
    assert Source(source.files).secret() is None
    with pytest.raises(CertificateError, match="wrong password") as caught:
        source.read("wrong")
    assert caught.value.finding.part == "password"


@pytest.mark.parametrize("name", ["pool.pem", "pool.key", "secret"])
def test_any_of_its_files_makes_another_stamp(source: Source, tmp_path: Path, name: str) -> None:
    before = source.stamp()
    assert source.stamp() == before
    path = tmp_path / name
    os.utime(path, ns=(1, 1))
    touched = source.stamp()
    path.rename(tmp_path / "moved")
    gone = source.stamp()
    assert len({before, touched, gone}) == 3
