"""One attempt ends once, in time, with the right reason, whatever the server does."""

import errno
from collections.abc import Callable

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from kit.dialling import FakeCall
from pointsman.contracts import Probe, Verdict
from pointsman.core.health_report import KEPT_RECEIVED, KEPT_STEPS, Outcome
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.net.attempt import READ_LIMIT, Attempt
from pointsman.net.call import Call, Dialled
from pointsman.net.probe_stream import Dial
from pointsman.net.probe_transports import ProbeTransports

SERVER = RealServer("a", Address.parse("10.0.0.1:80"))


class LineProbe:
    """Up if the first line is ``ok``."""

    def __init__(self) -> None:
        self.got = b""

    def start(self) -> bytes:
        return b"how are you\n"

    def receive(self, data: bytes) -> Verdict | bytes | None:
        self.got += data
        if b"raise" in self.got:
            raise RuntimeError("a broken check")
        if not self.got.endswith(b"\n"):
            return None
        return Verdict(self.got == b"ok\n", repr(self.got))

    def closed(self) -> Verdict:
        return Verdict(False, f"closed after {self.got!r}")


class LineCheck:
    describes = "line"

    def __init__(self, make: Callable[[], Probe | None] = LineProbe) -> None:
        self.make = make

    def probe(self, server: RealServer) -> Probe | None:
        assert server is SERVER
        return self.make()


def no_names(host: str) -> tuple[str, ...]:
    return ()


class Bench:
    """An attempt, its fake call, and what it came to."""

    def __init__(self, check: LineCheck | None = None) -> None:
        self.clock = Clock()
        self.ends: list[tuple[Outcome, str]] = []
        self.attempt = Attempt(
            self.clock,
            check or LineCheck(),
            SERVER,
            4.0,
            lambda ended: self.ends.append((ended.outcome, ended.reason)),
        )
        self.check = check or LineCheck()

    def dial_with(self, dial: Dial) -> None:
        self.attempt.start(ProbeTransports(self.clock, dial, no_names).opener(self.check, SERVER))

    def start(self) -> FakeCall:
        calls: list[FakeCall] = []

        def dial(server: RealServer, timeout: float, owner: Dialled) -> Call:
            assert timeout > 4.0
            calls.append(FakeCall(server, owner, 0.0))
            return calls[0]

        self.dial_with(dial)
        return calls[0]

    def end(self) -> tuple[Outcome, str]:
        assert len(self.ends) == 1
        assert self.clock.getDelayedCalls() == []
        return self.ends[0]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_good_answer_ends_it_and_closes(bench: Bench) -> None:
    stream = bench.start().connect()
    assert (stream.written, stream.reading) == (b"how are you\n", True)
    stream.owner.data_received(b"o")
    assert bench.ends == []
    stream.owner.data_received(b"k\n")
    assert bench.end() == (Outcome.GOOD, "b'ok\\n'")
    assert stream.end == "closed"
    stream.owner.data_received(b"more")
    assert len(bench.ends) == 1


def test_a_bad_answer_is_bad(bench: Bench) -> None:
    bench.start().connect().owner.data_received(b"ill\n")
    assert bench.end() == (Outcome.BAD, "b'ill\\n'")


def test_being_connected_may_be_all_that_is_asked() -> None:
    bench = Bench(LineCheck(lambda: None))
    stream = bench.start().connect()
    assert bench.end() == (Outcome.GOOD, "connected")
    assert (stream.written, stream.end) == (b"", "closed")


def test_a_refusal_is_bad_at_once(bench: Bench) -> None:
    bench.start().fail()
    assert bench.end() == (Outcome.BAD, "cannot connect to 10.0.0.1:80: Connection refused")


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL]
)
def test_our_own_shortage_says_nothing_about_the_server(bench: Bench, number: int) -> None:
    bench.start().fail(number)
    assert bench.end()[0] is Outcome.UNABLE


def test_no_connection_in_time_is_silence(bench: Bench) -> None:
    call = bench.start()
    bench.clock.advance(3.9)
    assert bench.ends == []
    bench.clock.advance(0.1)
    assert bench.end() == (Outcome.SILENT, "no connection within 4s")
    assert call.cancelled


def test_the_time_for_an_answer_includes_connecting(bench: Bench) -> None:
    call = bench.start()
    bench.clock.advance(3.0)
    stream = call.connect()
    bench.clock.advance(1.0)
    assert bench.end() == (Outcome.SILENT, "no answer within 4s")
    assert stream.end == "aborted"
    assert not call.cancelled


def test_a_byte_a_second_is_no_answer(bench: Bench) -> None:
    stream = bench.start().connect()
    for _ in range(4):
        stream.owner.data_received(b".")
        bench.clock.advance(1.0)
    assert bench.end() == (Outcome.SILENT, "no whole answer within 4s (4 bytes came)")
    assert stream.end == "aborted"


def test_an_endless_answer_is_cut(bench: Bench) -> None:
    stream = bench.start().connect()
    sent = 0
    while not bench.ends and sent < 2**30:
        stream.owner.data_received(b"x" * 8192)
        sent += 8192
    assert bench.end() == (Outcome.BAD, "sent more than 128KiB and no end in sight")
    assert READ_LIMIT < sent <= READ_LIMIT + 8192
    assert stream.end == "aborted"


def test_closing_half_way_is_judged_by_the_probe(bench: Bench) -> None:
    stream = bench.start().connect()
    stream.owner.data_received(b"o")
    stream.owner.end_received()
    assert bench.end() == (Outcome.BAD, "closed after b'o'")
    assert stream.end == "closed"


def test_a_reset_is_bad_with_the_systems_words(bench: Bench) -> None:
    stream = bench.start().connect()
    stream.owner.data_received(b"o")
    stream.owner.stream_lost(ConnectionResetError(104, "Connection reset by peer"))
    assert bench.end() == (
        Outcome.BAD,
        "the connection broke after 1 bytes: Connection reset by peer",
    )


def test_a_loss_without_an_error_is_a_close(bench: Bench) -> None:
    bench.start().connect().owner.stream_lost(None)
    assert bench.end() == (Outcome.BAD, "closed after b''")


def test_a_check_that_raises_says_nothing_about_the_server() -> None:
    def broken() -> Probe:
        raise RuntimeError("no probe")

    for bench, data in ((Bench(LineCheck(broken)), b""), (Bench(), b"raise")):
        with capturedLogs() as events:
            stream = bench.start().connect()
            if data:
                stream.owner.data_received(data)
        assert bench.end()[0] is Outcome.UNABLE
        assert stream.end == "aborted"
        assert "RuntimeError" in events[0]["log_failure"].getTraceback()


def test_a_dialler_that_raises_is_our_trouble_and_told_later(bench: Bench) -> None:
    def dial(server: RealServer, timeout: float, owner: Dialled) -> None:
        raise KeyError("no such local server")

    with capturedLogs():
        bench.dial_with(dial)
    assert bench.ends == []
    bench.clock.advance(0)
    assert bench.end() == (Outcome.UNABLE, "the check 'line' failed while starting")


def test_what_is_decided_while_dialling_is_told_in_a_turn_of_its_own(bench: Bench) -> None:
    def dial(server: RealServer, timeout: float, owner: Dialled) -> None:
        FakeCall(server, owner, 0.0).fail()

    bench.dial_with(dial)
    assert bench.ends == []
    bench.clock.advance(0)
    assert bench.end()[0] is Outcome.BAD


def test_cancelled_it_closes_everything_and_says_nothing() -> None:
    bench = Bench()
    call = bench.start()
    bench.attempt.cancel()
    assert call.cancelled
    assert call.connect().end == "aborted"
    connected = Bench()
    stream = connected.start().connect()
    connected.attempt.cancel()
    assert stream.end == "aborted"
    for each in (bench, connected):
        assert each.ends == []
        assert each.clock.getDelayedCalls() == []


class TalkProbe(LineProbe):
    """Asks twice: the second time when the first answer is there."""

    def receive(self, data: bytes) -> Verdict | bytes | None:
        self.got += data
        if self.got == b"one":
            self.got = b""
            return b"and then\n"
        if not self.got.endswith(b"\n"):
            return None
        remedy = "say ok"
        return Verdict(self.got == b"ok\n", "talked", remedy, farewell=b"bye\n")


def test_a_probe_may_talk_and_say_farewell() -> None:
    bench = Bench(LineCheck(TalkProbe))
    stream = bench.start().connect()
    stream.owner.data_received(b"one")
    assert stream.written == b"how are you\nand then\n"
    stream.owner.data_received(b"ok\n")
    assert bench.end() == (Outcome.GOOD, "talked")
    assert stream.written.endswith(b"and then\nbye\n")
    assert bench.attempt.verdict is not None
    assert bench.attempt.report(0.0).remedy == ""


def test_a_probe_that_only_talks_is_our_trouble() -> None:
    class Talker(LineProbe):
        def receive(self, data: bytes) -> bytes:
            return b"and"

    bench = Bench(LineCheck(Talker))
    with capturedLogs() as events:
        bench.start().connect().owner.data_received(b"x")
    assert bench.end() == (Outcome.UNABLE, "the check 'line' failed while judging")
    assert "would not listen" in str(events[0]["log_failure"])


def test_what_happened_is_told_in_full() -> None:
    bench = Bench(LineCheck(TalkProbe))
    call = bench.start()
    bench.clock.advance(0.5)
    stream = call.connect()
    bench.clock.advance(0.25)
    stream.owner.data_received(b"no\n")
    assert bench.end()[0] is Outcome.BAD
    report = bench.attempt.report(1000.75)
    assert (report.check, report.place, report.when, report.took) == (
        "line",
        "10.0.0.1:80",
        1000.0,
        0.75,
    )
    assert [(step.at, step.what, step.words) for step in report.steps] == [
        (0.5, "connect", "connected to 127.0.0.1:1"),
        (0.5, "sent", "12 bytes"),
        (0.75, "received", "3 bytes"),
        (0.75, "sent", "4 bytes"),
    ]
    assert (report.sent, report.received) == (b"how are you\nbye\n", b"no\n")
    assert (report.outcome, report.reason, report.remedy) == (Outcome.BAD, "talked", "say ok")


def test_what_is_told_is_bounded_whatever_the_server_does(bench: Bench) -> None:
    stream = bench.start().connect()
    for _ in range(READ_LIMIT):
        stream.owner.data_received(b"x")
    stream.owner.data_received(b"x")
    assert bench.end()[0] is Outcome.BAD
    report = bench.attempt.report(0.0)
    assert len(report.received) == KEPT_RECEIVED
    assert report.received_size == READ_LIMIT + 1
    assert len(report.steps) == KEPT_STEPS
