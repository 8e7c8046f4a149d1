"""What all exchanges of one service share, and that they take it from there."""

import pytest

from kit.recorders import FACTS, RecordedClient, Stage, request
from pointsman.core.exchange import Exchange
from pointsman.core.supplies import ExchangeSupplies


def test_exchanges_of_one_service_share_their_pool_clock_and_ids() -> None:
    stage = Stage(0)
    ids = iter(["one", "two"])
    times = iter(range(100))
    supplies = ExchangeSupplies(
        stage.service, stage.upstreams, lambda: next(times), lambda: 5.0, lambda: next(ids)
    )
    for _ in range(2):
        Exchange(supplies, RecordedClient(), FACTS.peer_ip).begin(request(), b"", True)
    assert [record.request_id for record in stage.records] == ["one", "two"]
    assert [record.time for record in stage.records] == [5.0, 5.0]
    assert all(record.total > 0 for record in stage.records)


def test_an_error_that_nobody_wants_to_know_of_is_not_lost() -> None:
    stage = Stage(0)
    supplies = ExchangeSupplies(
        stage.service, stage.upstreams, lambda: 0.0, lambda: 5.0, lambda: "one"
    )
    with pytest.raises(RuntimeError, match="no idea"):
        supplies.report("to choose", RuntimeError("no idea"))
