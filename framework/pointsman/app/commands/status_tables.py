"""The tables of ``pointsman status``: from what was answered to what is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Told = Mapping[str, Any]

_COLOURS = {
    "up": "green",
    "degraded": "yellow",
    "checking": "yellow",
    "slow-start": "yellow",
    "over-limit": "yellow",
    "draining": "yellow",
    "sorry": "yellow",
    "redirect": "yellow",
    "fail-message": "yellow",
    "ejected": "red",
    "down": "red",
    "disabled": "magenta",
    "maintenance": "magenta",
}
_DAY = 24 * 3600.0


def tables(site: Told) -> RenderableType:
    """All of it.

    Args:
        site: an ``app.seen.SiteSeen`` as JSON has it.
    """
    up = _lasting(site["now"] - site["began"])
    file = f", {site['file']}" if site["file"] else ""
    head = Text(
        f"pointsman {site['version']}, process {site['pid']}, up {up}, "
        f"revision {site['revision']}{file}"
    )
    shown: list[RenderableType] = [head, Text(), _services(site), Text(), _servers(site)]
    notes = [*_notes(site)]
    if notes:
        shown += [Text(), *notes]
    return Group(*shown)


def _services(site: Told) -> Table:
    table = _table("service", "state", "since", "listens on", "mode", "pool")
    for heading in ("open", "new/s", "done/s", "out/s"):
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for each in site["services"]:
        rates = each["rates"]
        state = Text("leaving", "magenta") if each["leaving"] else _state(each["state"])
        pool = f"{each['pool']}, else {each['sorry']}" if each["sorry"] else each["pool"]
        table.add_row(
            Text(each["name"]),
            state,
            _since(each["since"], site["now"]),
            Text("\n".join(each["listen"])),
            _mode(each),
            Text(pool),
            str(each["connections"]),
            f"{rates['connections']:.1f}",
            f"{rates['exchanges']:.1f}",
            _size(rates["bytes_out"]),
            Text(each["why"]),
        )
    return table


def _mode(service: Told) -> Text:
    tls = service["tls"]
    text = Text(service["mode"])
    if tls is not None:
        text.append(f", {tls['mode']}", "bold yellow" if tls["temporary"] else "")
    return text


def _servers(site: Told) -> Table:
    table = _table("pool/server", "at", "state", "since")
    for heading in ("weight", "open", "new/s", "total", "failed", "pins"):
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for pool in site["pools"]:
        for each in pool["servers"]:
            limit = each["max_connections"]
            table.add_row(
                Text(f"{each['pool']}/{each['name']}"),
                Text(each["place"]),
                _state(each["state"]),
                _since(each["since"], site["now"]),
                _weight(each),
                f"{each['active']}/{limit}" if limit else str(each["active"]),
                f"{each['rate']:.1f}",
                str(each["total"]),
                str(each["failures"]),
                "?" if each["pins"] is None else str(each["pins"]),
                _why(each),
            )
    return table


def _weight(server: Told) -> Text:
    now, wanted = server["weight"], server["wanted_weight"]
    text = Text(str(now) if now == wanted else f"{now} of {wanted}")
    if any(word.startswith("weight") for word in server["by_command"]):
        text.append(" *", "magenta")
    return text


def _why(server: Told) -> Text:
    told = server["why"]
    if server["drain"] is not None:
        told = f"{told}; {server['drain']['words']}"
    return Text(told)


def _notes(site: Told) -> Iterator[Text]:
    """What somebody ought to look at."""
    for each in site["services"]:
        yield from _about_tls(each)
    for pool in site["pools"]:
        if pool["waiting"]:
            yield Text(f"pool {pool['name']}: {pool['waiting']} wait for room")
        if pool["doubt"]:
            yield Text(f"pool {pool['name']}: {pool['doubt']}", "yellow")
        if pool["refused_pins"]:
            told = ", ".join(f"{n} {why}" for why, n in sorted(pool["refused_pins"].items()))
            yield Text(f"pool {pool['name']}: pins of clients that were not believed: {told}")
        for each in pool["servers"]:
            if each["by_command"]:
                what = ", ".join(each["by_command"])
                yield Text(f"* {each['pool']}/{each['name']}: set by command: {what}", "magenta")
    for each in site["removed"]:
        when = f"cut in {_lasting(each['left'])}"
        yield Text(
            f"server {each['name']} at {each['place']} was removed: {each['active']} open, {when}"
        )
    for warning in site["warnings"]:
        yield Text(f"warning: {warning}", "yellow")


def _about_tls(service: Told) -> Iterator[Text]:
    tls, name = service["tls"], service["name"]
    if tls is None:
        return
    if tls["temporary"]:
        yield Text(f"{name}: shows a temporary certificate, which no client trusts", "bold yellow")
    for server, trouble in tls["troubles"].items():
        yield Text(f"{name}: no TLS with server {server}: {trouble}", "red")
    for reason, count in _most(tls["failures"]):
        yield Text(f"{name}: {count} TLS handshakes of clients failed: {reason}", "yellow")
    if tls["refused"]:
        yield Text(f"{name}: {tls['refused']} connections refused: too many handshakes", "yellow")


def _most(counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])[:3]


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _state(word: str) -> Text:
    return Text(word, _COLOURS.get(word, ""))


def _since(moment: float | None, now: float) -> Text:
    """At what time it began, with its day if that was not just now; "start" for the beginning."""
    if moment is None:
        return Text("start", "dim")
    form = "%H:%M:%S" if now - moment < _DAY else "%Y-%m-%d %H:%M"
    return Text(datetime.fromtimestamp(moment).strftime(form))


def _lasting(seconds: float) -> str:
    """A time in its two largest units, such as ``3d 4h``."""
    left = max(int(seconds), 0)
    told: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= length or (unit == "s" and not told):
            told.append(f"{left // length}{unit}")
            left %= length
    return " ".join(told[:2])


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError("not reached")
