"""A client that logs in by NTLM: one connection to the server is its own (DESIGN 5.9)."""

from __future__ import annotations

import pytest

from kit.played_site import PlayedSite, connection_of
from kit.streams import PlayedStream
from pointsman.model.service import Timeouts

GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
LOGIN = b"GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: NTLM TlRM\r\n\r\n"
CHALLENGE = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM TlRM\r\nContent-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECONDS = 30


def logged_in(site: PlayedSite) -> tuple[PlayedStream, PlayedStream]:
    """A client that has logged in, and the connection to its server."""
    client = site.asks(GET)
    server = site.server
    site.plays(server, CHALLENGE)
    for _ in range(2):
        site.plays(client, LOGIN)
        site.plays(server, OK)
    assert site.server is server
    assert server.taken.count(b"Authorization: NTLM TlRM\r\n") == 2
    return client, server


def played(servers: int = 1) -> PlayedSite:
    return PlayedSite(servers, timeouts=Timeouts(upstream_idle=SECONDS, idle=10 * SECONDS))


def test_nobody_else_is_served_by_it() -> None:
    site = played(2)
    client, server = logged_in(site)
    assert len(site.idle) == 0
    stranger = site.asks(GET)
    assert site.server is not server
    site.plays(site.server, OK)
    assert len(site.idle) == 1
    site.plays(client, GET)
    site.plays(server, OK)
    assert client.taken.endswith(b"ok")
    assert stranger.taken.endswith(b"ok")
    assert [record.pin for record in site.records] == ["none", "bound", "bound", "none", "bound"]
    site.check_counters()


def test_it_ends_with_its_client() -> None:
    site = played()
    client, server = logged_in(site)
    site.plays(client, b"", ends=True)
    assert client.lost
    assert server.lost


def test_it_ends_with_a_client_that_becomes_a_tunnel() -> None:
    site = PlayedSite(allow_connect=True)
    client, server = logged_in(site)
    site.plays(client, b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
    assert server.lost
    assert site.server is not server
    assert not site.server.lost


@pytest.mark.parametrize("how", ["closes", "resets", "talks", "waits too long"])
def test_without_it_the_client_goes_on_by_another_one(how: str) -> None:
    site = played()
    client, server = logged_in(site)
    if how == "closes":
        site.plays(server, b"", ends=True)
    elif how == "resets":
        server.break_off()
    elif how == "talks":
        site.plays(server, b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    else:
        site.passes(SECONDS + 2)
    assert server.lost
    assert connection_of(client).bound is None
    site.plays(client, LOGIN)
    assert site.server is not server
    site.plays(site.server, CHALLENGE)
    site.plays(client, LOGIN)
    site.plays(site.server, OK)
    assert client.taken.endswith(b"ok")
    site.check_counters()


def test_an_answer_that_says_too_much_costs_the_login() -> None:
    site = played()
    client, server = logged_in(site)
    site.plays(client, LOGIN)
    site.plays(server, OK + b"and more")
    assert server.lost
    assert connection_of(client).bound is None


def test_a_server_that_goes_down_is_left() -> None:
    site = played(2)
    client, server = logged_in(site)
    site.members[0].set_health(False, "down")
    site.plays(client, LOGIN)
    assert server.lost
    site.plays(site.server, CHALLENGE)
    assert [record.server for record in site.records] == ["a", "a", "a", "b"]
    site.check_counters()
