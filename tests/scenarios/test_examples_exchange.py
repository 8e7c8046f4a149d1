"""The example for Exchange, before two servers that play its parts."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from kit.example_site import document, running_example, until_up, write_certificates
from kit.plays import Conversation
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, eventually
from kit.tls_site import TlsClient, over_tls

NAME = "mail.example.org"
PARTS = ("owa", "ecp", "ews", "mapi", "activesync", "autodiscover", "oab")
PATH = {"activesync": "Microsoft-Server-ActiveSync"}
SESSIONS = count(1)


class Mailbox:
    """A mailbox server.

    Attributes:
        broken: parts whose health check fails.
        asked: parts that clients asked for, in order.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self.real: RealServer

    def plays(self, conversation: Conversation) -> None:
        while request := conversation.request():
            method, target, _ = request.head.decode().split(" ", 2)
            part = target.split("/")[1].lower()
            fields = ""
            if target.lower().endswith("/healthcheck.htm"):
                status = "503 Unhealthy" if part in self.broken else "200 OK"
            else:
                status = "200 OK"
                self.asked.append(part)
                if part == "mapi" and "mapicontext=" not in request.head.decode().lower():
                    fields = f"Set-Cookie: MapiContext={next(SESSIONS)}; path=/mapi\r\n"
            body = "" if method == "HEAD" else f"{self.name}."
            length = len(self.name) + 1
            conversation.send(
                f"HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}".encode()
            )


@contextmanager
def exchange(folder: Path) -> Iterator[tuple[RunningSite, dict[str, Mailbox]]]:
    """The example with two mailbox servers whose certificate is of the company's authority."""
    leaf = write_certificates("exchange.yaml", folder)
    assert leaf is not None
    boxes = {name: Mailbox(name) for name in ("mbx1", "mbx2")}
    pools = document("exchange.yaml")["pools"]
    # Checks come sooner than on a real site.
    faster = {"interval": "2s", "timeout": "1s", "retries": 1}
    change = {f"pools.{pool}.health": {**keys["health"], **faster} for pool, keys in pools.items()}
    with (
        real_server(over_tls(boxes["mbx1"].plays, leaf)) as one,
        real_server(over_tls(boxes["mbx2"].plays, leaf)) as two,
        running_example(
            "exchange.yaml", folder, {"mbx1": one.address, "mbx2": two.address}, change
        ) as site,
    ):
        until_up(site, *(f"{part}/{name}" for part in PARTS for name in boxes))
        yield site, boxes


class Client:
    def __init__(self, site: RunningSite, *fields: str, source: str = "127.0.0.1") -> None:
        self.place = site.place("exchange")
        self.fields, self.source = list(fields), source

    def ask(self, target: str) -> tuple[str, str]:
        """The server that answered, and the head of its answer."""
        with TlsClient(self.place, NAME) as client:
            fields = "".join(f"{field}\r\n" for field in self.fields)
            client.send(f"GET {target} HTTP/1.1\r\nHost: {NAME}\r\n{fields}\r\n".encode())
            head, _, body = client.until(b"\r\n\r\n").decode().partition("\r\n\r\n")
            length = re.search(r"(?i)content-length: (\d+)", head)
            assert length is not None
            body += client.take(int(length[1]) - len(body)).decode()
        return body.removesuffix("."), head


def test_each_part_has_its_own_health_and_persistence(tmp_path: Path) -> None:
    with exchange(tmp_path) as (site, boxes):
        # The parts are found however they are written, and `/` leads to owa.
        client = Client(site)
        for target in ("/owa/", "/ecp/x", "/EWS/Exchange.asmx", "/mapi/emsmdb", "/OAB/oab.xml",
                       "/Autodiscover/Autodiscover.xml", "/Microsoft-Server-ActiveSync?Cmd=Sync",
                       "/other"):  # fmt: skip
            assert client.ask(target)[0] in boxes
        assert "Location: https://mail.example.org/owa/" in client.ask("/")[1]
        eventually(lambda: len(site.records()) == 9)

        # Browsers stay by our cookie, on owa and ecp alike.
        browser = Client(site)
        met, head = browser.ask("/owa/")
        cookie = re.search(r"(?i)set-cookie: (mail-server=[^;]+)", head)
        assert cookie is not None
        browser.fields.append(f"Cookie: {cookie[1]}")
        assert {browser.ask("/owa/")[0] for _ in range(6)} == {met}
        assert {browser.ask("/ecp/")[0] for _ in range(6)} == {met}
        # Programs stay by their credentials, Outlook by the cookie of the server.
        for user in ("ann", "joe", "sue"):
            basic = base64.b64encode(f"{user}:secret".encode()).decode()
            program = Client(site, f"Authorization: Basic {basic}", "User-Agent: mail/1")
            assert len({program.ask("/EWS/Exchange.asmx")[0] for _ in range(4)}) == 1
        outlook = Client(site)
        met, head = outlook.ask("/mapi/emsmdb")
        session = re.search(r"(?i)set-cookie: (MapiContext=\d+)", head)
        if session is not None:
            outlook.fields.append(f"Cookie: {session[1]}")
        assert {outlook.ask("/mapi/emsmdb")[0] for _ in range(6)} == {met}
        # Nobody is pinned where it does not matter.
        assert {client.ask("/oab/")[0] for _ in range(4)} == {"mbx1", "mbx2"}

        # One part of one server fails: this part alone moves, all others stay.
        browser_at = browser.ask("/owa/")[0]
        boxes["mbx1"].broken.add("ews")
        site.program.until("ews/mbx1 is down: 503")
        assert {client.ask("/ews/")[0] for _ in range(6)} == {"mbx2"}
        assert browser.ask("/owa/")[0] == browser_at
        assert {client.ask("/oab/")[0] for _ in range(4)} == {"mbx1", "mbx2"}
        assert site.program.output.count(" is down: ") == 1
