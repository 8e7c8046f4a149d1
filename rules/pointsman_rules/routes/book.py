"""The rulebook of the rules in YAML of one service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointsman.contracts import Misfit, Surroundings
from pointsman.contracts.rules import Rulebook, RuledExchange, RuleEvents, RuleRoom
from pointsman.model.decision import Answer, Decision, Forward, Pending, Respond, redirect
from pointsman_rules.routes.conditions import Condition, condition
from pointsman_rules.routes.edits import (
    Edit,
    answered,
    cookie_edits,
    header_edits,
    locations,
    outgoing,
    rewriting,
    security,
)
from pointsman_rules.routes.gates import BasicAuth, Cors, Gate, RateLimit, allowing, denying
from pointsman_rules.routes.placeholders import Groups, template
from pointsman_rules.routes.settings import (
    MaintenanceSettings,
    RedirectSettings,
    RespondSettings,
    RouteSettings,
)
from pointsman_rules.routes.surroundings import Around

# What is done to the copy for the server and to the answer, with what a pattern has found.
Matched = tuple["Route", Groups]


class Route:
    """One rule, compiled.

    Attributes:
        name: for people.
        holds: its conditions.
        gates: what may decide, in order.
        forward: where it goes, None leaves that to others.
        upstream, response: changes of the copy for the server, and of the answer.
        last: no later rule is looked at.
    """

    __slots__ = ("forward", "gates", "holds", "last", "name", "response", "upstream")

    def __init__(self, settings: RouteSettings, around: Around, name: str) -> None:
        self.name = name
        self.holds: Condition = condition(settings.when, around)
        self.last = settings.last
        self.gates: list[Gate] = []
        self.upstream: list[Edit] = []
        self.response: list[Edit] = []
        self.forward: Forward | None = None
        if settings.pool is not None or settings.server is not None:
            # Rules in other rulebooks are asked as well, and may know better.
            self.forward = Forward(settings.pool or "", settings.server or "", more=True)
        self._gates(settings, around)
        self._edits(settings)

    def _gates(self, settings: RouteSettings, around: Around) -> None:
        gates = self.gates
        if settings.deny is not None:
            gates.append(denying(settings.deny, around))
        if settings.allow is not None:
            gates.append(allowing(settings.allow, around))
        if settings.rate_limit is not None:
            gates.append(RateLimit(settings.rate_limit, around))
        if settings.basic_auth is not None:
            gates.append(BasicAuth(settings.basic_auth, around))
            if not settings.basic_auth.forward:
                self.upstream.append(_no_authorization)
        if settings.cors is not None:
            cors = Cors(settings.cors)
            gates.append(cors)
            self.response.append(cors.mark)
        if settings.maintenance is not None:
            gates.append(_maintenance(settings.maintenance))
        if settings.redirect is not None:
            gates.append(_redirecting(settings.redirect))
        if settings.respond is not None:
            gates.append(_responding(settings.respond, around))

    def _edits(self, settings: RouteSettings) -> None:
        if settings.rewrite is not None:
            self.upstream.append(rewriting(settings.rewrite))
        if settings.request_headers is not None:
            self.upstream += header_edits(settings.request_headers, outgoing)
        if settings.location:
            self.response.append(locations(settings.location))
        if settings.set_cookie is not None:
            self.response.append(cookie_edits(settings.set_cookie))
        if settings.security_headers is not None:
            self.response += security(settings.security_headers)
        if settings.response_headers is not None:
            self.response += header_edits(settings.response_headers, answered)


def _no_authorization(exchange: RuledExchange, groups: Groups) -> None:
    head = exchange.outgoing
    if head is not None:
        head.headers.remove(b"Authorization")


def _redirecting(settings: RedirectSettings) -> Gate:
    fill, status = template(settings.to), settings.status
    return lambda exchange, groups: redirect(
        fill(exchange, groups).encode("latin-1", "replace"), status
    )


def _maintenance(settings: MaintenanceSettings) -> Gate:
    fill = template(settings.body)
    fields = (
        (b"Content-Type", settings.type.encode("latin-1")),
        (b"Retry-After", b"%d" % settings.retry_after),
        (b"Cache-Control", b"no-store"),
    )
    return lambda exchange, groups: Respond(503, fill(exchange, groups).encode(), fields)


def _responding(settings: RespondSettings, around: Around) -> Gate:
    named = [(name.encode(), template(text)) for name, text in settings.headers.items()]
    kind = (b"Content-Type", settings.type.encode("latin-1"))
    status, close = settings.status, settings.close
    fill: Callable[[RuledExchange, Groups], bytes]
    if settings.file is not None:
        body = around.read(settings.file)
        fill = lambda exchange, groups: body  # noqa: E731
    else:
        text = template(settings.body) if settings.body is not None else None
        fill = lambda exchange, groups: text(exchange, groups).encode() if text else b""  # noqa: E731

    def respond(exchange: RuledExchange, groups: Groups) -> Decision:
        fields = [
            (name, each(exchange, groups).encode("latin-1", "replace")) for name, each in named
        ]
        content = fill(exchange, groups)
        if content and not any(name.lower() == b"content-type" for name, _ in fields):
            fields.insert(0, kind)
        return Respond(status, content, fields, close=close)

    return respond


class RouteBook(Rulebook):
    """The rules in YAML of one service, one after the other.

    Args:
        routes: compiled, in order.
        around: what all rules of the service share.
        first: number of the first of them; the book of number 0 starts and stops what is shared.
        made_of: the settings of all rules in YAML of the service.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        around: Around,
        first: int = 0,
        made_of: Sequence[RouteSettings] = (),
    ) -> None:
        self._shares = shares = not first
        self._first = first
        self._made_of = tuple(made_of)
        self._routes = tuple(routes)
        self._around = around
        self.describes = f"{len(routes)} rules in YAML"
        edits_request = any(route.upstream for route in routes)
        edits_answer = any(route.response for route in routes) or (shares and around.sets_cookies)
        self.events = RuleEvents(
            request=self.request,
            upstream_request=self.upstream_request if edits_request else None,
            response=self.response if edits_answer else None,
        )

    def stays(self, made: Rulebook) -> bool:
        """Whether all rules in YAML of the service are the same: they share what is around them."""
        return (
            isinstance(made, RouteBook)
            and self._first == made._first
            and self._made_of == made._made_of
            and self._around.made_of == made._around.made_of
        )

    def keep(self, made: Rulebook) -> None:
        """Files of networks may have changed: do not wait for the next look."""
        if self._shares:
            self._around.refresh()

    def take_over(self, before: Sequence[Rulebook]) -> None:
        """Rate limits that are as they were count on."""
        for old in before:
            if self._shares and isinstance(old, RouteBook) and old._shares:
                self._around.count_on(old._around)

    def start(self, room: RuleRoom) -> None:
        """The service runs."""
        if self._shares:
            self._around.start(room)

    def stop(self) -> None:
        """It ends."""
        if self._shares:
            self._around.stop()

    def request(self, exchange: RuledExchange) -> Answer:
        """Go through all rules; what decides ends it."""
        return self._go_on(exchange, 0, 0, [], None, None)

    def _go_on(
        self,
        exchange: RuledExchange,
        number: int,
        gate: int,
        matched: list[Matched],
        forward: Forward | None,
        groups: Groups | None,
    ) -> Answer:
        """From that gate of that rule on; ``groups`` if its conditions were looked at already."""
        routes = self._routes
        while number < len(routes):
            route = routes[number]
            if groups is None:
                groups = route.holds(exchange)
                if groups is None:
                    number += 1
                    continue
                if exchange.tracing:
                    exchange.trace(f"{route.name}: its conditions hold")
                if route.upstream or route.response:
                    matched.append((route, groups))
                    exchange.notes[self] = matched
            for place in range(gate, len(route.gates)):
                answer = route.gates[place](exchange, groups)
                if isinstance(answer, Pending):
                    rest = (number, place + 1, matched, forward, groups)
                    return self._wait(exchange, answer, rest)
                if answer is not None:
                    return answer
            if forward is None:
                forward = route.forward
            if route.last:
                break
            number, gate, groups = number + 1, 0, None
        return forward

    def _wait(
        self,
        exchange: RuledExchange,
        pending: Pending,
        rest: tuple[int, int, list[Matched], Forward | None, Groups],
    ) -> Pending:
        """Go on with the rest once a gate that had to wait is open."""
        ours = Pending()

        def decided(decision: Decision | bytes | None) -> None:
            if decision is not None:
                ours.decide(decision)
                return
            answer = self._go_on(exchange, *rest)
            if isinstance(answer, Pending):
                answer.wait(ours.decide)
            else:
                ours.decide(answer)

        pending.wait(decided)
        return ours

    def _matched(self, exchange: RuledExchange) -> Sequence[Matched]:
        found = exchange.notes.get(self)
        return found if isinstance(found, list) else ()

    def upstream_request(self, exchange: RuledExchange) -> Answer:
        """Change the copy for the server."""
        for route, groups in self._matched(exchange):
            for edit in route.upstream:
                edit(exchange, groups)
        return None

    def response(self, exchange: RuledExchange) -> Answer:
        """Change the answer."""
        for route, groups in self._matched(exchange):
            for edit in route.response:
                edit(exchange, groups)
        cookies = self._around.cookies(exchange) if self._shares else ()
        if cookies and exchange.answer is not None:
            for line in cookies:
                exchange.answer.headers.add(b"Set-Cookie", line.encode("latin-1"))
        return None


def make_books(
    entries: Sequence[RouteSettings], surroundings: Surroundings
) -> Sequence[RouteBook | None]:
    """One book for each run of rules with no others between them.

    Raises:
        Misfit: a file cannot be read, or the service speaks no HTTP.
    """
    if surroundings.mode == "tcp":
        raise Misfit("rules in YAML need requests, and in tcp mode there are none", "", (0,))
    around = Around(surroundings)
    routes = []
    for place, entry in enumerate(entries):
        around.place = (place,)
        try:
            routes.append(Route(entry, around, entry.name or f"rule {place + 1}"))
        except (ValueError, OSError) as error:
            raise Misfit(str(error), "", (place,)) from None
    runs: dict[int, list[Route]] = {}
    places = surroundings.places or tuple(range(len(routes)))
    first = 0
    for number, route in enumerate(routes):
        if number and places[number] != places[number - 1] + 1:
            first = number
        runs.setdefault(first, []).append(route)
    return [
        RouteBook(runs[number], around, number, entries) if number in runs else None
        for number in range(len(routes))
    ]
