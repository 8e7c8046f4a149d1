"""A key that other balancers have is met with what to do instead."""

from __future__ import annotations

from pointsman.config.elsewhere import elsewhere


def test_transparency_is_explained_and_other_words_are_not() -> None:
    for key in ("transparency", "Transparent"):
        assert "reencrypt" in elsewhere(key)
        assert "X-Forwarded-For" in elsewhere(key)
    assert elsewhere("shceduling") == ""


def test_words_of_others_lead_to_ours_where_those_are_allowed() -> None:
    assert elsewhere("Frontends", ["pools", "virtual_services"]) == "it is `virtual_services` here"
    assert elsewhere("ssl", ["listen", "tls"]) == "it is `tls` here"
    assert elsewhere("default-backend", ["pool"]) == "it is `pool` here"
    assert elsewhere("port", ["listen"]) == "it is `listen` here"
    assert elsewhere("port", ["weight", "address"]) == "it is `address` here"
    assert elsewhere("ssl", ["weight"]) == ""
