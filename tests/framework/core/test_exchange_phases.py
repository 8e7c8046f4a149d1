"""An exchange that ends early or turns into a tunnel, in each of its phases; and its brakes."""

from collections.abc import Callable

import pytest

from kit.recorders import Stage, request, response
from pointsman.core.kept_body import MOST_KEPT
from pointsman.model.message import CHUNKED


def opening(stage: Stage) -> None:
    stage.asks(request(b"PUT", 100), b"abc", ended=False)


def uploading(stage: Stage) -> None:
    opening(stage)
    stage.upstreams.last.connects()


def waiting(stage: Stage) -> None:
    stage.asks(request())
    stage.upstreams.last.connects()


def raced(stage: Stage) -> None:
    stage.asks(request())
    stage.upstreams.last.connects(reused=True).fails()


def interim(stage: Stage) -> None:
    uploading(stage)
    stage.exchange.response_interim(response(100))


def answering(stage: Stage) -> None:
    waiting(stage)
    stage.upstream.answers(200, b"he", length=5, ended=False)


def answering_early(stage: Stage) -> None:
    uploading(stage)
    stage.upstream.answers(200, b"he", length=5, ended=False)


PHASES = [opening, uploading, waiting, raced, interim, answering, answering_early]
BEGUN = [answering, answering_early]


@pytest.mark.parametrize("phase", PHASES)
def test_design_5_8_a_client_that_goes_away_ends_it(phase: Callable[[Stage], None]) -> None:
    stage = Stage()
    phase(stage)
    stage.exchange.client_gone()
    assert stage.client.said[-1] == "done"
    assert stage.record.termination == "client_aborted"
    assert "aborted" in [each.end for each in stage.upstreams.made] or (
        stage.upstreams.last.end == "cancelled"
    )
    stage.exchange.client_gone()  # and again, as a stream may
    stage.exchange.stop()
    stage.check_it_is_over()


@pytest.mark.parametrize("phase", PHASES)
def test_the_end_of_the_drain_time_ends_it(phase: Callable[[Stage], None]) -> None:
    stage = Stage()
    phase(stage)
    stage.exchange.stop()
    assert stage.record.termination == "stopped"
    assert ("cut" in stage.client.said) == (phase in BEGUN)
    assert ("head 503" in stage.client.said) == (phase not in BEGUN)
    stage.check_it_is_over()


def test_the_end_of_the_drain_time_before_any_request() -> None:
    stage = Stage()
    stage.exchange.stop()
    assert stage.client.said == ["cut", "done"]
    stage.check_it_is_over()


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase not in (opening, raced)])
def test_a_server_that_dies_in_any_phase(phase: Callable[[Stage], None]) -> None:
    stage = Stage(1)
    phase(stage)
    stage.upstream.fails()
    assert ("cut" in stage.client.said) == (phase in BEGUN)
    assert ("head 502" in stage.client.said) == (phase not in BEGUN)
    assert stage.members[0].failures == 1
    stage.check_it_is_over()


@pytest.mark.parametrize("phase", PHASES)
def test_a_client_that_does_not_read_is_cut(phase: Callable[[Stage], None]) -> None:
    stage = Stage()
    phase(stage)
    stage.exchange.client_stalled()
    assert stage.client.said[-2:] == ["cut", "done"]
    assert stage.record.termination == "client_timeout"
    stage.check_it_is_over()


# ---- brakes ----


def test_a_client_waits_while_there_is_no_server_and_goes_on_when_there_is() -> None:
    stage = Stage()
    stage.asks(request(b"POST", CHUNKED), ended=False)
    stage.exchange.request_data(b"x" * MOST_KEPT)
    assert not stage.client.held
    stage.exchange.request_data(b"x")
    assert stage.client.held
    stage.upstreams.last.fails()
    assert stage.client.held
    stage.upstreams.last.connects()
    assert not stage.client.held
    assert len(stage.upstream.got) == MOST_KEPT + 1


def test_a_client_still_waits_when_the_server_blocks_at_once() -> None:
    stage = Stage()
    stage.asks(request(b"POST", CHUNKED), ended=False)
    stage.exchange.request_data(b"x" * (MOST_KEPT + 1))
    stage.upstreams.planned["send_request"] = stage.exchange.upstream_blocked
    stage.upstreams.last.connects()
    assert stage.client.held
    stage.exchange.upstream_drained()
    assert not stage.client.held


def test_a_client_goes_on_when_the_server_that_blocked_it_is_replaced() -> None:
    stage = Stage()
    uploading(stage)
    stage.exchange.upstream_blocked()
    assert stage.client.held
    stage.upstream.fails()
    stage.upstreams.last.connects()
    assert not stage.client.held


@pytest.mark.parametrize("ended", [False, True])
def test_a_client_is_not_left_waiting_by_an_early_answer(ended: bool) -> None:
    stage = Stage()
    uploading(stage)
    if ended:
        stage.exchange.request_ended([])
    stage.exchange.upstream_blocked()
    stage.upstream.answers(413)
    assert not stage.client.held
    stage.check_it_is_over()


def test_a_drain_nobody_waits_for_changes_nothing() -> None:
    stage = Stage()
    uploading(stage)
    stage.exchange.upstream_drained()  # the recorder objects to go_on without hold
    assert not stage.client.held


def test_a_slow_client_slows_the_server() -> None:
    stage = Stage()
    answering(stage)
    stage.exchange.client_blocked()
    assert stage.upstream.held
    stage.exchange.client_drained()
    assert not stage.upstream.held


def test_the_brakes_of_a_client_have_no_effect_without_a_server() -> None:
    stage = Stage()
    opening(stage)
    stage.exchange.client_blocked()
    stage.exchange.client_drained()
    assert not stage.exchange.over


# ---- tunnels ----


def upgraded() -> Stage:
    stage = Stage()
    stage.asks(request(upgrade=b"websocket"))
    stage.upstreams.last.connects()
    stage.exchange.switched(response(101), b"hi")
    return stage


def test_an_upgrade_becomes_a_tunnel_that_is_counted() -> None:
    stage = upgraded()
    assert stage.client.said == ["tunnel 101", "data 2"]
    assert (stage.members[0].active, stage.members[0].tunnels) == (1, 1)
    stage.exchange.tunnel_finished(10, 20, "ok")
    record = stage.record
    assert (record.status, record.bytes_in, record.bytes_out) == (101, 10, 20)
    assert record.termination == "ok"
    stage.exchange.tunnel_finished(1, 1, "ok")  # a second end is none
    stage.check_it_is_over()


def test_a_refused_upgrade_is_an_ordinary_answer() -> None:
    stage = Stage()
    stage.asks(request(upgrade=b"websocket"))
    stage.upstreams.last.connects().answers(400, b"no")
    assert stage.client.said == ["head 400", "data 2", "end", "done"]
    assert stage.upstream.end == "released"
    stage.check_it_is_over()


@pytest.mark.parametrize(("upgrade", "ended"), [(b"", True), (b"websocket", False)])
def test_a_101_that_nobody_asked_for_or_too_early_is_502(upgrade: bytes, ended: bool) -> None:
    stage = Stage()
    stage.asks(request(b"POST", 0 if ended else 5, upgrade=upgrade), ended=ended)
    stage.upstreams.last.connects()
    stage.exchange.switched(response(101), b"")
    assert stage.client.said[0] == "head 502"
    assert stage.upstream.end == "aborted"
    stage.check_it_is_over()


@pytest.mark.parametrize(
    ("allow", "length", "status"), [(False, 0, 405), (False, 5, 405), (True, 5, 400)]
)
def test_a_connect_that_is_refused(allow: bool, length: int, status: int) -> None:
    stage = Stage(allow_connect=allow)
    stage.asks(request(b"CONNECT", length), ended=not length)
    assert stage.client.said[0] == f"head {status}"
    assert stage.upstreams.openings == []
    stage.check_it_is_over()


def test_a_connect_that_is_allowed_gets_a_connection_of_its_own() -> None:
    stage = Stage(allow_connect=True)
    stage.asks(request(b"CONNECT"))
    assert stage.upstreams.fresh == [True]
    stage.upstreams.last.connects()
    assert stage.client.said == ["tunnel CONNECT"]
    assert stage.upstream.requests == 0
    stage.exchange.tunnel_finished(1, 2, "client_aborted")
    assert (stage.record.status, stage.record.termination) == (200, "client_aborted")
    stage.check_it_is_over()


# ---- the server is taken out, and nothing is to be left there (DESIGN 5.3) ----


@pytest.mark.parametrize("phase", [opening, waiting, raced])
def test_design_5_3_work_of_a_dropped_server_is_done_elsewhere_if_that_is_safe(
    phase: Callable[[Stage], None],
) -> None:
    stage = Stage()
    phase(stage)
    stage.members[0].set_health(False, "down")
    stage.exchange.server_dropped(stage.members[1])  # it is not there
    assert stage.upstreams.last.member.name == "a"
    stage.exchange.server_dropped(stage.members[0])
    assert stage.upstreams.last.member.name == "b"
    assert stage.members[0].active == 0
    stage.exchange.client_gone()
    stage.check_it_is_over()


@pytest.mark.parametrize("phase", BEGUN)
def test_design_5_3_an_answer_of_a_dropped_server_breaks_off(
    phase: Callable[[Stage], None],
) -> None:
    stage = Stage()
    phase(stage)
    stage.exchange.server_dropped(stage.members[0])
    stage.exchange.server_dropped(stage.members[0])
    assert "cut" in stage.client.said
    assert stage.record.termination == "dropped"
    stage.check_it_is_over()


def test_what_must_not_be_sent_twice_ends_with_its_server() -> None:
    stage = Stage()
    stage.asks(request(b"POST"))
    stage.upstreams.last.connects()
    stage.exchange.server_dropped(stage.members[0])
    assert stage.client.said[0] == "head 503"
    assert stage.record.termination == "dropped"
    stage.check_it_is_over()
