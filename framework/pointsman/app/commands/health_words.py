"""``pointsman health show`` in words: the health of all servers, or all about some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pointsman.app.report_words import report_from, report_in_words
from pointsman.model.units import format_duration

Told = Mapping[str, Any]

# Of the history of one server.
_MOST_CHANGES = 20


def health_table(servers: Sequence[Told]) -> Table:
    """A row for each server.

    Args:
        servers: ``app.operating_health.HealthSeen`` as JSON has it.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("pool/server", "state", "check", "asks", "every", "last", "took", "why"):
        table.add_column(heading, overflow="fold")
    for each in servers:
        check = each["check"] or {}
        table.add_row(
            Text(_name(each)),
            Text(each["state"]),
            Text(check.get("check", "none")),
            Text(check.get("place", "")),
            format_duration(check["interval"]) if check else "",
            _moment(check["asked"]) if check and check["asked"] else "",
            f"{check['took'] * 1000:.0f} ms" if check and check["asked"] else "",
            Text(each["why"]),
        )
    return table


def health_in_full(server: Told) -> Iterator[str]:
    """All about one server, line by line."""
    name = _name(server)
    yield f"{name} is {server['state']}: {server['why']}"
    for what in ("check", "agent"):
        if server[what] is not None:
            yield from _about(what, name, server[what])
    if server["check"] is None:
        yield "it has no health check: it is always up"
    changes = server["changes"]
    if changes:
        yield "changes of its state, the last ones:"
    for each in changes[-_MOST_CHANGES:]:
        yield (
            f"  {_moment(each['time'])} {each['before']} -> {each['state']} "
            f"({each['by']}): {each['reason']}"
        )


def _about(what: str, name: str, check: Told) -> Iterator[str]:
    known = {True: "up", False: "down", None: "not known yet"}[check["up"]]
    interval, timeout = (format_duration(check[each]) for each in ("interval", "timeout"))
    last = f", last at {_moment(check['asked'])}" if check["asked"] else ""
    yield (
        f"{what}: {check['check']} at {check['place']}, every {interval}, within {timeout}; "
        f"asked {check['attempts']} times{last}"
    )
    yield f"verdict: {known}: {check['reason']}"
    if check["failure"] is None:
        yield "no attempt has failed"
        return
    yield f"the last attempt that failed, at {_moment(check['failure']['when'])}:"
    pool, _, server = name.partition("/")
    for line in report_in_words(report_from(check["failure"]), pool, server):
        yield f"  {line}"


def _name(server: Told) -> str:
    return f"{server['pool']}/{server['name']}"


def _moment(moment: float) -> str:
    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S")
