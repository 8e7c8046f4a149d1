"""Agents at work beside the health checks: what they say is a voice of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from pointsman.contracts import Verdict
from pointsman.core.health import CheckPlan, Health
from pointsman.core.members import Member
from pointsman.core.server_states import AGENT_DOWN, AGENT_READY
from pointsman.net.checks import UNCHECKED, Checks
from pointsman.net.probe_transports import ProbeTransports


class AgentChecks(Checks):
    """Asks the agents of servers that may have a health check as well.

    As with HAProxy and the LoadMaster, an agent that cannot be heard changes nothing: what it
    said last holds, and whether the server is up is for its health check to find out.

    Args:
        reactor, transports, wall: as of Checks.
    """

    log = Logger()
    agents = True

    def __init__(
        self, reactor: Any, transports: ProbeTransports, wall: Callable[[], float]
    ) -> None:
        super().__init__(reactor, transports, (), wall)
        self._unheard: set[Member] = set()

    def tell(self, plan: CheckPlan, health: Health) -> None:
        """Say so when an agent cannot be heard, and when it is heard again."""
        member = plan.member
        unheard = not health.up and member.agent != AGENT_DOWN
        if unheard == (member in self._unheard):
            return
        if unheard:
            self._unheard.add(member)
            self.log.warn(
                "the agent of {pool}/{server} is not heard, what it said last holds: {reason}",
                pool=plan.pool,
                server=member.name,
                reason=health.reason,
            )
        else:
            self._unheard.discard(member)
            self.log.info(
                "the agent of {pool}/{server} is heard: {reason}",
                pool=plan.pool,
                server=member.name,
                reason=health.reason,
            )

    def _let_be(self, member: Member) -> None:
        """No agent is asked any more: the server has all of its weight."""
        self._unheard.discard(member)
        member.set_agent(100, AGENT_READY, UNCHECKED)

    def tell_agent(self, plan: CheckPlan, verdict: Verdict) -> None:
        """Give a member what its agent wants; "down" lasts until it says something else."""
        admin = verdict.admin
        if not verdict.up and admin != AGENT_DOWN:
            return  # it says nothing that an agent would say
        if not admin and plan.member.agent == AGENT_DOWN:
            admin = AGENT_READY
        super().tell_agent(plan, Verdict(True, verdict.reason, share=verdict.share, admin=admin))
