"""Rules that choose a pool for TLS that passes through, in the running program."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kit.running_site import RunningSite, running_site


def test_passthrough_to_pools_by_the_name_that_is_asked_for(tmp_path: Path) -> None:
    with socket.socket() as one, socket.socket() as two:
        pools = {}
        for name, listener in (("web", one), ("org", two)):
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.settimeout(20)
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            pools[name] = {"health": "none", "servers": {"a": address}}
        options = {"names": {"www.example.com": "web", "*.example.org": "org"}}
        service = {
            "listen": "127.0.0.1:0",
            "mode": "tcp",
            "pool": "web",
            "tls": {"mode": "passthrough"},
            "rules": [{"kind": "lua", "file": "library/route_by_sni.lua", "options": options}],
        }
        with running_site(tmp_path, more={"pools": pools}, site=service) as site:
            for name, listener in (("www.example.com", one), ("a.example.org", two)):
                with hello(site, name), listener.accept()[0] as peer:
                    peer.settimeout(20)
                    assert name.encode() in peer.recv(4096)
            with hello(site, "other.example") as client:
                client.settimeout(20)
                with suppress(ConnectionError):
                    assert client.recv(1) == b""


@contextmanager
def hello(site: RunningSite, name: str) -> Iterator[socket.socket]:
    """A client that has said hello and waits."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    said = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        said.do_handshake()
    with socket.create_connection(site.place(), timeout=20) as client:
        client.sendall(outgoing.read())
        yield client
