"""A tour of the site: what each of its steps does and looks at in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any

from rich.table import Table
from rich.text import Text

from pointsman.app.demo.lync.balancer import FILE
from pointsman.app.demo.lync.clients import LOST, Crowd, KeptConnection, trusting
from pointsman.app.demo.lync.lab import ROOT
from pointsman.app.demo.lync.log_file import PATIENCE, eventually
from pointsman.app.demo.lync.site import LyncSite
from pointsman.app.demo.lync.stage import Stage
from pointsman.app.demo.lync.telling import Telling
from pointsman.app.demo.lync.typing_in import Ran, type_in

_LONGEST = 14  # lines of what a command printed
_LAST = 3  # of which so many are its last ones
_QUOTED = re.compile(r" *\d* \|")


class Tour:
    """What steps share.

    Args:
        stage: front ends that listen.
        telling: on what it is told.
        random: in which order clients come back.
        patience: seconds until what was not seen is given up.

    Attributes:
        stage, telling, random: as above.
        crowds: all mobile clients that there were -> what they were there for.
        early: a connection that was made while the temporary certificate was shown.
        main: mobile clients that are there to the end.
        late: those that came after a front end had been away.
    """

    def __init__(
        self, stage: Stage, telling: Telling, random: Random, patience: float = PATIENCE
    ) -> None:
        self.stage = stage
        self.telling = telling
        self.random = random
        self._patience = patience
        self.crowds: dict[Crowd, str] = {}
        # What one step leaves to those that follow.
        self._warned: set[str] = set()
        self.early: KeptConnection | None = None
        self.main = self.late = Crowd(())

    # ---- what is done ----

    def type_in(self, *arguments: str, expected: int = 0, most: int = _LONGEST) -> Ran:
        """Type a command of pointsman, and show it with what it printed.

        Args:
            arguments: of ``pointsman``.
            expected: its exit status, which is claimed.
            most: lines of its output that are shown.
        """
        ran = type_in(self.stage.folder, self.stage.balancer.environ, *arguments)
        shown = [*self._news(ran.lines)]
        if len(shown) > most:
            shown = [*shown[: most - _LAST], "…", *shown[-_LAST:]]
        self.telling.typed(ran.command, shown)
        if ran.status != expected:
            text = f"{ran.command} ends with status {expected}"
            self.telling.claim(text, False, f"{ran.status}: {' / '.join(ran.lines[-3:])}")
        return ran

    def _news(self, lines: Iterable[str]) -> Iterator[str]:
        """What was printed, without the lines of the file that warnings quote, each told once."""
        for line in lines:
            warning = line.partition(": warning: ")[2]
            if not line.strip() or _QUOTED.match(line) or warning in self._warned:
                continue
            if warning:
                self._warned.add(warning)
            yield line

    def edit(self, *steps: Callable[[LyncSite], None]) -> None:
        """Change the configuration file, and show the lines that have changed."""
        path = self.stage.balancer.path
        before = path.read_text() if path.exists() else ""
        for step in steps:
            step(self.stage.site)
        after = self.stage.site.text
        self.stage.balancer.write(after)
        self.telling.edited(FILE, before, after)

    def change(self, *steps: Callable[[LyncSite], None]) -> Ran:
        """Change the file and have it read."""
        self.edit(*steps)
        return self.type_in("reload", FILE)

    # ---- what is looked at ----

    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """The virtual services as they are now, by name."""
        return {each["name"]: each for each in self.stage.balancer.status()["services"]}

    def servers(self) -> Mapping[str, Mapping[str, Any]]:
        """The real servers as they are now, as POOL/SERVER."""
        pools = self.stage.balancer.status()["pools"]
        return {
            f"{pool['name']}/{server['name']}": server
            for pool in pools
            for server in pool["servers"]
        }

    def servers_become(self, state: str, names: Iterable[str], text: str, why: str = "") -> bool:
        """Wait until servers are in a state, for that reason if one is given, and claim it."""
        wanted = [*names]

        def so() -> bool:
            seen = self.servers()
            return all(
                name in seen and seen[name]["state"] == state and why in seen[name]["why"]
                for name in wanted
            )

        if eventually(so, self._patience):
            return self.telling.claim(text, True)
        seen = self.servers()
        told = [
            f"{name} is {seen[name]['state']} ({seen[name]['why']})" if name in seen else name
            for name in wanted
        ]
        return self.telling.claim(text, False, ", ".join(told))

    def services_become(self, state: str, *names: str) -> bool:
        """Wait until virtual services are in a state, and claim it."""

        def states() -> list[str]:
            seen = self.services()
            return [seen[name]["state"] if name in seen else "not there" for name in names]

        seen_so = eventually(lambda: set(states()) == {state}, self._patience)
        what = f"{', '.join(names)}: {state.capitalize()}"
        return self.telling.claim(what, seen_so, ", ".join(states()))

    def show_services(self) -> None:
        """Show the virtual services as they are."""
        table = Table("virtual service", "listens on", "mode", "state", "why", pad_edge=False)
        for name, seen in self.services().items():
            mode = seen["mode"] + (f", {seen['tls']['mode']}" if seen["tls"] else "")
            state = Text(seen["state"], "green" if seen["state"] == "up" else "red")
            table.add_row(name, ", ".join(seen["listen"]), mode, state, seen["why"])
        self.telling.table(table)

    def connect(
        self, place: tuple[str, int], source: str = "127.0.0.1", *, believe: bool = True
    ) -> KeptConnection:
        """A connection of a client that is kept; ``believe`` verifies us by the lab's root."""
        root = self.stage.folder / ROOT if believe else None
        return KeptConnection(place, source, trusting(root))

    # ---- clients ----

    def crowd(self, size: int, what_for: str) -> Crowd:
        """New mobile clients, with a session each."""
        crowd = self.stage.crowd(size)
        self.crowds[crowd] = what_for
        crowd.begin()
        return crowd

    def come_back(self, crowd: Crowd, times: int = 1) -> Mapping[str, int]:
        """All of a crowd come back some times, in whatever order: what they saw."""
        return crowd.come_back(times, self.random)

    def all_known(self, crowd: Crowd, times: int, text: str) -> bool:
        """All of a crowd come back some times, and it is claimed that every session was known."""
        saw = self.come_back(crowd, times)
        count = times * len(crowd.clients)
        return self.telling.claim(
            f"{text}: {count} returns, 0 lost", saw == {"ok": count}, str(saw)
        )


def lost(saw: Mapping[str, int]) -> int:
    """How many sessions were met by a front end that does not know them."""
    return saw.get(LOST, 0)
