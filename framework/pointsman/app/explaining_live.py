"""What would become of a request right now: the states, counters and pins of what runs, looked at.

Everything that a request changes is made anew for it (rules, schedulers, and a likeness of each
server), so that traffic does not notice that somebody has asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pointsman.app.asked import Asked
from pointsman.app.assembly import RunningSite
from pointsman.app.explaining import Explanation
from pointsman.config.draft import Draft
from pointsman.config.steps import Steps
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.virtual_service import VirtualService


@dataclass(frozen=True, slots=True)
class Explained:
    """What would become of a request.

    Attributes:
        steps: all that happens, in words.
        choice: how its server was chosen, as plain values; None if none was.
    """

    steps: Sequence[str]
    choice: Mapping[str, Any] | None


def explained(
    running: RunningSite, draft: Draft, asked: Asked, service: str | None
) -> Steps[Explained]:
    """All that happens to a request; made in steps.

    Args:
        running: what runs.
        draft: of the same configuration, made for this and nothing else.
        asked: the request.
        service: the name of the service that it comes to, None if the request tells.

    Raises:
        AskedError: it cannot be told which service is meant.
    """
    name = service or _by_port(running, asked.port)
    fresh, checks, agents = yield from draft.pools()
    services: list[VirtualService] = []
    for each in draft.services(fresh):
        services.append(each)
        yield
    there = {each.service.name: each.service for each in running.services}
    meant = asked.service_of(services, name)
    if meant.name in there:
        meant.enabled = there[meant.name].enabled
    pools: dict[str, Pool] = {}
    for pool_name, pool in fresh.items():
        live = running.site.pools.get(pool_name)
        pools[pool_name] = pool if live is None else _likeness(live, pool)
        yield
    site = replace(draft.site(fresh, checks, agents, services), pools=pools)
    explanation = Explanation(
        site,
        meant,
        asked.head,
        asked.connection(meant),
        running.shared.wall,
        running.clock(),
    )
    told = [*explanation.steps()]
    if not meant.enabled:
        told.insert(1, f"service {meant.name} is disabled: each connection is closed at once")
    elif meant.name in there:
        state = there[meant.name].state
        told.insert(1, f"service {meant.name} is {state.word}: {state.reason}")
    choice = explanation.choice
    return Explained(told, None if choice is None else choice.facts())


def _by_port(running: RunningSite, port: int) -> str | None:
    """The only service that really listens on a port, whatever its configuration asks for."""
    found = [
        each.service.name
        for each in running.services
        if port in each.ports and each.service.settings.mode == "http"
    ]
    return found[0] if len(found) == 1 else None


def _likeness(live: Pool, fresh: Pool) -> Pool:
    """A pool whose servers are as those of the live one, and whose pins are the live ones."""
    members = [likeness(member) for member in live.members]
    pool = Pool(
        live.name,
        members,
        fresh.scheduler,
        live.persistence,
        (),
        live.settings,
        live.pinning,
    )
    pool.scheduling, pool.scheduling_goes_by = fresh.scheduling, fresh.scheduling_goes_by
    return pool


def likeness(live: Member) -> Member:
    """A member in the state of another one, of which nobody hears."""
    member, why = Member(live.server), live.why
    member.set_weight(live.base_weight)
    member.set_health(live.up, live.reason)
    member.checking = live.checking
    member.set_agent(live.share, live.agent, why)
    member.set_ejected(live.ejected, why)
    member.set_admin(live.admin, why)
    # What is left of its rate in this second can only be used up.
    for _ in range(live.server.max_rate):
        if member.is_full == live.is_full:
            break
        member.begin()
        member.active = 0
    member.active, member.tunnels = live.active, live.tunnels
    member.total, member.failures = live.total, live.failures
    member.begin_ramp(live.ramp)
    return member
