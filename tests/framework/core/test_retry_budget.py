"""The budget of retries: a share of what was asked lately, and a few in any case."""

from __future__ import annotations

from pointsman.core.retry_budget import RetryBudget


def taken(budget: RetryBudget, exchanges: int, share: float = 0.2, least: int = 0) -> int:
    count = 0
    while count < 1000 and budget.take(exchanges, share, least):
        count += 1
    return count


def test_a_share_of_the_exchanges() -> None:
    assert taken(RetryBudget(), 100) == 20
    assert taken(RetryBudget(), 0) == 0
    assert taken(RetryBudget(), 100, share=0.0) == 0


def test_a_few_in_any_case() -> None:
    assert taken(RetryBudget(), 0, least=3) == 3
    assert taken(RetryBudget(), 100, least=3) == 23


def test_it_looks_back_over_two_windows_and_no_further() -> None:
    budget = RetryBudget()
    assert taken(budget, 100) == 20
    budget.turn(100)
    assert taken(budget, 100) == 0
    assert taken(budget, 200) == 20
    budget.turn(200)
    assert taken(budget, 200) == 0
    budget.turn(200)
    assert taken(budget, 200) == 0
    assert taken(budget, 300) == 20
