"""Rules in tcp mode: the hello, the first words, where it goes, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import settle
from kit.dialling import FakeStream
from kit.hellos import real_hello
from kit.recorders import FirstOf
from kit.rulebooks import PlannedRules, Waiting
from kit.sockets import PlayedPeer
from kit.tcp_site import Site
from pointsman.contracts import Arrival, Persistence
from pointsman.contracts.rules import Choosing, Chosen
from pointsman.contracts.tls import TlsMode
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.rules import Rules
from pointsman.model.decision import Close, Forward, More, Pending, Replace
from pointsman.model.record import CLIENT_TIMEOUT, NO_SERVER, OK, RULE
from pointsman.model.server import RealServer
from pointsman.net.ruled_tcp import MOST_SHOWN

HELLO = real_hello("a.example.org", ["h2"])


class Passage:
    most_hello = 4096

    def pool_for(self, arrival: Arrival) -> str | None:
        return ""


class Passthrough:
    client = upstream = None
    passage = Passage()
    describes = "passthrough"
    warnings = ()
    chores = ()

    def take_over(self, before: TlsMode) -> None: ...


class RuledSite(Site):
    """A tcp service with rules; beside its own pool there is ``other`` with x."""

    def rule(self, **plans: Any) -> PlannedRules:
        book = PlannedRules(**plans)
        self.x = Member(RealServer("x"))
        pools = {"pool": self.pool, "other": Pool("other", [self.x], FirstOf())}
        self.service.rules = Rules([book], pools)
        return book

    def says(self, data: bytes) -> PlayedPeer:
        client = self.come()
        client.send(data)
        assert client.push()
        settle(self.reactor)
        return client

    @property
    def dialled(self) -> list[str]:
        return [attempt.server.name for attempt in self.dials.attempts]

    def connects(self) -> FakeStream:
        upstream = FakeStream(self.dials.attempts[-1].owner)
        self.dials.attempts[-1].owner.dialled(upstream)
        return upstream


@pytest.fixture
def site(lean_reactor: Any) -> Iterator[RuledSite]:
    site = RuledSite(lean_reactor)
    yield site
    site.close()


@pytest.fixture
def passing(lean_reactor: Any) -> Iterator[RuledSite]:
    site = RuledSite(lean_reactor, tls=Passthrough())
    yield site
    site.close()


def test_a_server_is_dialled_at_once_if_nobody_wants_to_read(site: RuledSite) -> None:
    closed: list[Any] = []
    site.rule(connection=None, close=closed.append)
    site.come()
    assert site.dialled == ["a"]
    site.clients.abort_all(OK)
    assert len(closed) == 1


@pytest.mark.parametrize(
    ("forward", "dialled"),
    [(Forward("other"), "x"), (Forward("", "b"), "b"), (Forward("", "z"), "a")],
)
def test_a_rule_says_where_a_connection_goes(
    forward: Forward, dialled: str, site: RuledSite
) -> None:
    site.rule(connection=forward)
    site.come()
    assert site.dialled == [dialled]


def test_a_server_may_be_required(site: RuledSite) -> None:
    site.rule(connection=Forward("", "z", required=True))
    site.come()
    assert site.reasons == [NO_SERVER]


# ---- the first words ----


def test_first_words_decide_and_are_sent_on(site: RuledSite) -> None:
    seen: list[tuple[bytes, bool]] = []

    def data(_: Any, words: bytes, more: bool) -> Forward:
        seen.append((words, more))
        return Forward("other")

    site.rule(data=data)
    site.says(b"SSH-2.0")
    assert seen == [(b"SSH-2.0", True)]
    assert site.dialled == ["x"]
    assert site.connects().written == b"SSH-2.0"


def test_more_may_be_wanted_until_there_is_too_much(site: RuledSite) -> None:
    seen: list[tuple[int, bool]] = []

    def data(_: Any, words: bytes, more: bool) -> More:
        seen.append((len(words), more))
        return More()

    site.rule(data=data)
    client = site.says(b"ab")
    client.sock.send(b"c")
    settle(site.reactor)
    assert seen == [(2, True), (3, True)]
    assert site.dialled == []
    client.send(b"x" * MOST_SHOWN)
    assert client.push()
    site.until(lambda: site.dialled)
    assert seen[-1] == (MOST_SHOWN, False)
    assert site.connects().written == b"abc" + b"x" * MOST_SHOWN


def test_no_more_comes_from_who_has_finished(site: RuledSite) -> None:
    site.rule(data=More())
    client = site.come()
    client.send(b"ab")
    client.finish()
    client.push()
    site.until(lambda: site.dialled)
    assert site.connects().written == b"ab"


def test_words_may_be_replaced(site: RuledSite) -> None:
    site.rule(data=Replace(b"instead"))
    site.says(b"words")
    assert site.connects().written == b"instead"


@pytest.mark.parametrize("decision", [Close(), Close(reset=True)])
@pytest.mark.parametrize("waits", [False, True])
def test_a_connection_may_be_closed(decision: Close, waits: bool, site: RuledSite) -> None:
    pending = Pending()
    site.rule(data=lambda *_: pending if waits else decision)
    client = site.says(b"words")
    pending.decide(decision)
    site.until(client.pull)
    assert site.reasons == [RULE]
    assert client.broken is decision.reset
    assert site.dialled == []


def test_who_says_nothing_is_not_waited_for(site: RuledSite) -> None:
    site.rule(data=None)
    site.come()
    site.deadlines.tick(60)
    assert site.reasons == [CLIENT_TIMEOUT]


def test_who_leaves_is_not_waited_for(site: RuledSite) -> None:
    waiting = Waiting()
    site.rule(data=waiting)
    site.says(b"words")
    site.clients.abort_all(OK)
    assert waiting.cancelled == 1
    site.check_quiet()


# ---- the hello ----


@pytest.mark.parametrize("waits", [False, True])
def test_a_hello_decides(waits: bool, passing: RuledSite) -> None:
    pending, names = Pending(), []

    def hello(client: Any) -> Any:
        names.append((client.connection.server_name, client.connection.alpn))
        return pending if waits else Forward("other")

    passing.rule(client_hello=hello)
    passing.says(HELLO)
    pending.decide(Forward("other"))
    assert names == [("a.example.org", (b"h2",))]
    assert passing.dialled == ["x"]
    assert passing.connects().written == HELLO


def test_a_hello_may_be_in_vain(passing: RuledSite) -> None:
    passing.rule(client_hello=Close())
    client = passing.says(HELLO)
    passing.until(client.pull)
    assert passing.reasons == [RULE]


def test_who_leaves_after_its_hello_is_not_waited_for(passing: RuledSite) -> None:
    waiting = Waiting()
    passing.rule(client_hello=waiting)
    passing.says(HELLO)
    passing.clients.abort_all(OK)
    assert waiting.cancelled == 1


def test_memory_is_that_of_the_rules(site: RuledSite) -> None:
    site.rule(connection=lambda client: client.memory.update(a=1))
    site.come()
    (connection,) = site.clients._open
    assert connection.memory == {"a": 1}


class FirstBytesPins(Persistence):
    """Wants to read what the client says first."""

    timeout = 60.0
    table = None
    wants_first_bytes = True

    def find(self, arrival: Arrival, now: float) -> str | None:
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return False

    def forget(self, arrival: Arrival) -> None: ...

    def has_enough(self, data: bytes) -> bool:
        return len(data) >= 4


def test_what_pins_want_to_read_rules_see_as_well(lean_reactor: Any) -> None:
    site = RuledSite(lean_reactor, persistence=FirstBytesPins())
    seen: list[tuple[bytes, bool]] = []

    def data(_: Any, words: bytes, more: bool) -> Replace:
        seen.append((words, more))
        return Replace(b"other words")

    site.rule(data=data)
    site.says(b"words")
    assert seen == [(b"words", False)]
    assert site.connects().written == b"other words"
    site.close()


def test_a_choice_is_seen_and_logged(site: RuledSite) -> None:
    seen: list[tuple[str, str, bool]] = []

    def choosing(connection: Choosing) -> Chosen:
        assert connection.notes.setdefault("asked", connection.pool) == connection.pool
        connection.log_fields["pool"] = connection.pool
        return lambda *what: seen.append(what)

    site.rule(choosing=choosing)
    site.come()
    settle(site.reactor)
    site.dials.attempts[-1].fail()
    site.clients.abort_all(OK)
    assert seen == [("a", "none", False), ("b", "none", False)]
    assert site.records[-1].fields == {"pool": "pool"}


def test_a_server_that_a_rule_has_named_is_told_as_such(site: RuledSite) -> None:
    seen: list[tuple[str, str, bool]] = []
    site.rule(choosing=lambda _: lambda *what: seen.append(what), connection=Forward("", "b"))
    site.come()
    settle(site.reactor)
    assert seen == [("b", "rule", True)]
