"""The answer that goes with a certificate: fetched, kept, dropped when it is out of date."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from kit.certificates import Authority, Issued
from kit.ocsp import REVOKED, responder, response
from pointsman_ssl.stapling import AGAIN, SELDOM, AnswerSource, Stapling

ROOT = Authority.root()
LEAF = ROOT.leaf("pool.example")
HOURS = timedelta(hours=1)


class Wall:
    def __init__(self) -> None:
        self.later = 0.0

    def __call__(self) -> float:
        return time.time() + self.later


def stapling(source: AnswerSource, wall: Wall | None = None, leaf: Issued = LEAF) -> Stapling:
    return Stapling("Pool", leaf.certificate, ROOT.certificate, source, wall or Wall())


def done(chore: Stapling, now: float) -> str:
    """Do the chore if it is due; what is told, "-" if it was not due."""
    if not chore.due(now):
        return "-"
    outcome = chore.work()
    return outcome() if outcome is not None else ""


def test_a_file_is_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    first, second = response(LEAF, ROOT), response(LEAF, ROOT, ends=5 * HOURS)
    path.write_bytes(first)
    chore = stapling(AnswerSource(path))
    assert chore.response == b""
    assert "'Pool' is shown with an OCSP response that is good until" in done(chore, 0.0)
    assert chore.response == first
    path.write_bytes(second)
    assert done(chore, AGAIN - 1) == "-"
    assert "good until" in done(chore, AGAIN)
    assert chore.response == second
    assert done(chore, 2 * AGAIN) == ""


def test_what_is_wrong_is_told_and_the_answer_of_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    path.write_bytes(good := response(LEAF, ROOT))
    chore = stapling(AnswerSource(path))
    done(chore, 0.0)
    path.write_bytes(response(LEAF, ROOT, status=REVOKED))
    with pytest.raises(ValueError, match=r"'Pool' from .*pool.ocsp: the certificate was revoked"):
        done(chore, AGAIN)
    path.unlink()
    with pytest.raises(ValueError, match="No such file"):
        done(chore, 2 * AGAIN)
    assert chore.response == good


def test_an_answer_out_of_date_is_stapled_no_more(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    path.write_bytes(response(LEAF, ROOT, ends=HOURS))
    wall = Wall()
    chore = stapling(AnswerSource(path), wall)
    done(chore, 0.0)
    wall.later = 3590.0
    assert chore.response
    wall.later = 3601.0
    assert chore.response == b""


@pytest.mark.parametrize(
    ("ends", "asked_again"),
    [(4 * 24 * HOURS, SELDOM), (2 * HOURS, 3600.0), (timedelta(seconds=90), AGAIN)],
)
def test_a_responder_is_asked_half_way_to_the_end(ends: timedelta, asked_again: float) -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return response(LEAF, ROOT, ends=ends)

    with responder(answer) as url:
        chore = stapling(AnswerSource(url=url))
        assert "good until" in done(chore, 1000.0)
        assert done(chore, 1000.0 + asked_again * 0.9) == "-"
        assert "good until" in done(chore, 1000.0 + asked_again)
    assert len(asked) == 2


def test_a_responder_that_fails_is_asked_again_soon() -> None:
    with responder(lambda request: b"") as url:
        chore = stapling(AnswerSource(url=url))
        with pytest.raises(ValueError, match=r"from http://.*: it answers with status 500"):
            done(chore, 0.0)
        assert not chore.due(AGAIN - 1)
        assert chore.due(AGAIN)


def test_the_same_certificate_goes_on_with_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "pool.ocsp"
    path.write_bytes(response(LEAF, ROOT))
    old, new, other = (
        stapling(AnswerSource(path), None, leaf) for leaf in (LEAF, LEAF, ROOT.leaf("x"))
    )
    done(old, 0.0)
    for each in (new, other):
        each.take_over(old)
    assert (new.response, other.response) == (old.response, b"")
