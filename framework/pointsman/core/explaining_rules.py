"""Telling why each request went where it went: to the access log, and to testers in a header."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from pointsman.contracts import Arrival
from pointsman.contracts.rules import (
    Choosing,
    Chosen,
    Rulebook,
    RuledExchange,
    RuleEvents,
    RuleRoom,
)
from pointsman.core.explain import Choice, explain
from pointsman.core.pool import BOUND, Pool
from pointsman.model.service import Network

# The name under which the access log has it, among the fields of rules.
FIELD: Final = "choice"

# Among the notes of an exchange.
_TOLD: Final = object()


class ExplainingRules:
    """Has no say in anything (contracts.rules.Rulebook): it looks, and tells.

    Testers are those who come from some networks, or send a token in the header: the second since
    the epoch until which it is good, a dot, and the HMAC-SHA256 of that number under the secret,
    in hexadecimal. The header is not sent on to servers.

    Args:
        header: the field in which testers are told, and in which they send the token.
        log: whether every choice is told to the access log.
        secret: signs tokens; b"" if there are none.
        networks: of testers who need none.
    """

    def __init__(
        self,
        header: bytes,
        *,
        log: bool = False,
        secret: bytes = b"",
        networks: Sequence[Network] = (),
    ) -> None:
        self.describes = "explain"
        self.warnings: Sequence[str] = ()
        self._room: RuleRoom | None = None
        self._header = header
        self._log = log
        self._secret = secret
        self._networks = tuple(networks)
        tells = bool(secret or networks)
        self.events = RuleEvents(
            choosing=self._choosing,
            upstream_request=self._upstream_request if tells else None,
            response=self._response if tells else None,
            error=self._response if tells else None,
            log=self._log_it if log else None,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExplainingRules) and self._told_to() == other._told_to()

    def __hash__(self) -> int:
        return hash(self._told_to())

    def _told_to(self) -> tuple[bytes, bool, bytes, tuple[Network, ...]]:
        return self._header, self._log, self._secret, self._networks

    @property
    def counts(self) -> Mapping[str, float]:
        """Nothing."""
        return {}

    def stays(self, made: Rulebook) -> bool:
        """Whether a reload has made the same again."""
        return self == made

    def keep(self, made: Rulebook) -> None:
        """There is nothing around it."""

    def take_over(self, before: Sequence[Rulebook]) -> None:
        """It counts nothing."""

    def start(self, room: RuleRoom) -> None:
        """The service runs, and has its clocks and pools."""
        self._room = room

    def stop(self) -> None:
        """There is nothing that goes on by itself."""

    # ---- the events ----

    def _choosing(self, arrival: Choosing) -> Chosen | None:
        """Before anything is chosen: what there is to be seen changes with that."""
        told = arrival.notes.get(_TOLD)
        if not isinstance(told, _Told):
            shown = self._is_tester(arrival)
            if not shown and not self._log:
                return None
            arrival.notes[_TOLD] = told = _Told(shown)
        before = told.choice
        if before is None or before.pool != arrival.pool:
            told.tried = ()
        elif before.server:
            told.tried = (*told.tried, before.server)
        told.choice = choice = self._explained(arrival, told.tried)
        if choice is None:
            return None
        return partial(self._chosen, arrival, told, choice)

    def _chosen(
        self, arrival: Choosing, told: _Told, choice: Choice, server: str, how: str, by_rule: bool
    ) -> None:
        told.choice = choice = choice.came_to(server, how, by_rule)
        if self._log:
            arrival.log_fields[FIELD] = choice.in_words()

    def _upstream_request(self, exchange: RuledExchange) -> None:
        outgoing = exchange.outgoing
        if outgoing is not None and self._header in outgoing.headers:
            outgoing.headers.remove(self._header)

    def _response(self, exchange: RuledExchange) -> None:
        answer = exchange.answer
        told = self._told_of(exchange)
        if told is not None and told.shown and told.choice is not None and answer is not None:
            answer.headers.set(self._header, told.choice.in_words().encode("ascii"))

    def _log_it(self, exchange: RuledExchange) -> None:
        """What was not chosen is told here."""
        told = self._told_of(exchange)
        if told is not None and told.choice is not None and FIELD not in exchange.log_fields:
            exchange.log_fields[FIELD] = told.choice.in_words()

    # ---- what is told ----

    def _told_of(self, exchange: RuledExchange) -> _Told | None:
        told = exchange.notes.get(_TOLD)
        if isinstance(told, _Told):
            return told
        if exchange.pin != BOUND:
            return None  # nothing was chosen
        # Nor here; but whoever is logged in on a connection may want to know.
        shown = self._is_tester(exchange)
        if not shown and not self._log:
            return None
        exchange.notes[_TOLD] = told = _Told(shown)
        choice = self._explained(exchange, ())
        told.choice = choice.came_to(exchange.server, BOUND) if choice is not None else None
        return told

    def _explained(self, arrival: Choosing, tried: Sequence[str]) -> Choice | None:
        room = self._room
        pool = room.pools.get(arrival.pool) if room is not None else None
        if room is None or not isinstance(pool, Pool):
            return None
        return explain(pool, arrival, room.clock(), tried)

    # ---- who is told ----

    def _is_tester(self, arrival: Arrival) -> bool:
        if self._networks and _is_in(arrival.client_ip, self._networks):
            return True
        request = arrival.request
        token = request.headers.get(self._header) if self._secret and request else None
        return token is not None and self._is_good(token)

    def _is_good(self, token: bytes) -> bool:
        until, _, signature = token.partition(b".")
        if not until.isdigit() or len(until) > 12:
            return False
        room = self._room
        if room is None or int(until) < room.wall():
            return False
        wanted = hmac.digest(self._secret, until, "sha256").hex()
        return hmac.compare_digest(wanted.encode("ascii"), signature)


class _Told:
    """What is to be told of one exchange."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.choice: Choice | None = None
        self.tried: tuple[str, ...] = ()


def _is_in(ip: str, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)
