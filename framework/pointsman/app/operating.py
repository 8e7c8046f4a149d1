"""What an operator can see and do while a site runs: for commands, and for the host that embeds it.

Everything that may take long is given back as a Deferred, and done in slices between which
traffic goes on.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, inlineCallbacks, maybeDeferred
from twisted.logger import Logger

from pointsman.app.asked import Asked
from pointsman.app.assembly import RunningSite
from pointsman.app.events import WEIGHT, Event
from pointsman.app.explaining_live import Explained, explained
from pointsman.app.named_servers import named_servers
from pointsman.app.operating_health import OperatingHealth
from pointsman.app.operating_pins import OperatingPins
from pointsman.app.reload import Plan, Reloading
from pointsman.app.revisions import COMMAND, Revision
from pointsman.app.seeing import Seeing
from pointsman.app.seen import ServersChanged, SiteSeen
from pointsman.app.slices import Turns
from pointsman.config.draft import Draft
from pointsman.core.draining import pins_by_server
from pointsman.core.member_state import MOST_WEIGHT
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.server_states import ADMIN_STATES, BY_ADMIN
from pointsman.core.service_state import UP
from pointsman.model.errors import OperatingError, ReloadError

# Whoever changes a server may say why, in so many characters.
MOST_WORDS = 200
BY_COMMAND = "by command"


class Operating:
    """Sees and steers what runs.

    Args:
        reactor: of the site.
        reloading: whose site it is, and what changes its configuration.

    Attributes:
        reloading: as above.
        turns: does long work between turns of the reactor.
        pins: sees and steers the pins.
        health: looks into the health checks.
    """

    log = Logger()

    def __init__(self, reactor: Any, reloading: Reloading) -> None:
        self.turns = Turns(reactor)
        self.reloading = reloading
        self.pins = OperatingPins(self.turns, lambda: self.running)
        self.health = OperatingHealth(self.turns, lambda: self.running)

    def stop(self) -> None:
        """Nothing runs any more: give up what is under way."""
        self.turns.stop()
        self.health.stop()

    @property
    def running(self) -> RunningSite:
        """What is at work.

        Raises:
            OperatingError: nothing is.
        """
        site = self.reloading.site
        if site is None or site.closed:
            raise OperatingError("it is not at work")
        return site

    # ---- the whole ----

    def reload(self, file: str = "", confirm: float = 0.0) -> Deferred[Plan]:
        """Read the configuration file anew and work by it, as a whole or not at all.

        Args:
            file: the file that is meant, absolute; "" for whichever it runs by. As another one
                is hardly meant, it is refused.
            confirm: it goes back by itself unless it is confirmed in so many seconds; 0 never.

        Returns:
            Fires with what has changed; fails as ``Reloading.change`` does.
        """
        if refused := self._not_ours(file):
            return fail(refused)
        return self.reloading.change(by=COMMAND, confirm=confirm)

    def check(self, file: str = "") -> Deferred[Plan]:
        """See what would change by a configuration file. Nothing does.

        Args:
            file: any file, absolute; "" for the one that it runs by.

        Returns:
            Fires with the plan; fails as ``Reloading.check`` does.
        """
        ours = os.path.realpath(file) == os.path.realpath(self.reloading.file)
        return self.reloading.check(None if ours or not file else file)

    def history(self) -> Deferred[list[Revision]]:
        """The revisions that are kept, the oldest first; the last one is in force."""
        return self.reloading.past.history()

    def undo(self, file: str = "", to: int | None = None, force: bool = False) -> Deferred[Plan]:
        """Put the files of an earlier revision back, and work by them.

        Args:
            file: as of ``reload``.
            to, force: as of ``Past.undo``.
        """
        if refused := self._not_ours(file):
            return fail(refused)
        return self.reloading.past.undo(to, force)

    def confirm(self, file: str = "") -> Deferred[int]:
        """Say that the last change is good; fires with the number of its revision.

        Args:
            file: as of ``reload``.
        """
        if refused := self._not_ours(file):
            return fail(refused)
        return self.reloading.past.confirm()

    def _not_ours(self, file: str) -> ReloadError | None:
        """What is wrong with whoever means another file."""
        ours = self.reloading.file
        if not file or os.path.realpath(file) == os.path.realpath(ours):
            return None
        told = f"by {ours}" if ours else "by no file"
        return ReloadError(f"what is at work goes {told}, not by {file}")

    def status(self) -> Deferred[SiteSeen]:
        """All services, pools and servers as they are now."""
        return maybeDeferred(self._status)

    def _status(self) -> Deferred[SiteSeen]:
        running, reloading = self.running, self.reloading
        configuration = reloading.configuration
        warnings = [str(each) for each in (*configuration.warnings, *running.site.warnings)]
        steps = Seeing(running).site(reloading.file, reloading.number, warnings)
        return self.turns.do(steps)

    def events(self, after: int = 0) -> Sequence[Event]:
        """What has happened, the oldest first: states, weights, pins, configurations.

        Args:
            after: of the last one that is known, 0 for all that are remembered.
        """
        return self.running.events.after(after)

    def explain(
        self,
        method: str,
        url: str,
        headers: Sequence[str] = (),
        source: str = "127.0.0.1",
        service: str | None = None,
    ) -> Deferred[Explained]:
        """What would become of a request now; nothing is sent or kept.

        Args:
            method, url, headers, source: as of ``app.asked.Asked``.
            service: name of the service, None if the URL tells.

        Returns:
            Fails with AskedError if it is no request, or the service cannot be told.
        """
        return self._explain(method, url, headers, source, service)

    @inlineCallbacks
    def _explain(
        self, method: str, url: str, headers: Sequence[str], source: str, service: str | None
    ) -> Generator[Deferred[Any], Any, Explained]:
        asked = Asked(method, url, headers, source)
        draft: Draft = yield self.reloading.again()
        try:
            told: Explained = yield self.turns.do(explained(self.running, draft, asked, service))
        finally:
            draft.discard()
        return told

    # ---- servers ----

    def set_servers(self, names: Sequence[str], state: str, why: str = "") -> ServersChanged:
        """Take servers in or out. It lasts until it is changed again, reloads included.

        Args:
            names: of servers, as of ``app.named_servers.named_servers``.
            state: "enabled", "draining", "disabled" or "maintenance".
            why: for people who see it later.

        Raises:
            NoServer: there is no such server, or several are; nothing has changed.
            OperatingError: another state, or a reason that is no line of text.
        """
        if state not in ADMIN_STATES:
            raise OperatingError(f"a server is {', '.join(ADMIN_STATES)}, not {state!r}")
        if len(why) > MOST_WORDS or not (why.isprintable() or not why):
            raise OperatingError(f"a reason is one line of at most {MOST_WORDS} characters")
        reason = f"{BY_COMMAND}: {why}" if why else BY_COMMAND
        meant = named_servers(self.running.site, names)
        for _, member in meant:
            member.set_admin(state, reason)
        return self._changed(meant)

    def set_weight(self, names: Sequence[str], weight: int | None) -> ServersChanged:
        """Change the share of new work of servers. It lasts like ``set_servers``, and until the
        configuration gives the server another weight.

        Args:
            names: as of ``set_servers``.
            weight: 0 to 65535; None for that of the configuration.

        Raises:
            NoServer: there is no such server, or several are; nothing has changed.
            OperatingError: no such weight.
        """
        if weight is not None and not 0 <= weight <= MOST_WEIGHT:
            raise OperatingError(f"a weight is 0 to {MOST_WEIGHT}, not {weight}")
        meant = named_servers(self.running.site, names)
        for pool, member in meant:
            before = member.base_weight
            member.set_weight(member.server.weight if weight is None else weight)
            if member.base_weight != before:
                now = str(member.base_weight)
                full = f"{pool.name}/{member.name}"
                self.running.events.note(WEIGHT, full, str(before), now, BY_ADMIN, BY_COMMAND)
                self.log.info(
                    "{pool}/{server}: weight {before} -> {after}, by command",
                    pool=pool.name,
                    server=member.name,
                    before=before,
                    after=member.base_weight,
                )
        return self._changed(meant)

    def _changed(self, meant: Sequence[tuple[Pool, Member]]) -> ServersChanged:
        running = self.running
        seeing = Seeing(running)
        pins = {pool.name: pins_by_server(pool) for pool, _ in meant}
        concerned = [
            seeing.service(each)
            for each in running.services
            if each.service.state.word != UP and each.service.pool.name in pins
        ]
        servers = [seeing.server(pool, member, pins[pool.name]) for pool, member in meant]
        return ServersChanged(servers, concerned)
