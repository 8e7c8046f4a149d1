"""The recipes of docs/rules.md, word for word, asked through the running program."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from kit.documents import blocks
from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, running_site
from kit.tree import TOP

ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: secret/1.0\r\nSet-Cookie: sid=1; Path=/x\r\n"
    b"Location: http://inside.example/y\r\nContent-Length: 2\r\n\r\n%b."
)


class Recipes(NamedTuple):
    running: RunningSite
    servers: dict[str, RealServer]

    def ask(
        self, target: str = "/", host: str = "h", *, method: str = "GET", source: str = "127.0.0.1",
        headers: str = "",
    ) -> str:  # fmt: skip
        """The whole answer."""
        with RawClient(self.running.place("recipes"), source) as client:
            ask = (
                f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
            )
            client.send(ask.encode())
            found = b""
            while data := client.sock.recv(65536):
                found += data
            return found.decode()

    def asked(self, name: str) -> str:
        """The last request that a server got."""
        return self.servers[name].requests[-1].head.decode()


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recipes]:
    text = blocks(TOP / "docs" / "rules.md", "yaml")[-1]
    document: dict[str, Any] = YAML(typ="safe").load(text)
    with (
        pytest.MonkeyPatch.context() as patch,
        real_server(answering(ANSWER % b"w")) as web,
        real_server(answering(ANSWER % b"a")) as api,
        real_server(answering(ANSWER % b"n")) as new,
    ):
        patch.setenv("ADMIN_PASSWORD", "hush")
        servers = {"w": web, "a": api, "n": new}
        for pool in document["pools"].values():
            for name in pool["servers"]:
                pool["servers"][name] = servers[name].address
        service = {**document["virtual_services"]["recipes"], "listen": "127.0.0.1:0"}
        folder: Path = tmp_path_factory.mktemp("recipes")
        more = {"pools": document["pools"]}
        with running_site(folder, more=more, recipes=service) as running:
            yield Recipes(running, servers)


def status(answer: str) -> int:
    return int(answer[9:12])


def test_what_nothing_is_said_about_goes_to_the_pool(recipes: Recipes) -> None:
    answer = recipes.ask()
    assert answer.endswith("w.")
    assert "secret/1.0" not in answer
    assert "\r\nX-Frame-Options: DENY\r\n" in answer
    assert "\r\nSet-Cookie: sid=1; Path=/x; Secure; HttpOnly; SameSite=Lax\r\n" in answer
    assert "X-Forwarded-For: 127.0.0.1\r\n" in recipes.asked("w")


def test_redirects_keep_host_path_and_query(recipes: Recipes) -> None:
    answer = recipes.ask("/a/b?c=d", "secure.example.org")
    assert status(answer) == 308
    assert "\r\nLocation: https://secure.example.org/a/b?c=d\r\n" in answer
    answer = recipes.ask("/a?b", "example.org:8080")
    assert status(answer) == 301
    assert "\r\nLocation: https://www.example.org/a?b\r\n" in answer
    assert "\r\nX-Content-Type-Options: nosniff\r\n" in answer


def test_a_path_has_a_pool_and_loses_its_prefix(recipes: Recipes) -> None:
    answer = recipes.ask("/api/v1?x")
    assert answer.endswith("a.")
    assert recipes.asked("a").startswith("GET /v1?x HTTP/1.1\r\n")
    assert "\r\nSet-Cookie: sid=1; Path=/api/x; Secure; HttpOnly; SameSite=Lax\r\n" in answer
    assert "\r\nLocation: /api/y\r\n" in answer
    assert recipes.ask("/apix").endswith("w.")


def test_a_host_has_a_pool(recipes: Recipes) -> None:
    assert recipes.ask("/", "v2.api.example.org").endswith("a.")


def test_lists_keep_clients_out(recipes: Recipes) -> None:
    assert status(recipes.ask("/intern/x")) == 200
    assert status(recipes.ask("/%69ntern/x")) == 200
    proxied = "X-Forwarded-For: 203.0.113.7\r\n"  # not from a proxy that is trusted
    assert status(recipes.ask("/", headers=proxied)) == 200


def test_a_share_of_the_clients_stays_where_it_is(recipes: Recipes) -> None:
    seen = set()
    for _ in range(80):
        answer = recipes.ask("/app")
        cookie = next(
            line for line in answer.split("\r\n") if line.startswith("Set-Cookie: try_new=")
        )
        pair = cookie.removeprefix("Set-Cookie: ").partition(";")[0]
        for _ in range(2):
            again = recipes.ask("/app", headers=f"Cookie: {pair}\r\n")
            assert again[-2:] == answer[-2:]
            assert "try_new" not in again
        seen.add(answer[-2:])
    assert "w." in seen


def test_who_asks_too_often_waits(recipes: Recipes) -> None:
    answers = [recipes.ask("/login", source="127.0.0.9") for _ in range(6)]
    assert [status(each) for each in answers] == [200] * 5 + [429]
    assert "\r\nRetry-After: " in answers[-1]
    assert status(recipes.ask("/login", source="127.0.0.8")) == 200


def test_passwords_are_asked_for(recipes: Recipes) -> None:
    assert status(recipes.ask("/admin")) == 401
    for password, expected in (("hush", 200), ("loud", 401), ("hush", 200)):
        coded = base64.b64encode(f"joe:{password}".encode()).decode()
        answer = recipes.ask("/admin", headers=f"Authorization: Basic {coded}\r\n")
        assert status(answer) == expected
    assert "Authorization" not in recipes.asked("w")


def test_preflights_are_answered(recipes: Recipes) -> None:
    preflight = "Origin: https://app.example.org\r\nAccess-Control-Request-Method: POST\r\n"
    answer = recipes.ask("/data", method="OPTIONS", headers=preflight)
    assert status(answer) == 204
    assert "\r\nAccess-Control-Allow-Origin: https://app.example.org\r\n" in answer
    answer = recipes.ask("/data", headers="Origin: https://app.example.org\r\n")
    assert "\r\nAccess-Control-Allow-Origin: https://app.example.org\r\n" in answer


@pytest.mark.parametrize(
    ("target", "agent"), [("/${JNDI:x}", "curl"), ("/", "${jndi:ldap://x}"), ("/", "a ${JNDI:x")]
)
def test_attacks_are_refused(recipes: Recipes, target: str, agent: str) -> None:
    assert status(recipes.ask(target, headers=f"User-Agent: {agent}\r\n")) == 400


def test_small_pages_need_no_server(recipes: Recipes) -> None:
    answer = recipes.ask("/robots.txt")
    assert answer.endswith("User-agent: *\nDisallow: /\n")
    assert "\r\nContent-Length: 26\r\n" in answer
    assert recipes.running.record_of("/robots.txt")["termination"] == "rule"


def test_a_header_names_a_server(recipes: Recipes) -> None:
    assert recipes.ask("/named", headers="X-Server: w\r\n").endswith("w.")
    assert recipes.running.record_of("/named")["pin"] == "rule"
