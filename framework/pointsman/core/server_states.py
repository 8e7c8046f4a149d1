"""The words for the state of a server, who sets which, and what a change of it looks like."""

from __future__ import annotations

from typing import Final, NamedTuple

# What an operator (or a command) wants of a server. Nobody else moves it between these.
ENABLED: Final = "enabled"
DRAINING: Final = "draining"  # no new clients, pinned ones are honoured until the drain time ends
DISABLED: Final = "disabled"  # nobody; work under way goes on
MAINTENANCE: Final = "maintenance"  # nobody, and nobody misses it: it counts as not there
ADMIN_STATES: Final = (ENABLED, DRAINING, DISABLED, MAINTENANCE)

# What an agent on the server wants, in the words of HAProxy's agents.
AGENT_READY: Final = "ready"
AGENT_DRAIN: Final = "drain"
AGENT_MAINTENANCE: Final = "maint"
AGENT_DOWN: Final = "down"
AGENT_STATES: Final = (AGENT_READY, AGENT_DRAIN, AGENT_MAINTENANCE, AGENT_DOWN)

# The state in one word, for people. ENABLED servers are in one of these; the three others of an
# operator go by their own word.
UP: Final = "up"
DOWN: Final = "down"
CHECKING: Final = "checking"  # no verdict yet; it works as if it were up
EJECTED: Final = "ejected"  # it answered badly, and is left alone for a while
SLOW_START: Final = "slow-start"  # it came back, and its share rises
OVER_LIMIT: Final = "over-limit"  # it has all the work that it may have

# Who set a state. Only the same one takes it back.
BY_ADMIN: Final = "operator"
BY_AGENT: Final = "agent"
BY_HEALTH: Final = "health"
BY_TRAFFIC: Final = "traffic"  # what its answers looked like
BY_TIME: Final = "time"  # a drain time or a slow start is over


class StateChange(NamedTuple):
    """One change of the state of a server.

    Attributes:
        time: seconds since the epoch.
        server: its name.
        before: the state that it left.
        state: the state that it is in now.
        by: who changed it, one of the words above.
        reason: why, in words.
    """

    time: float
    server: str
    before: str
    state: str
    by: str
    reason: str
