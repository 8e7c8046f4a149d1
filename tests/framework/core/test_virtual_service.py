"""A virtual service as the data plane has it: settings, pool, hooks, counters."""

from kit.recorders import Stage, request


def test_it_begins_with_nothing_counted() -> None:
    service = Stage().service
    assert (service.connections, service.accepted, service.exchanges) == (0, 0, 0)
    assert service.name == service.settings.name == "service"
    assert service.connected == ()


def test_without_hooks_no_record_is_made_and_exchanges_are_counted_all_the_same() -> None:
    stage = Stage(0)
    stage.service.finished = ()
    stage.asks(request())
    assert stage.service.exchanges == 1
    assert stage.records == []


def test_all_who_want_to_know_are_told_the_same_record() -> None:
    stage = Stage(0)
    stage.service.finished = (stage.records.append, stage.records.append)
    stage.asks(request())
    assert len(stage.records) == 2
    assert stage.records[0] is stage.records[1]
