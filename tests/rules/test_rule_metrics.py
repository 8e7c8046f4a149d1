"""Counters and gauges of rules."""

from kit.lua_rules import asked, exchange, lua_book
from pointsman_rules.rule_metrics import MOST, RuleMetrics


def test_rules_count() -> None:
    book = lua_book(
        """
        local seen = metrics.counter("seen", {path = "x"})
        on.request(function()
          seen:add()
          seen:add(2)
          metrics.gauge("level"):set(5)
        end)"""
    )
    asked(book, "request", exchange())
    assert book.place.metrics.values == {'seen{path="x"}': 3.0, "level": 5.0}
    assert book.counts == {"rule_failures": 0.0, 'seen{path="x"}': 3.0, "level": 5.0}


def test_beyond_the_most_labels_are_counted_together() -> None:
    metrics = RuleMetrics()
    for at in range(MOST + 10):
        number = metrics.number("counter", f"m\npath={at}")
        assert isinstance(number, int)
        metrics.change(number, 1)
    assert metrics.values['m{path="other"}'] == 10
    assert len(metrics.values) == MOST + 1


def test_what_is_wrong_is_told() -> None:
    metrics = RuleMetrics()
    metrics.number("counter", "m")
    assert "counter already" in metrics.number("gauge", "m")[1]  # type: ignore[index]
    assert "letters" in metrics.number("gauge", "m m")[1]  # type: ignore[index]
    assert "letters" in metrics.number("gauge", "m\na-b=c")[1]  # type: ignore[index]
