"""A client connection as rules see it, and asking them (contracts.rules.RuledConnection)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.logger import Logger

from pointsman.contracts.tls import TlsFacts
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Answer, Close, Decision, Forward, Pending

# Told what was decided; None if nobody had anything to say.
Then = Callable[[Decision | None], None]

_log = Logger()


class RuledClient:
    """One client connection of a service that has rules.

    Args:
        service: whose client it is.
        connection: its fixed facts.

    Attributes:
        service: name of the virtual service.
        client_ip: address of the client as text.
        connection: its fixed facts, as far as they are known.
        tls: what its handshake told, None before and without TLS.
        forward: where rules want all of it to go.
        over: it is closed.
    """

    def __init__(self, service: VirtualService, connection: ConnectionFacts) -> None:
        self._service = service
        self.service = service.name
        self.client_ip = connection.peer_ip
        self.connection = connection
        self.tls: TlsFacts | None = None
        self.forward: Forward | None = None
        self.over = False
        self._memory: dict[object, object] | None = None
        self._pending: Pending | None = None

    @property
    def memory(self) -> dict[object, object]:
        """What is to be remembered while it is open; made when it is asked for."""
        if self._memory is None:
            self._memory = {}
        return self._memory

    def ask(
        self, event: str, chain: Sequence[Callable[..., Answer]], then: Then, *about: Any
    ) -> None:
        """Ask one after the other until one decides; lead to ``then``, unless it is closed before.

        A rule that raises, or wants what cannot be, closes the connection.

        Args:
            event: its name, for the log.
            chain: whom to ask.
            then: told the decision. A Forward is noted in ``forward`` before.
            about: further arguments of the event.
        """
        asked = iter(chain)

        def go_on() -> None:
            for one in asked:
                try:
                    answer = one(self, *about)
                except Exception:
                    _log.failure(
                        "{service}: a rule failed at {event}", service=self.service, event=event
                    )
                    then(Close())
                    return
                if isinstance(answer, Pending):
                    if self.over:
                        self._drop(answer)
                        return
                    self._pending = answer
                    answer.wait(decided)
                    return
                if self.over:
                    return
                if answer is not None:
                    then(self._noted(event, answer))
                    return
            then(None)

        def decided(decision: Decision | bytes | None) -> None:
            if self._pending is None:
                return
            self._pending = None
            if decision is None:
                go_on()
            else:
                then(self._noted(event, decision))

        go_on()

    def _noted(self, event: str, decision: Decision | bytes) -> Decision:
        rules = self._service.rules
        wrong = ""
        if isinstance(decision, bytes):
            wrong = "bytes are no decision"
        elif isinstance(decision, Forward):
            if decision.pool and (rules is None or decision.pool not in rules.pools):
                wrong = f"there is no pool {decision.pool!r}"
            else:
                self.forward = decision
        if not wrong and not isinstance(decision, bytes):
            return decision
        _log.error(
            "{service}: a rule failed at {event}: {wrong}",
            service=self.service,
            event=event,
            wrong=wrong,
        )
        return Close()

    def _drop(self, pending: Pending) -> None:
        error = pending.drop()
        if error is not None:
            _log.error("{service}: a rule would not wait no more: {error!r}",
                       service=self.service, error=error)  # fmt: skip

    def closed(self) -> None:
        """The connection is closed: nobody waits for rules any more, and they are told."""
        if self.over:
            return
        self.over = True
        pending, self._pending = self._pending, None
        if pending is not None:
            self._drop(pending)
        rules = self._service.rules
        for told in rules.close if rules is not None else ():
            try:
                told(self)
            except Exception:
                _log.failure("{service}: a rule failed at close", service=self.service)
