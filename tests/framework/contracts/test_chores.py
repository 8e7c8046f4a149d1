"""The chores in the box keep to the contract, as seen by the type checker and at run time."""

from __future__ import annotations

from pathlib import Path

from kit.certificates import Authority
from pointsman.contracts import Chore
from pointsman_ssl.entry import Entry
from pointsman_ssl.source import Source
from pointsman_ssl.stapling import AnswerSource, Stapling
from pointsman_ssl.watching import Watching

ROOT = Authority.root()
LEAF = ROOT.leaf("pool.example")


def test_what_is_always_due_at_first_and_then_not_for_a_while(tmp_path: Path) -> None:
    entry = Entry("Pool", Source((tmp_path / "pool.pem",)))
    source = AnswerSource(tmp_path / "pool.ocsp")
    chores: list[Chore] = [
        Watching(entry, entry.source.stamp()),
        Stapling("Pool", LEAF.certificate, ROOT.certificate, source),
    ]
    for chore in chores:
        assert (chore.due(1000.0), chore.due(1001.0)) == (True, False)
        assert isinstance(hash(chore), int)
