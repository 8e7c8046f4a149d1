"""Files that are watched: read anew once they have settled, the old certificate kept if need be."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.certificates import Authority, Issued
from kit.tls_site import write_private
from pointsman_ssl.entry import Entry
from pointsman_ssl.identity import Identity
from pointsman_ssl.source import Source
from pointsman_ssl.watching import LOOK, Watching

ROOT = Authority.root()


class Watched:
    """A certificate on disk that is watched, with time in steps of one look."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "pool.pem", folder / "pool.key"
        self.put(ROOT.leaf("pool.example"))
        source = Source((self.certificate,), self.key)
        self.watching = Watching(Entry("Pool", source), source.stamp())
        self.got: list[Identity] = []
        self.watching.tell(self.got.append)
        self.now = 0.0

    def put(self, leaf: Issued, *, key: bool = True) -> None:
        write_private(self.certificate, leaf.certificate_pem)
        if key:
            write_private(self.key, leaf.key_pem)

    def look(self) -> str:
        assert self.watching.due(self.now)
        assert not self.watching.due(self.now + LOOK - 1)
        self.now += LOOK
        outcome = self.watching.work()
        return outcome() if outcome is not None else ""


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_nothing_is_read_while_nothing_changes(watched: Watched) -> None:
    assert [watched.look() for _ in range(3)] == ["", "", ""]


def test_what_has_changed_is_read_at_the_second_look(watched: Watched) -> None:
    watched.look()
    watched.put(renewed := ROOT.leaf("pool.example"))
    assert watched.look() == ""
    assert "'Pool' has changed and was read anew" in watched.look()
    assert [one.leaf for one in watched.got] == [renewed.certificate]
    assert watched.look() == ""


def test_a_certificate_without_its_new_key_is_told_and_the_old_one_stays(watched: Watched) -> None:
    watched.put(renewed := ROOT.leaf("pool.example", kind="rsa"), key=False)
    watched.look()
    with pytest.raises(ValueError, match=r"the one of before stays: .* does not belong to"):
        watched.look()
    assert watched.look() == ""
    assert watched.got == []
    watched.put(renewed)
    watched.look()
    watched.look()
    assert [one.leaf for one in watched.got] == [renewed.certificate]


def test_files_that_are_gone_for_a_moment_do_no_harm(watched: Watched) -> None:
    data = watched.certificate.read_bytes()
    watched.certificate.unlink()
    assert watched.look() == ""
    write_private(watched.certificate, data)
    watched.look()
    assert "read anew" in watched.look()
    watched.certificate.unlink()
    watched.look()
    with pytest.raises(ValueError, match="cannot read"):
        watched.look()


def test_who_cannot_use_it_says_so(watched: Watched) -> None:
    def refuse(identity: Identity) -> None:
        raise ValueError("OpenSSL does not take it")

    watched.watching.tell(refuse)
    watched.put(ROOT.leaf("pool.example"))
    watched.look()
    with pytest.raises(ValueError, match="does not take it"):
        watched.look()
