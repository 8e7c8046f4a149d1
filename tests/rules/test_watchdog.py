"""The watchdog: who keeps everybody waiting."""

import threading
from typing import Any

from twisted.internet.task import Clock

from kit.lua_rules import exchange
from pointsman_rules.watchdog import Watchdog


class Late(Clock):
    """A reactor that does not come round; it hears what threads say at once."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()
        self.words = ""

    def callFromThread(self, f: Any, *given: Any, **named: Any) -> None:
        self.words = named["words"]
        self.heard.set()


class Runs:
    name = "svc (a.lua)"


def test_a_rule_that_keeps_everybody_waiting_is_named() -> None:
    reactor = Late()
    watchdog = Watchdog(0.01)
    watchdog.start(reactor)
    x = exchange()
    watchdog.running = (Runs(), "request", x)
    assert reactor.heard.wait(20)
    watchdog.stop()
    for words in ("svc (a.lua)", "on.request", x.request_id, "test_watchdog.py"):
        assert words in reactor.words
    assert watchdog.told >= 1


def test_while_no_rule_runs_nothing_is_said() -> None:
    reactor = Late()
    watchdog = Watchdog(0.01)
    watchdog.start(reactor)
    assert not reactor.heard.wait(0.5)
    watchdog.stop()
    assert not [call for call in reactor.getDelayedCalls() if call.active()]
