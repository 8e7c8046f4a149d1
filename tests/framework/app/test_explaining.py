"""What would become of a request: told with the real parts, and nothing is changed by it."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from kit.rulebooks import PlannedRules, Waiting
from pointsman.app.asked import Asked
from pointsman.app.explaining import Explanation
from pointsman.app.loading import configuration_of, registry_with, site_of
from pointsman.config.build import Site
from pointsman.contracts import Arrival
from pointsman.core.rules import Rules
from pointsman.model.decision import Close


def site(**service: Any) -> Site:
    registry = registry_with()
    pool = {"health": "none", "persistence": "source_ip", "servers": {"a": "h:1", "b": "h:2"}}
    config = {
        "version": 1,
        "pools": {"web": pool, "api": {**pool, "persistence": "none"}},
        "virtual_services": {"s": {"listen": "127.0.0.1:80", "pool": "web", **service}},
    }
    return site_of(configuration_of(config, registry), registry, Clock(), {})


def told(made: Site, url: str = "http://h/", *headers: str, source: str = "192.0.2.1") -> str:
    asked = Asked("GET", url, headers, source)
    (service,) = made.services
    explanation = Explanation(made, service, asked.head, asked.connection(service), lambda: 1e9)
    return "\n".join(explanation.steps())


class Client(Asked):
    """An arrival of the client that asks (contracts.Arrival), enough for source_ip."""

    client_ip = "192.0.2.1"


def arrival() -> Arrival:
    found: Any = Client("GET", "http://h/", [], "192.0.2.1")
    found.kept = None
    return found  # type: ignore[no-any-return]


def test_a_request_is_led_to_its_server() -> None:
    text = told(site(rules=[{"when": {"path": "/"}, "request_headers": {"set": {"X-A": "1"}}}]))
    assert "comes to service s from 192.0.2.1" in text
    assert "rule 1: its conditions hold" in text
    assert "pool web\nsource_ip 192.0.2.1 is not pinned\n" in text
    assert "candidates (weight/active): a 1000/0, b 1000/0" in text
    assert "server a, chosen by the scheduler round_robin (Everybody in turn, whatever" in text
    assert "    GET / HTTP/1.1" in text
    assert "    X-A: 1" in text
    assert "    X-Forwarded-For: 192.0.2.1" in text


def test_pins_are_looked_at_and_not_made() -> None:
    made = site()
    persistence = made.pools["web"].persistence
    assert persistence is not None
    assert persistence.table is not None
    told(made)
    assert len(persistence.table) == 0
    persistence.bind(arrival(), "b", 0.0)
    text = told(made)
    assert "source_ip 192.0.2.1 is pinned to b for 0 s\nb is up\n" in text
    assert "server b, because of its pin" in text


def test_rules_send_it_elsewhere() -> None:
    made = site(rules=[{"when": {"prefix": "/api"}, "pool": "api", "server": "b"}])
    text = told(made, "http://h/api/x")
    assert "at request a rule says forward to pool api server b" in text
    assert "server b, which a rule has named" in text


def test_an_answer_of_ours_is_shown_without_its_body() -> None:
    text = told(site(rules=[{"respond": {"status": 418, "body": "secret"}}]))
    assert "no server is asked; the answer is 418 (rule):" in text
    assert "    Content-Length: 6" in text
    assert "and 6 bytes of body" in text
    assert "secret" not in text


def test_a_service_without_servers_says_so() -> None:
    made = site()
    for member in made.pools["web"].members:
        member.set_weight(0)
    assert "no server is asked; the answer is 503 (no_server)" in told(made)


def with_book(book: PlannedRules) -> Site:
    made = site()
    made.services[0].rules = Rules([book], made.pools)
    return made


def test_a_rule_that_waits_is_not_waited_for() -> None:
    waiting = Waiting()
    assert "a rule waits for something" in told(with_book(PlannedRules(request=waiting)))
    assert waiting.cancelled == 1


def test_a_rule_that_raises_is_told_of() -> None:
    def oh(_: object) -> None:
        raise KeyError("oh")

    assert "raised KeyError('oh')" in told(with_book(PlannedRules(request=oh)))


def test_a_closed_connection_is_told() -> None:
    text = told(with_book(PlannedRules(request=Close())))
    assert text.endswith("the connection is closed without an answer")


def test_a_trusted_proxy_tells_who_the_client_is() -> None:
    made = site(forwarding={"trusted_proxies": ["192.0.2.0/24"]})
    assert "the client is 10.0.0.1" in told(made, "http://h/", "X-Forwarded-For: 10.0.0.1")
