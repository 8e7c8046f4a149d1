"""Each probe against the real thing: programs of others, started here, told apart well from ill."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.daemons import dnsmasq, dovecot, esmtp, mariadb, postgres, redis, slapd, vsftpd
from kit.nginx import Nginx, nginx
from kit.probing import probe_once
from kit.running_site import eventually, running_site, service
from pointsman.app.loading import registry_with
from pointsman.config.build import build
from pointsman.config.load import load_mapping
from pointsman.config.registry import Registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_with()


def told(registry: Registry, port: int, kind: str, **options: Any) -> tuple[str, str]:
    """What one attempt comes to, configured as a user would do it."""
    health = {"kind": kind, **options}
    pool = {"health": health, "servers": {"a": f"127.0.0.1:{port}"}}
    document = {"version": 1, "pools": {"p": pool}}
    site = build(load_mapping(document, registry, {"SESAME": "sesame"}), registry)
    (plan,) = site.checks
    report = probe_once(plan.check, plan.asked)
    return report.outcome.value, report.reason


PASSWORD = {"env": "SESAME"}


def test_redis(registry: Registry, tmp_path: Path) -> None:
    with redis(tmp_path) as port:
        assert told(registry, port, "redis") == ("good", "+PONG")
        assert told(registry, port, "redis", role="master") == ("good", "+PONG, role master")
        assert told(registry, port, "redis", role="replica") == (
            "bad",
            "its role is master, not replica",
        )
        with redis(tmp_path, "--replicaof", "127.0.0.1", str(port)) as second:
            assert told(registry, second, "redis", role="replica")[0] == "good"
        ping = {"send": "PING\r\n", "expect": "+PONG\r\n"}
        assert told(registry, port, "send_expect", **ping)[0] == "good"
        http = told(registry, port, "http")
        assert http[0] == "bad"
    with redis(tmp_path, "--requirepass", "sesame") as port:
        assert told(registry, port, "redis", password=PASSWORD) == ("good", "+PONG")
        assert told(registry, port, "redis")[1].startswith("it asks for a password: '-NOAUTH")
        wrong = told(registry, port, "redis", password=PASSWORD, user="nobody")
        assert wrong[0] == "bad"
        assert "WRONGPASS" in wrong[1]


@pytest.mark.needs_program("dnsmasq", package="dnsmasq-base")
def test_dnsmasq(registry: Registry, tmp_path: Path) -> None:
    with dnsmasq(tmp_path) as port:
        for protocol in ("udp", "tcp"):
            ask = {"protocol": protocol, "name": "www.example.org", "type": "A"}
            assert told(registry, port, "dns", **ask) == ("good", "NOERROR, 1 answers")
            assert told(registry, port, "dns", **ask, answer="192.0.2.1")[0] == "good"
            assert told(registry, port, "dns", **ask, answer="192.0.2.9") == (
                "bad",
                "NOERROR, but 192.0.2.9 is not among: 192.0.2.1",
            )
            none = {"protocol": protocol, "name": "none.example.org", "type": "A"}
            assert told(registry, port, "dns", **none) == ("good", "NXDOMAIN, 0 answers")
            # Without anybody to ask it refuses what is not its own.
            assert told(registry, port, "dns", protocol=protocol)[1] == (
                "REFUSED not among accepted NOERROR, NXDOMAIN"
            )


@pytest.mark.needs_program("vsftpd", package="vsftpd")
def test_vsftpd(registry: Registry, tmp_path: Path) -> None:
    with vsftpd(tmp_path) as port:
        assert told(registry, port, "ftp") == ("good", "greets with '220 ready for you'")
        assert told(registry, port, "smtp")[0] == "good"  # 220 is all that SMTP asks as well
        assert told(registry, port, "pop3")[0] == "bad"


def test_esmtp(registry: Registry, tmp_path: Path) -> None:
    with esmtp(tmp_path) as port:
        outcome, reason = told(registry, port, "smtp")
        assert outcome == "good"
        assert reason.startswith("greets with '220 ")
        assert told(registry, port, "smtp", hello="probe.example")[0] == "good"
        assert told(registry, port, "imap")[0] == told(registry, port, "nntp")[0] == "bad"


@pytest.mark.slow
def test_dovecot(registry: Registry, tmp_path: Path) -> None:
    with dovecot(tmp_path) as (imap, pop3):
        assert told(registry, imap, "imap")[1].startswith("greets with '* OK ")
        assert told(registry, pop3, "pop3")[1].startswith("greets with '+OK ")
        assert told(registry, pop3, "imap")[0] == told(registry, imap, "pop3")[0] == "bad"


@pytest.mark.slow
def test_slapd(registry: Registry, tmp_path: Path) -> None:
    name = "cn=admin,dc=example"
    with slapd(tmp_path) as port:
        assert told(registry, port, "ldap") == ("good", "it answers success (0)")
        assert told(registry, port, "ldap", dn=name, password=PASSWORD)[0] == "good"
        other = told(registry, port, "ldap", dn=f"cn=x,{name}", password=PASSWORD)
        assert other == ("bad", "it answers invalid credentials (49)")
    with slapd(tmp_path, "disallow bind_anon\n") as port:
        assert told(registry, port, "ldap") == (
            "good",
            "it answers inappropriate authentication (48)",
        )


@pytest.mark.slow
def test_postgres(registry: Registry, tmp_path: Path) -> None:
    with postgres(tmp_path) as port:
        # Once it listens it may still say that it is starting up, and that is down.
        eventually(lambda: told(registry, port, "postgres")[0] == "good")
        assert told(registry, port, "postgres") == ("good", "it asks who we are")
        assert told(registry, port, "mysql")[0] == "silent"  # it waits for us to speak


@pytest.mark.slow
def test_mariadb(registry: Registry, tmp_path: Path) -> None:
    with mariadb(tmp_path, "--max-connect-errors=5") as port:
        assert "greets as '" in told(registry, port, "mysql")[1]
        # Whoever only hears the greeting is shut out sooner or later; a login is not.
        for _ in range(20):
            outcome, reason = told(registry, port, "mysql", user="pointsman")
            assert outcome == "good", reason
        assert told(registry, port, "postgres")[0] == "bad"


# ---- the story of a site that answers 403 over plain HTTP ----


@pytest.fixture
def lync(tmp_path: Path) -> Iterator[Nginx]:
    """What a Lync front end answers over plain HTTP: 403 here, a page there."""
    with nginx(tmp_path, "lync") as server:
        (server.files / "meet").mkdir()
        (server.files / "meet" / "blank.html").write_text("<html></html>")
        forbidden = server.files / "abs"
        forbidden.mkdir()
        (forbidden / "handler").mkdir()  # a folder without an index: 403
        yield server


def test_a_403_is_down_with_that_reason_and_another_page_is_up(lync: Nginx, tmp_path: Path) -> None:
    often = {"interval": "500ms", "timeout": "200ms"}
    with running_site(
        tmp_path,
        wrong=service(
            lync.address, pool={"health": {"kind": "http", "path": "/abs/handler/", **often}}
        ),
        right=service(
            lync.address, pool={"health": {"kind": "http", "path": "/meet/blank.html", **often}}
        ),
    ) as site:
        site.program.until(r"wrong/a is down: 403 not among accepted 200-299, 301, 302, 401")
        site.program.until(r"right/a is up: 200 to HEAD /meet/blank.html")
        lync.kill()
        site.program.until(r"right/a is down: cannot connect to 127.0.0.1:\d+: Connection refused")
        lync.start()
        site.program.until(r"(?s)right/a is up.*right/a is up")


# ---- agents, played by a few lines ----


def test_an_agent_of_a_few_lines(registry: Registry) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in (b"up 40%\n", b"drain\n", b"down # out of memory\n"):
            with listener.accept()[0] as sock:
                sock.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        assert told(registry, port, "agent") == ("good", "its agent says 'up 40%'")
        assert told(registry, port, "agent") == ("good", "its agent says 'drain'")
        assert told(registry, port, "agent") == ("bad", "its agent says 'down # out of memory'")
    finally:
        thread.join(10)
        listener.close()
