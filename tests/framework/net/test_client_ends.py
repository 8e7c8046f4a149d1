"""The protocol toward a client: refusals, half-closes, resets, tunnels and draining."""

from __future__ import annotations

import gc

import pytest

from kit.conversations import GET, HELLO, UPGRADE
from kit.played_site import PlayedSite, connection_of
from pointsman.model.service import Limits
from pointsman.net.client import ClientConnection
from pointsman.net.upstream import UpstreamConnection

POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"


def head(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b" "


# ---- ends ----


def test_after_a_refusal_what_still_comes_is_thrown_away() -> None:
    site = PlayedSite(limits=Limits(body=5))
    client = site.asks(POST)
    assert head(b"413") in client.taken
    assert client.finish_taken
    assert not client.lost
    site.plays(client, GET * 100)
    assert client.taken.count(b"HTTP/1.1") == 1
    site.passes(5)
    assert client.lost
    assert not client.aborted


def test_a_client_that_ends_after_a_refusal_is_closed_at_once() -> None:
    site = PlayedSite(limits=Limits(body=5))
    client = site.asks(POST)
    site.plays(client, b"", ends=True)
    assert client.lost


def test_a_half_closed_client_gets_its_answer() -> None:
    site = PlayedSite()
    client = site.client()
    site.plays(client, GET, ends=True)
    site.plays(site.server, HELLO)
    assert b"Connection: close" in client.taken
    assert client.taken.endswith(b"hello")
    assert client.lost


def test_a_half_closed_client_waits_for_a_while_then_it_is_given_up() -> None:
    site = PlayedSite()
    client = site.client()
    site.plays(client, GET, ends=True)
    site.passes(8)
    assert client.lost
    assert site.server.aborted
    assert site.ends == ["client_aborted"]


def test_a_half_closed_client_is_given_all_the_time_that_its_answer_takes() -> None:
    site = PlayedSite()
    client = site.client()
    site.plays(client, GET, ends=True)
    site.plays(site.server, HELLO[:-1])
    site.passes(30)
    site.plays(site.server, HELLO[-1:])
    assert client.taken.endswith(b"hello")


def test_a_client_that_ends_in_its_body_ends_the_exchange() -> None:
    site = PlayedSite()
    client = site.client()
    site.plays(client, POST + b"012", ends=True)
    assert client.lost
    assert site.server.aborted
    assert site.ends == ["client_aborted"]
    site.check_counters()


def test_a_client_that_ends_in_its_body_does_not_get_half_an_answer_for_a_whole_one() -> None:
    site = PlayedSite()
    client = site.asks(POST.replace(b"1.1", b"1.0") + b"012")
    site.plays(site.server, b"HTTP/1.1 200 OK\r\n\r\nhalf")
    site.plays(client, b"", ends=True)
    assert client.aborted


@pytest.mark.parametrize("minor", [b"0", b"1"])
def test_design_5_8_a_broken_answer_is_reset_not_ended(minor: bytes) -> None:
    site = PlayedSite()
    client = site.asks(GET.replace(b"1.1", b"1." + minor))
    site.plays(site.server, b"HTTP/1.1 200 OK\r\n\r\nhalf")
    site.server.break_off()
    assert client.aborted
    assert not client.taken.endswith(b"0\r\n\r\n")
    assert site.ends == ["upstream_aborted"]


def test_design_5_8_a_client_that_resets_aborts_the_upstream() -> None:
    site = PlayedSite()
    client = site.asks(GET)
    client.break_off()
    assert site.server.aborted
    assert site.ends == ["client_aborted"]
    assert len(site.gone) == 1


def test_a_client_that_goes_while_a_server_is_dialled_ends_the_call() -> None:
    site = PlayedSite()
    site.dials = ["waits"]
    client = site.asks(GET)
    client.break_off()
    assert site.calls[0].cancelled
    site.check_counters()


def test_a_closed_connection_is_nobodys_any_more() -> None:
    site = PlayedSite()
    client = site.asks(POST + b"0123456789")
    site.plays(site.server, HELLO)
    server = site.server
    ours = {id(connection_of(client)), id(server.owner)}
    site.idle.close_all()
    client.break_off()
    site.clients.clear()
    site.servers.clear()
    site.gone.clear()
    gc.collect()
    gc.disable()
    try:
        del client, server
        # Without a collection. No weak references: a compiled class has none.
        assert not [
            each
            for each in gc.get_objects()
            if id(each) in ours and isinstance(each, ClientConnection | UpstreamConnection)
        ]
    finally:
        gc.enable()


# ---- tunnels ----


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def test_a_tunnel_gets_what_both_sides_have_already_said() -> None:
    site = PlayedSite()
    client = site.asks(UPGRADE + b"early")
    site.plays(site.server, SWITCH + b"first")
    assert client.taken.startswith(b"HTTP/1.1 101 ")
    assert client.taken.endswith(b"\r\n\r\nfirst")
    assert site.server.taken.endswith(b"\r\n\r\nearly")
    site.passes(100)  # no timer of a request is left
    site.plays(client, b"ping")
    site.plays(site.server, b"pong")
    assert site.server.taken.endswith(b"earlyping")
    assert client.taken.endswith(b"firstpong")
    assert site.members[0].tunnels == 1
    site.plays(client, b"", ends=True)
    site.plays(site.server, b"", ends=True)
    assert site.ends == ["ok"]
    assert (site.records[0].bytes_in, site.records[0].bytes_out) == (9, 9)
    assert len(site.gone) == 1
    site.check_counters()


def test_a_tunnel_begins_also_when_the_client_had_sent_too_much_ahead() -> None:
    site = PlayedSite()
    client = site.asks(UPGRADE)
    site.plays(client, b"x" * 100_000)
    site.plays(site.server, SWITCH)
    site.plays(client, b"more")
    assert site.server.taken.endswith(b"xmore")


def test_connect_is_a_tunnel_on_a_connection_of_its_own() -> None:
    site = PlayedSite(allow_connect=True)
    client = site.asks(GET)
    site.plays(site.server, HELLO)
    assert len(site.idle) == 1
    site.plays(client, b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nhi")
    assert len(site.servers) == 2
    assert client.taken.endswith(b"HTTP/1.1 200 Connection established\r\n\r\n")
    assert site.server.taken == b"hi"


def test_the_end_of_the_drain_time_ends_a_tunnel() -> None:
    site = PlayedSite()
    client = site.asks(UPGRADE)
    connection = connection_of(client)
    site.plays(site.server, SWITCH)
    connection.stop_when_idle()
    assert not client.lost
    connection.stop()
    assert client.aborted
    assert site.server.aborted
    assert site.ends == ["stopped"]
    assert site.gone == [connection]
    site.check_counters()


# ---- draining ----


def test_draining_closes_what_is_idle_and_ends_the_rest_after_its_answer() -> None:
    site = PlayedSite()
    idle, busy = site.asks(GET), site.client()
    site.plays(site.server, HELLO)
    site.plays(busy, GET)
    site.client_supplies.draining = True
    for client in (idle, busy):
        connection_of(client).stop_when_idle()
    assert idle.lost
    assert not busy.lost
    site.plays(site.server, HELLO)
    assert b"Connection: close" in busy.taken
    assert busy.lost


def test_draining_lets_the_rest_of_a_body_come() -> None:
    site = PlayedSite()
    client = site.asks(POST + b"012")
    connection_of(client).stop_when_idle()
    site.plays(client, b"3456789")
    site.plays(site.server, HELLO)
    assert client.taken.endswith(b"hello")
    assert site.ends == ["ok"]


@pytest.mark.parametrize("said", [b"", GET[:10], GET, POST + b"012"])
def test_the_end_of_the_drain_time_ends_everything(said: bytes) -> None:
    site = PlayedSite()
    client = site.asks(said)
    connection_of(client).stop()
    assert client.lost
    assert len(site.gone) == 1
    assert site.ends == (["stopped"] if len(said) > 10 else [])
    assert (head(b"503") in client.taken) == (len(said) > 10)
    site.check_counters()


def test_the_end_of_the_drain_time_cuts_an_answer() -> None:
    site = PlayedSite()
    client = site.asks(GET)
    site.plays(site.server, HELLO[:-1])
    connection_of(client).stop()
    assert client.aborted
    assert site.ends == ["stopped"]


# ---- a server is taken out, and nothing is to be left there (DESIGN 5.3) ----


def test_design_5_3_a_tunnel_to_a_dropped_server_is_cut() -> None:
    site = PlayedSite(2)
    client = site.asks(UPGRADE)
    connection = connection_of(client)
    site.plays(site.server, SWITCH)
    connection.leave(site.members[1])
    assert not client.lost
    connection.leave(site.members[0])
    assert (client.lost, site.server.lost, site.ends) == (True, True, ["dropped"])
    site.check_counters()


def test_design_5_3_a_request_at_a_dropped_server_is_answered_by_another() -> None:
    site = PlayedSite(2)
    client = site.asks(GET)
    connection_of(client).leave(site.members[0])
    assert [member.active for member in site.members] == [0, 1]
    connection_of(site.client()).leave(site.members[0])  # nothing is under way on that one
    site.plays(site.server, HELLO)
    assert site.ends == ["ok"]
    site.check_counters()
