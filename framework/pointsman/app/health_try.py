"""One attempt of a health check, for somebody who wants to see it: outside of any running site."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from pointsman.config.build import Site
from pointsman.config.nearest import nearest
from pointsman.core.deadlines import Deadlines
from pointsman.core.health_report import Report, Step
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.errors import UnknownNameError
from pointsman.net.checks import Checks
from pointsman.net.dial import Dialler
from pointsman.net.names import Names
from pointsman.net.probe_transports import ProbeTransports


class NoServer(UnknownNameError):
    """There is no such server, or there are several; says which there are."""


def chosen(site: Site, named: str) -> tuple[Pool, Member]:
    """The server that ``pool/server``, or the name of a server alone, stands for.

    Raises:
        NoServer: none or several.
    """
    found: list[tuple[Pool, Member]] = []
    known: list[str] = []
    for pool in site.pools.values():
        for member in pool.members:
            full = f"{pool.name}/{member.name}"
            known.append(full)
            if full == named:
                return pool, member
            if member.name == named:
                found.append((pool, member))
    if len(found) == 1:
        return found[0]
    if found:
        full_names = " and ".join(f"{pool.name}/{member.name}" for pool, member in found)
        raise NoServer(f"several pools have a server {named!r}: say {full_names}")
    raise NoServer(f"there is no server {named!r}; {nearest(named, known)}")


def tried(site: Site, member: Member, reactor: Any) -> Report | None:
    """Probe that member once; None if it has no check.

    Args:
        site: not running.
        member: one of its members.
        reactor: not running; it is run until the attempt is over.
    """
    plan = next((plan for plan in site.checks if plan.member is member), None)
    if plan is None:
        return None
    names = Names(reactor)
    host = plan.asked.address.host
    if plan.asked.address.is_name:
        names.watch(host)
    deadlines = Deadlines(reactor.seconds())
    dialler = Dialler(reactor, deadlines, names.addresses, {})
    checks = Checks(reactor, ProbeTransports.of(reactor, dialler, deadlines, names.addresses))
    checks.add(plan)
    reports: list[Report] = []
    resolve: list[Step] = []

    def told(report: Report) -> None:
        reports.append(report)
        names.stop()
        # What is to be cleared up, such as a command, has a moment for it.
        reactor.callLater(0.1, reactor.stop)

    def begin(_: None) -> None:
        if plan.asked.address.is_name:
            found = ", ".join(names.addresses(host)) or "nothing: the name does not resolve"
            took = reactor.seconds() - began
            resolve.append(Step(0.0, "resolve", f"{host} is {found} ({took * 1000:.0f} ms)"))
        checks.try_now(member, told)

    def start() -> None:
        started: Deferred[None] = names.start()
        started.addCallback(begin)
        started.addErrback(failed)

    def failed(failure: Any) -> None:
        failures.append(failure)
        reactor.stop()

    failures: list[Any] = []
    began = reactor.seconds()
    reactor.callWhenRunning(start)
    reactor.run(installSignalHandlers=False)
    for failure in failures:
        failure.raiseException()
    (report,) = reports
    return replace(report, steps=(*resolve, *report.steps), when=time.time() - report.took)
