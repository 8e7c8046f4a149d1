"""The access log: batches, what is said of trouble, and where it goes."""

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import formatEvent

from kit.logs import noted_log
from kit.records import record
from pointsman.app.access_log import BATCH, AccessLog, AccessLogError, sink_to
from pointsman.app.access_log_formats import JsonFormat
from pointsman.app.access_log_sinks import DescriptorSink, FileSink, SyslogSink
from pointsman.app.redaction import Redaction
from pointsman.config.schema import AccessLogSection, Destination


class Paper:
    """A sink that can be told to be in trouble."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls = 0
        self.lost = 0
        self.trouble = ""
        self.closed = 0
        self.reopened_after: int | None = None

    def open(self) -> None:
        pass

    def write(self, lines: list[str]) -> int:
        self.calls += 1
        if self.trouble:
            self.lost += len(lines)
        else:
            self.lines += lines
        return self.lost

    def reopen(self) -> None:
        self.reopened_after = len(self.lines)

    def close(self) -> None:
        self.closed += 1


def on(paper: Paper) -> AccessLog:
    return AccessLog(JsonFormat(Redaction()), paper)


def test_records_are_gathered_until_the_tick() -> None:
    paper = Paper()
    log = on(paper)
    log.finished(record())
    log.finished(record())
    assert paper.calls == 0
    log.flush(12.0)
    assert (paper.calls, len(paper.lines), log.written) == (1, 2, 2)


def test_a_batch_that_is_full_is_written_at_once() -> None:
    paper = Paper()
    log = on(paper)
    for _ in range(BATCH):
        log.finished(record())
    assert len(paper.lines) == BATCH


def test_closing_and_opening_anew_write_what_was_gathered_first() -> None:
    paper = Paper()
    log = on(paper)
    log.finished(record())
    log.reopen()
    assert paper.reopened_after == 1
    log.finished(record())
    log.close()
    assert (len(paper.lines), paper.closed) == (2, 1)


def test_trouble_is_said_once_and_its_end_with_what_was_lost() -> None:
    paper = Paper()
    log = on(paper)
    paper.trouble = "No space left on device"
    with noted_log() as said:
        for _ in range(5):
            log.finished(record())
            log.flush()
        assert log.lost == 5
        paper.trouble = ""
        log.finished(record())
        log.flush()
        log.flush()
    assert [formatEvent(event) for event in said] == [
        "access log: records are being lost: No space left on device",
        "access log: written again; records lost: 5",
    ]


def test_a_record_that_cannot_be_formatted_harms_nothing() -> None:
    paper = Paper()
    log = on(paper)
    broken: Any = record(status="not a number", bytes_in="x", total="y")
    with noted_log() as said:
        log.finished(broken)
        log.flush()
        log.finished(record())
        log.flush()
    assert len(paper.lines) == 1
    assert [formatEvent(event) for event in said] == ["access log: 1 records are lost"]


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        (Destination("stderr"), DescriptorSink),
        (Destination("stdout"), DescriptorSink),
        (Destination("file", "/x"), FileSink),
        (Destination("syslog", "/dev/log"), SyslogSink),
        (Destination("syslog", "127.0.0.1:514"), SyslogSink),
    ],
)
def test_each_destination_has_its_sink(destination: Destination, kind: type) -> None:
    assert type(sink_to(destination)) is kind


def test_settings_decide_form_place_and_redaction(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    section = AccessLogSection.model_validate(
        {"to": {"file": str(path)}, "redact_query": ["t"], "headers": ["User-Agent"]}
    )
    log = AccessLog.of(section)
    log.open()
    log.finished(record([(b"User-Agent", b"curl")], target=b"/?t=x"))
    log.close()
    told = json.loads(path.read_text())
    assert (told["target"], told["headers"]) == ("/?t=REDACTED", {"user-agent": "curl"})


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "access.log"
    log = AccessLog.of(AccessLogSection.model_validate({"to": {"file": str(path)}}))
    with pytest.raises(AccessLogError, match=f"{path}: No such file or directory"):
        log.open()
