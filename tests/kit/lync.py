"""The Lync site for tests: real programs on addresses of the test's own, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from kit.raw_clients import RawClient
from pointsman.app.demo.lync.clients import trusting
from pointsman.app.demo.lync.lab import ROOT
from pointsman.app.demo.lync.log_file import eventually
from pointsman.app.demo.lync.site import ACCESS_LOG, LyncSite
from pointsman.app.demo.lync.stage import Stage, staged

Step = Callable[[LyncSite], None]

FOUR = ("FE Pool HTTPS", "FE Pool HTTP", "FE Ext HTTPS", "FE Ext HTTP")
POOLS = ("fe-https", "fe-http", "ext-https", "ext-http")
SERVERS = tuple((pool, server) for pool in POOLS for server in ("fe1", "fe2"))


def pass_through(site: LyncSite) -> None:
    """All four services as they are before TLS is taken off."""
    site.add_passthrough()
    site.add_http()
    site.correct_check()
    site.add_ext()


def complete(site: LyncSite) -> None:
    """The site at the end of the article; pins by the cookie that the front ends set."""
    pass_through(site)
    site.enable_tls()
    site.import_certificates()
    site.verify_servers()
    site.persist("server_cookie", timeout="20m")


@contextmanager
def lync_site(folder: Path, *steps: Step, cookie: bool = True) -> Iterator[Stage]:
    """Run the site as these steps leave it, all servers up; all ends with the block.

    Args:
        folder: for its files.
        steps: of the article.
        cookie: whether the front ends give one with each session.
    """
    with staged(folder, Random(), private=True) as stage:
        stage.cookies(given=cookie)
        for step in steps:
            step(stage.site)
        stage.start_balancer()
        all_up(stage)
        yield stage
        assert stage.balancer.running, stage.balancer.log.messages
        stage.balancer.end()
        assert "Traceback" not in (folder / "pointsman.log").read_text()


def all_up(stage: Stage) -> None:
    """Wait until every server of every pool is up."""
    wanted = [
        (pool, server)
        for pool, section in stage.site.document["pools"].items()
        for server in section["servers"]
    ]
    until_state(stage, "up", *wanted)


def until_state(stage: Stage, state: str, *servers: tuple[str, str]) -> None:
    """Wait until these servers, each a pool and a name, are in that state."""

    def so() -> bool:
        states = stage.balancer.log.states()
        return all(states.get(server, ("", ""))[0] == state for server in servers)

    assert eventually(so), stage.balancer.log.states()


def access_records(stage: Stage) -> list[dict[str, Any]]:
    """What stands in the access log by now."""
    text = (stage.folder / ACCESS_LOG).read_text()
    return [json.loads(line) for line in text.splitlines()]


class KeptClient(RawClient):
    """One connection of a client over TLS, kept for many requests."""

    def __init__(
        self,
        stage: Stage,
        place: tuple[str, int],
        name: str = "poolweb.jds.net",
        *,
        believes: bool = True,
    ) -> None:
        super().__init__(place)
        self.name = name
        context = trusting(stage.folder / ROOT if believes else None)
        self.sock = context.wrap_socket(self.sock, server_hostname=name)

    @property
    def certificate(self) -> bytes:
        """The certificate that it was shown, in DER."""
        shown: bytes | None = self.sock.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        assert shown is not None
        return shown

    def request(self, method: str, path: str, **headers: str) -> tuple[dict[str, str], str]:
        """Ask, and read head and body of the answer; the status is "status" of the head."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.name}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines.append("Content-Length: 0")
        self.send("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.take(1)
        first, *fields = head.decode("latin-1").split("\r\n")[:-2]
        found = {
            name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)
        }
        found["status"] = first.split(" ")[1]
        body = self.take(int(found.get("content-length", "0"))).decode("latin-1")
        return found, body.strip()
