"""The words for the state of a server, who sets which, and what a change of it looks like."""

from __future__ import annotations

from typing import NamedTuple

# What an operator (or a command) wants of a server. Nobody else moves it between these.
ENABLED = "enabled"
DRAINING = "draining"  # no new clients, pinned ones are honoured until the drain time ends
DISABLED = "disabled"  # nobody; work under way goes on
MAINTENANCE = "maintenance"  # nobody, and nobody misses it: it counts as not there
ADMIN_STATES = (ENABLED, DRAINING, DISABLED, MAINTENANCE)

# What an agent on the server wants, in the words of HAProxy's agents.
AGENT_READY = "ready"
AGENT_DRAIN = "drain"
AGENT_MAINTENANCE = "maint"
AGENT_DOWN = "down"
AGENT_STATES = (AGENT_READY, AGENT_DRAIN, AGENT_MAINTENANCE, AGENT_DOWN)

# The state in one word, for people. ENABLED servers are in one of these; the three others of an
# operator go by their own word.
UP = "up"
DOWN = "down"
CHECKING = "checking"  # no verdict yet; it works as if it were up
EJECTED = "ejected"  # it answered badly, and is left alone for a while
SLOW_START = "slow-start"  # it came back, and its share rises
OVER_LIMIT = "over-limit"  # it has all the work that it may have

# Who set a state. Only the same one takes it back.
BY_ADMIN = "operator"
BY_AGENT = "agent"
BY_HEALTH = "health"
BY_TRAFFIC = "traffic"  # what its answers looked like
BY_TIME = "time"  # a drain time or a slow start is over


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
