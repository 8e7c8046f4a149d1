"""Decisions are values; a redirect is an answer with a Location."""

import pytest

from pointsman.model.decision import REDIRECTS, Pending, Refuse, Respond, redirect


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_leads_to_a_location(status: int) -> None:
    found = redirect(b"https://example.org/", status, [(b"Vary", b"Host")])
    assert found == Respond(
        status, b"", ((b"Vary", b"Host"), (b"Location", b"https://example.org/"))
    )


@pytest.mark.parametrize("status", [200, 300, 304, 404])
def test_other_statuses_lead_nowhere(status: int) -> None:
    with pytest.raises(ValueError, match=f"301, 302, 303, 307 or 308, got {status}"):
        redirect(b"/", status)


@pytest.mark.parametrize("early", [False, True])
def test_what_is_pending_is_decided_once(early: bool) -> None:
    said: list[object] = []
    cancelled: list[int] = []
    pending = Pending(lambda: cancelled.append(1))
    if early:
        pending.decide(Refuse(403))
    pending.wait(said.append)
    if not early:
        assert said == []
        pending.decide(Refuse(403))
    pending.decide(None)
    pending.drop()
    assert said == [Refuse(403)]
    assert cancelled == []


def test_what_is_dropped_is_cancelled_once_and_nobody_hears_of_it() -> None:
    said: list[object] = []
    cancelled: list[int] = []
    pending = Pending(lambda: cancelled.append(1))
    pending.wait(said.append)
    pending.drop()
    pending.drop()
    pending.decide(None)
    assert said == []
    assert cancelled == [1]
    Pending().drop()
