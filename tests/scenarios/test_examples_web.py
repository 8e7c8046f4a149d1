"""The examples for the web, with real servers behind them and real clients before them."""

from __future__ import annotations

import http.client
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from kit.example_site import EXAMPLES, document, running_example, until_up, write_certificates
from kit.plays import answering
from kit.real_servers import RealServer
from kit.running_site import RunningSite, eventually
from kit.tls_site import client_context


class Answer(NamedTuple):
    status: int
    fields: http.client.HTTPMessage
    text: str


class Browser:
    """One client with its cookies; each request on a connection of its own."""

    def __init__(self, place: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.place, self.tls = place, tls
        self.cookies: dict[str, str] = {}

    def ask(
        self,
        path: str = "/",
        host: str = "www.example.org",
        method: str = "GET",
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        client: http.client.HTTPConnection = http.client.HTTPConnection(*self.place, timeout=30)
        if self.tls is not None:
            client.connect()
            client.sock = self.tls.wrap_socket(client.sock, server_hostname=host)
        sent = {"Host": host, **(fields or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        client.request(method, path, headers=sent)
        got = client.getresponse()
        answer = Answer(got.status, got.headers, got.read().decode())
        client.close()
        for line in got.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def named(name: str) -> bytes:
    return b"HTTP/1.1 200 OK\r\nServer: old\r\nContent-Length: %d\r\n\r\n%b" % (
        len(name),
        name.encode(),
    )


@contextmanager
def servers(*names: str) -> Iterator[dict[str, RealServer]]:
    """Real servers that answer with their names."""
    started: dict[str, RealServer] = {}
    try:
        for name in names:
            started[name] = RealServer(answering(named(name)))
        yield started
    finally:
        for server in started.values():
            server.end()


def addresses(started: Mapping[str, RealServer]) -> dict[str, str]:
    return {name: server.address for name, server in started.items()}


# ---- simple.yaml ----


def test_simple(tmp_path: Path) -> None:
    with (
        servers("a", "b") as real,
        running_example("simple.yaml", tmp_path, addresses(real)) as site,
    ):
        until_up(site, "web/a", "web/b")
        client = Browser(site.place())
        first = client.ask().text
        assert {client.ask().text for _ in range(10)} == {first}  # pinned by its address
        real[first].vanish()
        assert client.ask().text in {"a", "b"} - {first}
        real[first].listen()


# ---- web.yaml ----


@contextmanager
def web(folder: Path, real: Mapping[str, RealServer]) -> Iterator[RunningSite]:
    write_certificates("web.yaml", folder)
    with running_example("web.yaml", folder, addresses(real)) as site:
        until_up(site, "web/web1", "web/web2")
        yield site


def test_web(tmp_path: Path) -> None:
    with servers("web1", "web2") as real, web(tmp_path, real) as site:
        plain, place = site.place("http"), site.place("https")
        answer = Browser(plain).ask("/a?b=c")
        assert answer.status == 308
        assert answer.fields["Location"] == "https://www.example.org/a?b=c"
        one = Browser(place, client_context())
        answer = one.ask("/", "example.org")
        assert answer.status == 301
        assert answer.fields["Location"] == "https://www.example.org/"

        answer = one.ask("/page")
        assert answer.status == 200
        assert answer.fields["X-Frame-Options"] == "SAMEORIGIN"
        assert "Server" not in answer.fields
        assert "Strict-Transport-Security" not in answer.fields
        (cookie,) = one.cookies
        assert "SameSite=Lax" in answer.fields["Set-Cookie"]
        assert "Secure" in answer.fields["Set-Cookie"]
        assert {one.ask("/page").text for _ in range(10)} == {answer.text}
        assert cookie.encode() not in real[answer.text].requests[-1].head

        # Everybody else is spread, and pictures make no pins.
        met = Counter(Browser(place, client_context()).ask("/page").text for _ in range(20))
        assert set(met) == {"web1", "web2"}
        stranger = Browser(place, client_context())
        stranger.ask("/static/a.png")
        assert stranger.cookies == {}

        tries = [one.ask("/login", method="POST").status for _ in range(12)]
        assert Counter(tries) == {200: 10, 429: 2}

        for server in real.values():
            server.vanish()
        answer = one.ask("/page")
        assert (answer.status, answer.text) == (503, "We are back soon.\n")
        assert answer.fields["Retry-After"] == "300"
        for server in real.values():
            server.listen()


# ---- two-sites.yaml ----


def test_two_sites(tmp_path: Path) -> None:
    with (
        servers("big", "small", "retired") as real,
        running_example("two-sites.yaml", tmp_path, addresses(real)) as site,
    ):
        for server in real.values():
            server.plays = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready")
        assert Browser(site.place("shop")).ask().status == 200
        assert Browser(site.place("intranet")).ask().status == 200


# ---- canary.yaml ----

CLIENTS = 400


@contextmanager
def canary(folder: Path, real: Mapping[str, RealServer], percent: int) -> Iterator[RunningSite]:
    rule = "virtual_services.site.rules"
    rules = document("canary.yaml")["virtual_services"]["site"]["rules"]
    assert rules[-1]["when"]["share"] == {"percent": 10, "cookie": "version"}
    rules[-1]["when"]["share"]["percent"] = percent
    with running_example("canary.yaml", folder, addresses(real), {rule: rules}) as site:
        until_up(site, "stable/stable1", "stable/stable2", "new/new1")
        yield site


def test_a_tenth_of_the_clients_gets_the_new_version_and_keeps_it(tmp_path: Path) -> None:
    with servers("stable1", "stable2", "new1") as real:
        with canary(tmp_path, real, 10) as site:
            clients = [Browser(site.place()) for _ in range(CLIENTS)]
            first = [client.ask().text for client in clients]
            counts = Counter(first)
            # 40 are to be expected, with a standard deviation of 6.
            assert 5 <= counts["new1"] <= 80
            assert counts["stable1"] > 100
            assert counts["stable2"] > 100
            new = [c for c, met in zip(clients, first, strict=True) if met == "new1"]
            old = [c for c, met in zip(clients, first, strict=True) if met != "new1"]
            assert {c.ask().text for c in new for _ in range(3)} == {"new1"}
            assert "new1" not in {c.ask().text for c in old}
            # The same is counted in the access log.
            asked = CLIENTS + 3 * len(new) + len(old)
            eventually(lambda: len(site.records()) == asked)
            met = Counter(record["server"] == "new1" for record in site.records())
            assert met == {True: 4 * len(new), False: 2 * len(old)}
            # A tester asks for it.
            tester = Browser(site.place())
            assert tester.ask(fields={"X-Version": "new"}).text == "new1"
        for client in clients:
            client.place = ("127.0.0.1", 0)
        with canary(tmp_path, real, 50) as site:
            for client in clients:
                client.place = site.place()
            # Who had it keeps it, and others join in.
            assert {c.ask().text for c in new} == {"new1"}
            joined = Counter(c.ask().text for c in old)["new1"]
            assert 80 <= joined <= 260  # four ninths of the others, so 160
            real["new1"].refuse()
            site.program.until("new/new1 is down: ")
            assert "new1" not in {c.ask().text for c in new}
            real["new1"].listen()


def test_each_example_has_its_line_in_the_list() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        if path.name != "README.md":
            assert f"]({path.name})" in listed, path.name
    for path in EXAMPLES.glob("*.yaml"):
        text = path.read_text()
        for word in ("# For:", "# Run:", "# Change:"):
            assert word in text, f"{path.name}: {word}"
