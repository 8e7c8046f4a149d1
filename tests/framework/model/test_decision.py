"""Decisions are values; a redirect is an answer with a Location."""

import pytest

from pointsman.model.decision import REDIRECTS, Pending, Respond, redirect


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


def test_what_is_pending_may_be_cancelled() -> None:
    cancelled = []
    pending = Pending(lambda: cancelled.append(1))
    assert pending.cancel is not None
    pending.cancel()
    assert cancelled == [1]
    assert Pending().cancel is None
