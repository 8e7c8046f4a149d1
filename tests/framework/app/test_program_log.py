"""What the program says of itself: one line for each event, for people or for machines."""

import io
import json
import os
import subprocess
import sys
from typing import Any

from twisted.logger import Logger, LogLevel, globalLogPublisher
from twisted.python.failure import Failure

from kit.logs import noted_log
from pointsman.app.program_log import (
    HUMAN,
    JSON,
    HumanLines,
    JsonLines,
    Unhurried,
    begin_logging,
)


def event(text: str, level: LogLevel = LogLevel.info, **more: Any) -> dict[str, Any]:
    return {
        "log_time": 1795452000.5,
        "log_level": level,
        "log_namespace": "pointsman.test",
        "log_format": text,
        **more,
    }


def test_json_lines_are_parseable_whatever_is_said() -> None:
    out = io.StringIO()
    JsonLines(out)(event("{what}", what='a "quoted"\nline \x1b[2J'))
    assert json.loads(out.getvalue()) == {
        "time": "2026-11-23T16:40:00.500Z",
        "level": "info",
        "from": "pointsman.test",
        "message": 'a "quoted"\nline \x1b[2J',
    }
    assert out.getvalue().count("\n") == 1


def test_json_lines_have_the_traceback_of_a_failure() -> None:
    out = io.StringIO()
    JsonLines(out)(event("", LogLevel.critical, log_failure=Failure(ValueError("broken"))))
    told = json.loads(out.getvalue())
    assert told["message"] == "ValueError: broken"
    assert "ValueError: broken" in told["traceback"]


def test_people_get_a_line_that_cannot_move_their_cursor() -> None:
    out = io.StringIO()
    HumanLines(out)(event("server {name} is down", LogLevel.warn, name="a\x1b[2J\nb"))
    _, rest = out.getvalue().split(" ", 1)
    assert rest == "warn  server a\\x1b[2J\\nb is down\n"


def test_people_get_colours_on_a_terminal_only() -> None:
    out = io.StringIO()
    HumanLines(out, coloured=True)(event("oh", LogLevel.error))
    assert "\x1b[31merror\x1b[0m oh" in out.getvalue()


def test_a_log_that_nobody_reads_breaks_nothing() -> None:
    out = io.StringIO()
    out.close()
    HumanLines(out)(event("said to nobody"))
    JsonLines(out)(event("said to nobody"))


def test_a_reader_that_stalls_holds_nobody_up_and_misses_whole_lines_only() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    with open(read, "rb", buffering=0) as reader:
        log = Unhurried(write)
        for number in range(30_000):
            log.write(f"line {number} \u2713 {'x' * 60}\n")
        found = b""
        with noted_log() as said:
            for _ in range(60):
                found += reader.read(1 << 20) or b""
                log.catch_up(0.0)
            log.write("the last one\n")
            log.catch_up(0.0)
            found += reader.read(1 << 20) or b""
        os.close(write)
    lines = found.decode().splitlines()
    assert lines[-1] == "the last one"
    assert lines[:-1] == [f"line {number} \u2713 {'x' * 60}" for number in range(len(lines) - 1)]
    (event,) = said
    assert event["count"] == 30_000 - (len(lines) - 1) > 0


def logged(monkeypatch: Any, form: str, level: str) -> str:
    """What comes out of a log begun like this."""
    observers: list[Any] = []
    monkeypatch.setattr(globalLogPublisher, "addObserver", observers.append)
    out = io.StringIO()
    begin_logging(form, out, level)
    monkeypatch.undo()
    (observer,) = observers
    globalLogPublisher.addObserver(observer)
    try:
        Logger("pointsman.x").info("ours")
        Logger("pointsman.x").debug("our detail")
        Logger("twisted.internet.x").info("of twisted")
        Logger("twisted.internet.x").warn("twisted warns")
    finally:
        globalLogPublisher.removeObserver(observer)
    return out.getvalue()


def test_what_is_not_a_terminal_gets_json_and_the_inside_of_twisted_is_left_out(
    monkeypatch: Any,
) -> None:
    lines = logged(monkeypatch, "auto", "info").splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["ours", "twisted warns"]


def test_debug_shows_everything(monkeypatch: Any) -> None:
    assert len(logged(monkeypatch, JSON, "debug").splitlines()) == 4


def test_a_form_can_be_asked_for(monkeypatch: Any) -> None:
    assert logged(monkeypatch, HUMAN, "info").splitlines()[0].endswith(" info  ours")


def test_a_critical_event_is_one_line_as_any_other() -> None:
    # In a program of its own, as a process begins to log only once.
    program = (
        "from twisted.logger import Logger\n"
        "from pointsman.app.program_log import begin_logging\n"
        "begin_logging('json')\n"
        "try:\n"
        "    raise KeyError('oh')\n"
        "except KeyError:\n"
        "    Logger('x').failure('it broke')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["message"] == "it broke"
