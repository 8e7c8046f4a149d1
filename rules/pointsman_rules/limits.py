"""What a rule may use: instructions, time, memory, and what happens when it fails."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pointsman.contracts import Duration, Settings, Size

# Between the soft limit, at which a run ends, and the hard one of the Lua library itself, which
# nothing may reach: what the host hands over with a full heap would end the process. At least so
# much, and so many times the largest text that is handed over. No more than that: what a rule
# fills at once, as by a text that doubles, it takes time to fill.
ROOM = 8 << 20
ROOM_FOR = 4


class Limits(Settings):
    """What the rules of a virtual service may use.

    Attributes:
        instructions: Lua instructions of one run (from an event, or a wait, to the next wait).
        cpu: CPU time of one run.
        request_cpu: CPU time of all runs of one event that waits.
        wait: time of one event with all that it waits for.
        memory: of the runtime of the service.
        body: a whole body that a rule may see.
        large_body: a longer one passes unseen, or is refused (413 to clients, 502 of servers).
        coded_body: one with a Content-Encoding is decoded first and sent on so, or passes unseen.
        string: a text that a string function may make.
        timers: of one service.
        pending: runs of one service that wait at a time.
    """

    instructions: int = Field(default=200_000, ge=1000)
    cpu: Duration = Field(default=0.02, gt=0)
    request_cpu: Duration = Field(default=0.1, gt=0)
    wait: Duration = Field(default=5.0, gt=0)
    memory: Size = Field(default=16 << 20, ge=1 << 20, validate_default=False)
    body: Size = Field(default=1 << 20, ge=1, validate_default=False)
    large_body: Literal["pass", "refuse"] = "pass"
    coded_body: Literal["decode", "skip"] = "decode"
    string: Size = Field(default=1 << 20, ge=1024, validate_default=False)
    timers: int = Field(default=1000, ge=0)
    pending: int = Field(default=1000, ge=1)


def hard_limit(limits: Limits) -> int:
    """Bytes that no runtime may have, whatever happens."""
    return limits.memory + max(ROOM, ROOM_FOR * max(limits.body, limits.string))


# What happens to an exchange when a rule fails: it goes on as if the rule had said nothing, or it
# is answered with 500 (closed), or with a status of one's own.
OnError = Literal["open", "closed"] | int
Engine = Literal["lua54", "lua55", "luajit"]


def status_of(policy: OnError) -> int:
    """The status that a failing rule is answered with; 0 if the exchange goes on."""
    if policy == "open":
        return 0
    return 500 if policy == "closed" else int(policy)
