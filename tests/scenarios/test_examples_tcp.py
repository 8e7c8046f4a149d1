"""The examples for TLS passthrough, TCP, SMTP and Remote Desktop, with real servers and clients."""

from __future__ import annotations

import smtplib
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kit.example_site import running_example, until_up
from kit.mail_servers import MailServer, mail_server
from kit.plays import Conversation, Plays, answering, echoing
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import Place, eventually
from kit.tls_site import ROOT, TlsClient, over_tls

# ---- passthrough.yaml ----

NAMES = {
    "shop1": ["shop.example.org"],
    "shop2": ["shop.example.org"],
    "mail1": ["mail.example.org", "*.mail.example.org"],
    "acme": ["any.example.org"],
}


def test_passthrough(tmp_path: Path) -> None:
    with ExitStack() as stack:
        real: dict[str, RealServer] = {}
        for name, names in NAMES.items():
            body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b." % (
                len(name) + 1,
                name.encode(),
            )
            plays = over_tls(answering(body), ROOT.leaf(*names))
            real[name] = stack.enter_context(real_server(plays))
        addresses = {name: server.address for name, server in real.items()}
        site = stack.enter_context(running_example("passthrough.yaml", tmp_path, addresses))
        place = site.place("https")

        def ask(host: str) -> bytes:
            # Its own context verifies the certificate, which only the right server has.
            with TlsClient(place, host) as client:
                request = b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode()
                return client.ask(request, b".").rpartition(b"\n")[2]

        assert ask("shop.example.org") in (b"shop1.", b"shop2.")
        assert ask("mail.example.org") == b"mail1."
        assert ask("imap.mail.example.org") == b"mail1."
        with pytest.raises(OSError, match=r"(?i)unrecognized.name"):
            ask("other.example.net")
        eventually(lambda: len(site.records()) == 4)
        assert [record["server_name"] for record in site.records()][-1] == "other.example.net"


# ---- tcp.yaml ----


def test_tcp(tmp_path: Path) -> None:
    with real_server(echoing) as primary, real_server(echoing) as replica:
        addresses = {"primary": primary.address, "replica": replica.address}
        health = {"kind": "tcp", "interval": "1s", "timeout": "500ms"}
        change = {"virtual_services.database.pool.health": health}
        with running_example("tcp.yaml", tmp_path, addresses, change) as site:
            until_up(site, "database/primary", "database/replica")
            place = site.place("database")

            def said() -> None:
                with RawClient(place) as client:
                    assert client.ask(b"select 1;", b";") == b"select 1;"

            said()
            assert b"select 1;" in received(primary)
            assert b"select 1;" not in received(replica)
            primary.refuse()
            site.program.until("database/primary is down: ")
            said()
            assert received(replica).count(b"select 1;") == 1
            # It comes back and stays the one that waits.
            primary.listen()
            site.program.until("database/primary is up: ", 60)
            said()
            assert received(replica).count(b"select 1;") == 2


def received(server: RealServer) -> bytes:
    return b"".join(bytes(talk.received) for talk in server.conversations)


# ---- smtp.yaml ----


def send(place: Place, subject: str) -> None:
    with smtplib.SMTP(*place, timeout=30) as client:
        client.sendmail(
            "ann@example.org", ["joe@example.org"], f"Subject: {subject}\r\n\r\nhello\r\n"
        )


@contextmanager
def two_mail_servers() -> Iterator[tuple[MailServer, MailServer]]:
    with mail_server("mx1") as one, mail_server("mx2") as two:
        yield one, two


def test_smtp(tmp_path: Path) -> None:
    with two_mail_servers() as (one, two):
        addresses = {"mx1": one.address, "mx2": two.address}
        faster = {"interval": "1s", "timeout": "1s"}
        change = {f"pools.mail.health.{key}": value for key, value in faster.items()}
        with running_example("smtp.yaml", tmp_path, addresses, change) as site:
            until_up(site, "mail/mx1", "mail/mx2")
            place = site.place("smtp")
            for number in range(6):
                send(place, f"number {number}")
            # Whoever waited longest gets the next one.
            eventually(lambda: len(one.subjects) == len(two.subjects) == 3)
            assert {*one.subjects, *two.subjects} == {f"number {n}" for n in range(6)}
            # One says 421, which is down; all mail goes to the other.
            one.close_shop()
            site.program.until("mail/mx1 is down: ")
            for number in range(6, 9):
                send(place, f"number {number}")
            eventually(lambda: len(two.subjects) == 6)
            assert len(one.subjects) == 3


# ---- rdp.yaml ----


def connection_request(cookie: bytes) -> bytes:
    """X.224 (MS-RDPBCGR 2.2.1.1), with a routing token or the user's name."""
    wanted = b"\x01\x00\x08\x00\x03\x00\x00\x00"  # TLS and NLA
    x224 = b"\xe0\x00\x00\x00\x00\x00" + cookie + wanted
    return struct.pack(">BBHB", 3, 0, len(x224) + 5, len(x224)) + x224


CONFIRMED = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00"


def session_host(name: bytes) -> Plays:
    """Confirm connection requests (MS-RDPBCGR 2.2.1.2), and say who it is."""

    def play(conversation: Conversation) -> None:
        head = conversation.take(4)
        conversation.take(struct.unpack(">H", head[2:])[0] - 4)
        conversation.send(CONFIRMED + name + b".")
        echoing(conversation)

    return play


def test_rdp(tmp_path: Path) -> None:
    with real_server(session_host(b"host1")) as one, real_server(session_host(b"host2")) as two:
        addresses = {"host1": one.address, "host2": two.address}
        with running_example("rdp.yaml", tmp_path, addresses) as site:
            until_up(site, "desktops/host1", "desktops/host2")
            place = site.place("desktops")

            def goes(cookie: bytes, source: str = "127.0.0.1") -> str:
                with RawClient(place, source) as client:
                    answer = client.ask(connection_request(cookie), b".")
                assert answer.startswith(CONFIRMED)
                return answer.removeprefix(CONFIRMED).rstrip(b".").decode()

            # The same user comes back to the same host, wherever from.
            hosts = {}
            for user in (b"ann", b"joe", b"sue", b"tim"):
                hosts[user] = goes(b"Cookie: mstshash=%b\r\n" % user)
                again = goes(b"Cookie: mstshash=%b\r\n" % user, "127.0.0.9")
                assert again == hosts[user]
            assert set(hosts.values()) == {"host1", "host2"}
            # The token of a broker names the host by its address.
            for name, server in (("host1", one), ("host2", two)):
                port = int.from_bytes(server.port.to_bytes(2, "little"))
                number = int.from_bytes(bytes([127, 0, 0, 1]), "little")
                assert goes(b"Cookie: msts=%d.%d.0000\r\n" % (number, port)) == name
            # Who names neither is served as well.
            assert goes(b"") in hosts.values()
