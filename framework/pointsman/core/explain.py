"""Why an arrival goes where it goes: a structure, in words, and nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pointsman.contracts import Arrival, Persistence, Sight
from pointsman.core.pinning import Kind, readable
from pointsman.core.pool import BOUND, PINNED, Pool
from pointsman.core.server_states import UP


@dataclass(frozen=True, slots=True)
class SeenPin:
    """What one kind of persistence sees.

    Attributes:
        kind: its name in the configuration.
        key: what it goes by, as people may read it; "" for nothing.
        member: name of the member that it is pinned to, "" for none.
        age: seconds since the pin was made, -1.0 for unknown.
        unused: seconds since it was last used, likewise.
        note: what else there is to say; may be empty.
    """

    kind: str
    key: str
    member: str
    age: float
    unused: float
    note: str


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A member as it is now.

    Attributes:
        name: of the server.
        state: one word (core.server_states).
        weight: share of new work.
        active: exchanges and tunnels under way.
        takes_new: whether new work may be given to it.
    """

    name: str
    state: str
    weight: int
    active: int
    takes_new: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """How a pool chooses for one arrival.

    Attributes:
        pool: its name.
        scheduler: name of its scheduler in the configuration.
        reason: what that goes by, in words; may be empty.
        pins: what each kind of its persistence sees, in the order in which they are asked.
        pinned: the member that all of them together name, "" for none.
        note: what decided that beside the kinds, such as a path that is ignored; may be empty.
        pinned_state: the state of that member, "removed" if there is none of that name.
        members: all members.
        outcome: what follows, in words.
        server: the member that it goes to; "" as long as the scheduler has not been asked.
        how: the word of the access log: pinned, new, none, rule, bound; "" likewise.
    """

    pool: str
    scheduler: str
    reason: str
    pins: tuple[SeenPin, ...]
    pinned: str
    note: str
    pinned_state: str
    members: tuple[SeenMember, ...]
    outcome: str
    server: str = ""
    how: str = ""

    def came_to(self, server: str, how: str, by_rule: bool = False) -> Choice:
        """The same, now that it was decided; ``by_rule`` if a rule has named the server."""
        outcome = self.outcome
        if how == BOUND:
            outcome = f"it is logged in on a connection to {server}"
        elif by_rule:
            outcome = f"a rule has named {server}"
        elif not self.server and server:
            outcome += f": {server}"
        elif server != self.server:
            outcome += f"; it went to {server or 'nobody'}"
        return replace(self, outcome=outcome, server=server, how=how)

    def facts(self) -> Mapping[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "pool": self.pool,
            "pins": [
                {
                    "kind": pin.kind,
                    "key": pin.key,
                    "server": pin.member,
                    "age": round(pin.age, 3) if pin.age >= 0 else None,
                    "unused": round(pin.unused, 3) if pin.unused >= 0 else None,
                    "note": pin.note,
                }
                for pin in self.pins
            ],
            "pinned": self.pinned,
            "pinned_state": self.pinned_state,
            "note": self.note,
            "scheduler": self.scheduler,
            "reason": self.reason,
            "servers": {
                each.name: {
                    "state": each.state,
                    "weight": each.weight,
                    "active": each.active,
                    "takes_new": each.takes_new,
                }
                for each in self.members
            },
            "outcome": self.outcome,
            "server": self.server,
            "how": self.how,
        }

    def in_words(self) -> str:
        """The same in one line of plain ASCII."""
        parts = self.lines()
        if self.reason:
            parts.append(f"{self.scheduler}: {self.reason}")
        return "; ".join(parts).encode("unicode_escape").decode("ascii")

    def lines(self) -> list[str]:
        """The same in words, one thing after the other."""
        parts = [f"pool {self.pool}", *map(_pin_in_words, self.pins)]
        if self.note:
            parts.append(self.note)
        if self.pinned:
            parts.append(f"{self.pinned} is {self.pinned_state}")
        parts.append(self.outcome)
        candidates = [_member_in_words(each) for each in self.members if each.takes_new]
        parts.append(f"candidates (weight/active): {', '.join(candidates) or 'none'}")
        return parts


def explain(pool: Pool, arrival: Arrival, now: float, tried: Sequence[str] = ()) -> Choice:
    """What ``pool.choose`` would do for this arrival; nothing is changed, counted or kept.

    Args:
        pool: any pool.
        arrival: a request or connection.
        now: monotonic seconds.
        tried: names of the members that failed for it already.
    """
    pinning = pool.pinning
    kinds: Sequence[Kind] = pinning.kinds if pinning is not None else ()
    pins = tuple([_seen(kind, arrival, now) for kind in kinds])
    persistence = pool.persistence
    whole = _look(persistence, arrival, now) if persistence is not None else Sight()
    member = pool.member(whole.member) if whole.member else None
    scheduler = pool.scheduling or type(pool.scheduler).__name__
    members = tuple([
        SeenMember(
            each.name, each.state, each.weight, each.active,
            each in pool.available and each.name not in tried,
        )
        for each in pool.members
    ])  # fmt: skip
    takes_new = any([each.takes_new for each in members])
    chosen = f"{scheduler} chooses" if takes_new else "no server takes new work"
    state = server = how = ""
    if whole.member:
        state = member.state if member is not None else "removed"
    if pool.shut:
        outcome = f"the pool takes no work: {pool.shut}"
    elif persistence is None:
        outcome = f"there is no persistence, {chosen}"
    elif not whole.member:
        outcome = f"no pin, {chosen}"
    elif whole.member in tried:
        outcome = f"{whole.member} has failed for this very request, {chosen}"
    elif member is not None and member.takes_pinned:
        outcome, server, how = "it goes where it is pinned", member.name, PINNED
    elif member is not None and member.keeps_pins:
        outcome = f"{member.name} is over its limit, its pin stays: {pool.settings.over_limit}"
    else:
        outcome = f"the pin is of no use any more, {chosen}"
    return Choice(
        pool.name,
        scheduler,
        pool.scheduling_goes_by,
        pins,
        whole.member,
        # What a kind has noted is told with that kind.
        whole.note if all([whole.note != pin.note for pin in pins]) else "",
        state,
        members,
        outcome,
        server,
        how,
    )


def _seen(kind: Kind, arrival: Arrival, now: float) -> SeenPin:
    sight = _look(kind.persistence, arrival, now)
    key = readable(kind.persistence, sight.key) if sight.key else ""
    return SeenPin(kind.name, key, sight.member, sight.age, sight.unused, sight.note)


def _look(persistence: Persistence, arrival: Arrival, now: float) -> Sight:
    """What it sees; who only wants to know must not fail where it cannot be seen."""
    try:
        return persistence.look(arrival, now)
    except Exception as error:
        return Sight(note=f"its table cannot be looked at: {type(error).__name__}: {error}")


def _member_in_words(member: SeenMember) -> str:
    state = "" if member.state == UP else f" {member.state}"
    return f"{member.name} {member.weight}/{member.active}{state}"


def _pin_in_words(pin: SeenPin) -> str:
    if pin.member:
        age = f" for {pin.age:.0f} s" if pin.age >= 0 else ""
        text = f"{pin.kind} {pin.key}".rstrip() + f" is pinned to {pin.member}{age}"
    elif pin.key:
        text = f"{pin.kind} {pin.key} is not pinned"
    else:
        text = f"{pin.kind} has nothing to go by"
    return f"{text} ({pin.note})" if pin.note else text
