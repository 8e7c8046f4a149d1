"""The end of the tour: what every client saw, in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table
from rich.text import Text

from pointsman.app.demo.lync.clients import LOST, OK, Crowd, MobileClient


def closing_table(crowds: Mapping[Crowd, str]) -> Table:
    """One row for each client, by crowd.

    Args:
        crowds: clients -> what they were there for.
    """
    table = Table(title="What every client saw", title_justify="left", pad_edge=False)
    table.add_column("clients")
    table.add_column("address")
    table.add_column("front ends that had its sessions", overflow="fold")
    for heading in ("requests", "answered well", "session lost", "other"):
        table.add_column(heading, justify="right")
    for crowd, what_for in crowds.items():
        for number, client in enumerate(crowd.clients):
            table.add_row(what_for if number == 0 else "", *_cells(client))
        table.add_section()
    table.add_row("all", "", "", *_figures([*_seen(crowds)]), style="bold")
    return table


def _seen(crowds: Mapping[Crowd, str]) -> Iterator[MobileClient]:
    for crowd in crowds:
        yield from crowd.clients


def _cells(client: MobileClient) -> list[Text | str]:
    return [client.source, _way(client.met), *_figures([client])]


def _way(met: list[str]) -> Text:
    """Where it was: fe1, then fe2. Those that met many are counted."""
    if len(met) > 5:
        return Text(f"{met[0]} → … → {met[-1]} ({len(met)} sessions)")
    return Text(" → ".join(met) or "none")


def _figures(clients: list[MobileClient]) -> list[Text]:
    total = sum(sum(client.seen.values()) for client in clients)
    well = sum(client.seen[OK] for client in clients)
    lost = sum(client.seen[LOST] for client in clients)
    other = total - well - lost
    return [
        Text(str(total)),
        Text(str(well), "green"),
        Text(str(lost), "yellow" if lost else "dim"),
        Text(str(other), "red" if other else "dim"),
    ]
