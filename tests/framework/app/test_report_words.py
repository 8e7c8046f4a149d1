"""Reports in words: steps, bytes as text or as a dump, the verdict and what would help."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pointsman.app.report_words import report_as_json, report_from, report_in_words, report_told
from pointsman.core.health_report import Outcome, Report, Step

REPORT = Report(
    "HEAD /",
    "10.0.0.1:80",
    1000.0,
    0.0123,
    Outcome.BAD,
    "403 not among accepted 200-299",
    "`accept: [200-299, 403]`",
    (Step(0.0, "connect", "connected"), Step(0.012, "received", "26 bytes")),
    b"HEAD / HTTP/1.0\r\nHost:\ta\r\n\r\n",
    b"HTTP/1.0 403 Forbidden\r\n\r\n",
    26,
)


def lines(report: Report) -> list[str]:
    return [*report_in_words(report, "web", "a")]


def test_all_of_it_is_told_in_order() -> None:
    assert lines(REPORT) == [
        "web/a at 10.0.0.1:80: HEAD /",
        "   0.000 s  connect  connected",
        "   0.012 s  received 26 bytes",
        "sent, 28 bytes:",
        "  > HEAD / HTTP/1.0",
        "  > Host:    a",
        "  >",
        "received, 26 bytes:",
        "  < HTTP/1.0 403 Forbidden",
        "  <",
        "down, after 12 ms: 403 not among accepted 200-299",
        "what would make it pass: `accept: [200-299, 403]`",
    ]


def test_what_did_not_happen_is_not_told() -> None:
    told = lines(replace(REPORT, outcome=Outcome.GOOD, remedy="", sent=b"", received=b"", steps=()))
    assert told == [
        "web/a at 10.0.0.1:80: HEAD /",
        "up, after 12 ms: 403 not among accepted 200-299",
    ]
    for outcome, word in ((Outcome.SILENT, "silent"), (Outcome.UNABLE, "cannot tell")):
        assert lines(replace(REPORT, outcome=outcome))[-2].startswith(f"{word}, after")


def test_what_is_no_text_is_dumped() -> None:
    told = lines(replace(REPORT, sent=bytes(range(20)), received=b"", remedy=""))
    assert told[4:6] == [
        "  > 0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................",
        "  > 0010  10 11 12 13                                      ....",
    ]


def test_what_was_not_kept_is_counted() -> None:
    told = lines(replace(REPORT, received=b"x\n" * 500, received_size=5000))
    assert "received, 5000 bytes, the first 1000 of them:" in told
    assert "  < ... 460 more lines" in told


def test_the_same_for_programs() -> None:
    told = json.loads(report_as_json(REPORT, "web", "a"))
    assert (told["pool"], told["server"], told["outcome"]) == ("web", "a", "bad")
    assert bytes.fromhex(told["received"]) == REPORT.received
    assert told["steps"][1] == {"at": 0.012, "what": "received", "words": "26 bytes"}
    assert {*told} == {
        "pool", "server", "place", "check", "when", "took", "outcome", "reason", "remedy",
        "tls_error", "steps", "sent", "received", "received_size",
    }  # fmt: skip


@given(st.binary(max_size=300))
def test_nothing_that_a_server_sends_reaches_the_terminal_as_it_is(data: bytes) -> None:
    report = replace(REPORT, received=data, received_size=len(data))
    assert all(line.isprintable() for line in lines(report))


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from(Outcome))
def test_what_is_told_is_the_same_report_again(
    sent: bytes, received: bytes, outcome: Outcome
) -> None:
    report = replace(REPORT, sent=sent, received=received, outcome=outcome, tls_error="none")
    assert report_from(json.loads(json.dumps(report_told(report)))) == report
