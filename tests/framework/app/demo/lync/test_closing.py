"""The closing table has a row for each client, whatever it saw."""

from __future__ import annotations

import io
import ssl

from rich.console import Console

from pointsman.app.demo.lync.clients import Crowd, MobileClient
from pointsman.app.demo.lync.closing import closing_table


def client(source: str, met: list[str], **seen: int) -> MobileClient:
    made = MobileClient(("127.0.0.1", 1), source, ssl.create_default_context())
    made.met = met
    made.seen.update({name.strip("_"): count for name, count in seen.items()})
    return made


def test_every_client_is_in_it() -> None:
    crowd = Crowd(
        [
            client("127.0.1.1", ["fe1", "fe2"], ok=9, _404=1),
            client("127.0.1.2", ["fe2"], ok=3, none=2, _503=1),
            client("127.0.1.3", ["fe1", *["fe2"] * 7]),
            client("127.0.1.4", []),
        ]
    )
    out = io.StringIO()
    Console(file=out, width=120).print(closing_table({crowd: "at work"}))
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in out.getvalue().splitlines()
        if line.startswith("│")
    ]
    assert rows == [
        ["at work", "127.0.1.1", "fe1 → fe2", "10", "9", "1", "0"],
        ["", "127.0.1.2", "fe2", "6", "3", "0", "3"],
        ["", "127.0.1.3", "fe1 → … → fe2 (8 sessions)", "0", "0", "0", "0"],
        ["", "127.0.1.4", "none", "0", "0", "0", "0"],
        ["all", "", "", "16", "12", "1", "3"],
    ]
