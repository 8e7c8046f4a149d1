"""The steps of the article, in its order. That they do what they say is a scenario."""

from __future__ import annotations

from pointsman.app.demo.lync.building import BUILDING, FOUR, both


def test_they_come_in_the_order_of_the_article() -> None:
    assert [step.__name__ for step in BUILDING] == [
        "https",
        "http",
        "right_check",
        "ext",
        "enable_tls",
        "import_certificates",
        "server_cookie",
        "reencrypt",
    ]
    assert len(FOUR) == 4


def test_both_are_both_front_ends_of_each_pool() -> None:
    assert both("a", "b") == ["a/fe1", "a/fe2", "b/fe1", "b/fe2"]
