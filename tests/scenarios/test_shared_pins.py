"""Two programs that share their pins by a server, while that server is killed and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kit.plays import answering
from kit.programs import NeedsProgram
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, eventually, running_site, service
from kit.valkey import ValkeyServer, valkey_server

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
NAMED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%b."
SOURCES = [f"127.0.0.{last}" for last in range(1, 31)]


def asked(running: RunningSite, sources: list[str]) -> dict[str, str]:
    """Which server each address meets."""
    found = {}
    for source in sources:
        with RawClient(running.place(), source) as client:
            found[source] = client.ask(GET, b".").decode()[-2]
    return found


@contextmanager
def two_servers() -> Iterator[tuple[RealServer, RealServer]]:
    with (
        real_server(answering(NAMED % b"a")) as a,
        real_server(answering(NAMED % b"b")) as b,
    ):
        yield a, b


def site_of(a: RealServer, b: RealServer, server: ValkeyServer) -> dict[str, Any]:
    table = {"kind": "valkey", "server": f"127.0.0.1:{server.port}"}
    persistence = {"kind": "source_ip", "table": table}
    return service(a.address, b.address, pool={
        "scheduling": "random_two", "persistence": persistence,
    })  # fmt: skip


def shared(running: RunningSite, times: int) -> None:
    told = "shared with the server"
    eventually(lambda: bool(running.program.until(rf"(?s)(.*{told}){{{times}}}")))


def test_clients_keep_their_servers_over_two_programs_whatever_the_cache_does(
    tmp_path: Path, needs_program: NeedsProgram
) -> None:
    program = needs_program("redis-server", package="redis-server")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with valkey_server(program, tmp_path / "server") as server, two_servers() as (a, b):
        site = site_of(a, b, server)
        with running_site(folders[0], site=site) as one:
            with running_site(folders[1], site=site) as two:
                place = asked(one, SOURCES[:10])
                eventually(lambda: server.ask("DBSIZE") == b":10\r\n")
                place |= asked(two, SOURCES[:20])
                assert asked(one, SOURCES[:20]) == place
                server.kill()
                assert asked(one, SOURCES[:20]) == asked(two, SOURCES[:20]) == place
                alone = asked(one, SOURCES[20:])  # nobody else can know these now
                server.start()
                shared(one, 2)
                shared(two, 2)
                eventually(lambda: server.ask("DBSIZE") == b":30\r\n")
                place |= alone
                assert asked(two, SOURCES) == place
                assert set(place.values()) == {"a", "b"}
                assert two.program.output.count("the server is lost") == 1
            with running_site(folders[1], site=site) as again:
                # It lets nobody in before it knows all pins.
                assert asked(again, SOURCES) == place
