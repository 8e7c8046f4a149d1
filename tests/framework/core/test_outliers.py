"""Outliers on a clock that the test moves: what makes one, for how long, and how many may be."""

from __future__ import annotations

import pytest

from kit.recorders import FirstOf, Stage, request
from pointsman.core.members import Member
from pointsman.core.outliers import Outliers, Passive
from pointsman.core.pool import Pool
from pointsman.model.pool_settings import OutlierSettings, PoolSettings
from pointsman.model.server import RealServer


class Watched:
    """A pool whose outliers are looked for."""

    def __init__(self, servers: int = 4, settings: OutlierSettings | None = None) -> None:
        self.members = [Member(RealServer(name)) for name in "abcdefgh"[:servers]]
        self.pool = Pool(
            "web",
            self.members,
            FirstOf(),
            settings=PoolSettings(outliers=settings or OutlierSettings()),
        )
        self.pool.tick(0.0)

    def passive(self, number: int) -> Passive:
        passive = self.members[number].passive
        assert isinstance(passive, Passive)
        return passive

    def errors(self, number: int, count: int, status: int = 500) -> None:
        for _ in range(count):
            self.passive(number).answered(status, 0.01)

    @property
    def ejected(self) -> str:
        return "".join(member.name for member in self.members if member.ejected)


def test_so_many_errors_in_a_row() -> None:
    web = Watched()
    web.errors(0, 4)
    web.passive(0).answered(404, 0.01)  # the client's fault
    web.errors(0, 4)
    assert web.ejected == ""
    web.errors(0, 1, 503)
    assert web.ejected == "a"
    assert web.members[0].why == "5 errors in a row, the last one 503; for 30s"
    assert [member.name for member in web.pool.available] == ["b", "c", "d"]


def test_failures_count_like_errors() -> None:
    web = Watched()
    web.errors(0, 3)
    web.members[0].failed()
    web.members[0].failed()
    assert web.members[0].why == "5 errors in a row, the last one without an answer; for 30s"
    assert web.members[0].failures == 2


def test_the_time_grows_with_each_ejection_and_has_an_end() -> None:
    settings = OutlierSettings(eject=30.0, eject_most=80.0, interval=1000.0)
    web = Watched(settings=settings)
    now, times = 0.0, []
    for _ in range(4):
        web.errors(0, 5)
        web.pool.tick(now)
        began = now
        while web.ejected:
            now += 0.5
            web.pool.tick(now)
        times.append(now - began)
    assert times == [30.0, 60.0, 80.0, 80.0]


def test_a_time_without_errors_is_counted_in_its_favour() -> None:
    web = Watched()
    for _ in range(2):
        web.errors(0, 5)
        web.pool.tick(0.5)
        web.pool.tick(100.0)
    assert web.passive(0).ejections <= 2
    for second in range(110, 140, 10):
        web.pool.tick(float(second))
    assert web.passive(0).ejections == 0


def test_who_comes_back_and_fails_again_goes_again() -> None:
    web = Watched()
    web.errors(0, 5)
    web.pool.tick(0.5)
    web.pool.tick(30.5)
    assert (web.ejected, web.members[0].state) == ("", "up")
    web.errors(0, 4)
    assert web.ejected == ""
    web.errors(0, 1)
    assert web.ejected == "a"


@pytest.mark.parametrize(
    ("servers", "at_most", "expected"),
    [(4, 0.5, "ab"), (4, 0.25, "a"), (4, 1.0, "abc"), (2, 0.5, "a"), (1, 1.0, ""), (4, 0.0, "")],
)
def test_so_many_at_the_same_time_and_never_the_last(
    servers: int, at_most: float, expected: str
) -> None:
    web = Watched(servers, OutlierSettings(at_most=at_most))
    for number in range(servers):
        web.errors(number, 5)
    assert web.ejected == expected


def test_who_was_spared_is_looked_at_again() -> None:
    web = Watched(2)
    web.errors(0, 5)
    web.errors(1, 5)
    assert web.ejected == "a"
    web.pool.tick(0.5)
    web.pool.tick(30.5)
    web.errors(1, 5)
    assert web.ejected == "b"


def test_nobody_is_ejected_while_the_others_are_down() -> None:
    web = Watched(2)
    web.members[1].set_health(False, "down")
    web.errors(0, 50)
    assert web.ejected == ""


def test_who_does_not_work_anyway_is_left_alone() -> None:
    web = Watched()
    web.members[0].set_health(False, "down")
    web.errors(0, 5)
    assert web.ejected == ""


def test_latency_against_the_median_of_the_others() -> None:
    web = Watched(settings=OutlierSettings(errors=0, latency=3.0))
    for number, seconds in enumerate((0.5, 0.1, 0.1, 0.12)):
        for _ in range(20):
            web.passive(number).answered(200, seconds)
    web.errors(0, 50)
    web.pool.tick(9.5)
    assert web.ejected == ""
    web.pool.tick(10.0)
    assert web.ejected == "a"
    assert web.members[0].why == ("500 ms to the first byte, the others take 100 ms; for 30s")


@pytest.mark.parametrize(
    ("answers", "slow", "usual"),
    [(19, 0.5, 0.1), (20, 0.29, 0.1), (20, 0.04, 0.001)],
)
def test_latency_that_says_nothing(answers: int, slow: float, usual: float) -> None:
    web = Watched(settings=OutlierSettings(latency=3.0))
    for number, seconds in enumerate((slow, usual, usual, usual)):
        for _ in range(answers):
            web.passive(number).answered(200, seconds)
    web.pool.tick(10.0)
    assert web.ejected == ""


def test_one_alone_has_nobody_to_be_compared_with() -> None:
    web = Watched(2, OutlierSettings(latency=3.0))
    for _ in range(50):
        web.passive(0).answered(200, 5.0)
    web.pool.tick(10.0)
    assert web.ejected == ""


def test_a_check_may_be_asked_for_instead() -> None:
    web = Watched(settings=OutlierSettings(check=True))
    asked: list[str] = []
    checked = True

    def check_now(member: Member) -> bool:
        asked.append(member.name)
        return checked

    web.pool.checks_by(check_now)
    web.errors(0, 9)
    assert (asked, web.ejected) == (["a"], "")
    web.errors(0, 1)
    assert asked == ["a", "a"]
    checked = False  # it has no check
    web.errors(1, 5)
    assert web.ejected == "b"


def test_a_reload_takes_over_what_was_seen_and_ends_what_is_not_wanted_any_more() -> None:
    web = Watched()
    web.errors(0, 5)
    web.errors(1, 4)
    new = Member(RealServer("n"))
    web.pool.change((*web.members[:3], new), (), PoolSettings(outliers=OutlierSettings(errors=6)))
    assert web.members[3].passive is None
    assert isinstance(new.passive, Passive)
    web.errors(1, 1)
    assert web.ejected == "a"
    web.errors(1, 1)
    assert web.ejected == "ab"
    web.pool.change(web.members, (), PoolSettings())
    assert web.ejected == ""
    assert [member.passive for member in web.members] == [None] * 4
    assert web.pool.outliers is None


def test_stopping_twice_is_fine() -> None:
    outliers = Outliers(OutlierSettings())
    outliers.stop()
    outliers.stop()


# ---- exchanges are what is looked at ----


def watched_stage() -> Stage:
    return Stage(2, pool_settings=PoolSettings(outliers=OutlierSettings(errors=1)))


def test_an_error_answer_is_seen_and_passed_on() -> None:
    stage = watched_stage()
    stage.asks(request())
    stage.upstreams.last.connects().answers(500)
    assert stage.client.said[0] == "head 500"
    assert stage.members[0].state == "ejected"
    stage.check_it_is_over()


def test_a_good_answer_is_seen() -> None:
    stage = watched_stage()
    stage.asks(request())
    upstream = stage.upstreams.last.connects()
    stage.now += 0.25
    upstream.answers(200)
    passive = stage.members[0].passive
    assert isinstance(passive, Passive)
    assert (passive.answers, passive.seconds) == (1, 0.25)


@pytest.mark.parametrize("phase", ["connect", "response", "timeout", "body"])
def test_every_failure_is_seen(phase: str) -> None:
    stage = watched_stage()
    stage.asks(request(b"POST"))
    opening = stage.upstreams.last
    if phase == "connect":
        opening.fails()
    elif phase == "body":
        upstream = opening.connects()
        upstream.answers(200, b"he", length=5, ended=False)
        upstream.fails()
    else:
        opening.connects().fails(phase)
    assert stage.members[0].state == "ejected"
    assert stage.members[0].failures == 1
    stage.exchange.client_gone()
    stage.check_it_is_over()
