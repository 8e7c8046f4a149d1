"""A key that other balancers have is met with what to do instead."""

from __future__ import annotations

from pointsman.config.elsewhere import elsewhere


def test_transparency_is_explained_and_other_words_are_not() -> None:
    for key in ("transparency", "Transparent"):
        assert "reencrypt" in elsewhere(key)
        assert "X-Forwarded-For" in elsewhere(key)
    assert elsewhere("shceduling") == ""
