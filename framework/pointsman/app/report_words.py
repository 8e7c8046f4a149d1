"""The report of an attempt in words: what people see of it, and the same for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pointsman.core.health_report import Outcome, Report, Step

_WIDTH = 16  # bytes in a line of a dump
_MOST_LINES = 40
_TEXT = {*range(0x20, 0x7F), 0x09, 0x0A, 0x0D}
_VERDICTS = {
    Outcome.GOOD: "up",
    Outcome.BAD: "down",
    Outcome.SILENT: "silent",
    Outcome.UNABLE: "cannot tell",
}


def report_in_words(report: Report, pool: str, server: str) -> Iterator[str]:
    """Line by line, for people."""
    yield f"{pool}/{server} at {report.place}: {report.check}"
    for step in report.steps:
        yield f"{step.at:8.3f} s  {step.what:<8} {step.words}".rstrip()
    if report.sent:
        yield f"sent, {len(report.sent)} bytes:"
        yield from _shown(report.sent, ">")
    if report.received:
        kept, whole = len(report.received), report.received_size
        first = f", the first {kept} of them" if kept < whole else ""
        yield f"received, {whole} bytes{first}:"
        yield from _shown(report.received, "<")
    yield f"{_VERDICTS[report.outcome]}, after {report.took * 1000:.0f} ms: {report.reason}"
    if report.remedy:
        yield f"what would make it pass: {report.remedy}"


def report_as_json(report: Report, pool: str, server: str) -> str:
    """One JSON object; bytes are in hexadecimal."""
    return json.dumps({"pool": pool, "server": server, **report_told(report)}, indent=2)


def report_told(report: Report) -> Mapping[str, Any]:
    """A report as JSON has it."""
    return {
        "place": report.place,
        "check": report.check,
        "when": round(report.when, 3),
        "took": round(report.took, 6),
        "outcome": report.outcome.value,
        "reason": report.reason,
        "remedy": report.remedy,
        "tls_error": report.tls_error,
        "steps": [
            {"at": round(step.at, 6), "what": step.what, "words": step.words}
            for step in report.steps
        ],
        "sent": report.sent.hex(),
        "received": report.received.hex(),
        "received_size": report.received_size,
    }


def report_from(told: Mapping[str, Any]) -> Report:
    """The report that was told so."""
    return Report(
        check=told["check"],
        place=told["place"],
        when=told["when"],
        took=told["took"],
        outcome=Outcome(told["outcome"]),
        reason=told["reason"],
        remedy=told["remedy"],
        steps=tuple(Step(each["at"], each["what"], each["words"]) for each in told["steps"]),
        sent=bytes.fromhex(told["sent"]),
        received=bytes.fromhex(told["received"]),
        received_size=told["received_size"],
        tls_error=told["tls_error"],
    )


def _shown(data: bytes, mark: str) -> Iterator[str]:
    """As text if it is ASCII, else as a dump."""
    lines = [*(_as_text(data) if _TEXT.issuperset(data) else _as_dump(data))]
    for line in lines[:_MOST_LINES]:
        yield f"  {mark} {line}".rstrip()
    if len(lines) > _MOST_LINES:
        yield f"  {mark} ... {len(lines) - _MOST_LINES} more lines"


def _as_text(data: bytes) -> Iterator[str]:
    text = data.decode("ascii").replace("\r\n", "\n").removesuffix("\n")
    for line in text.split("\n"):
        yield line.replace("\r", "\\r").replace("\t", "    ")


def _as_dump(data: bytes) -> Iterator[str]:
    for at in range(0, len(data), _WIDTH):
        part = data[at : at + _WIDTH]
        seen = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        yield f"{at:04x}  {part.hex(' '):<{_WIDTH * 3}} {seen}"
