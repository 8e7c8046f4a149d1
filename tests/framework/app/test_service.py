"""Embedding: pointsman starts, serves and stops on every reactor, and leaves nothing behind."""

import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import formatEvent
from twisted.web.resource import Resource

import pointsman
from kit.any_reactor import REACTORS, own_reactor, settle, until
from kit.logs import noted_log
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError
from pointsman.net.listener import ListenError


class Page(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        return b"from inside\n"


class Silent(Protocol):
    """Takes a request and never answers."""


def config(listen: str = "127.0.0.1:0", mode: str = "http", **more: Any) -> dict[str, Any]:
    pool = {"scheduling": "round_robin", "servers": {"a": {"local": "a"}}}
    return {
        "version": 1,
        "virtual_services": {"site": {"listen": listen, "mode": mode, "pool": pool, **more}},
    }


def made(reactor: Any, config: dict[str, Any], inside: object = None, **more: Any) -> Any:
    page: Any = Page()  # type: ignore[no-untyped-call]
    return pointsman.service(config, reactor, local_servers={"a": inside or page}, **more)


def left_in(reactor: Any) -> list[Any]:
    """What is in a reactor beside its own inside."""
    readers = set(reactor.getReaders()) - set(reactor._internalReaders)
    return [*reactor.getDelayedCalls(), *readers, *reactor.getWriters()]


def stopped(reactor: Any, service: Any) -> None:
    done: list[None] = []
    service.stopService().addCallback(done.append)
    until(reactor, lambda: done)


def asked(reactor: Any, port: int, path: str = "/") -> tuple[int, bytes]:
    """Ask in a thread of its own, while the reactor is turned."""
    answers: list[tuple[int, bytes]] = []

    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        client.request("GET", path)
        answer = client.getresponse()
        answers.append((answer.status, answer.read()))
        client.close()

    thread = threading.Thread(target=ask)
    thread.start()
    until(reactor, lambda: not thread.is_alive(), 25)
    thread.join()
    return answers[0]


@pytest.mark.parametrize("name", REACTORS)
def test_it_serves_and_leaves_nothing_in_any_reactor(name: str) -> None:
    with own_reactor(name) as reactor:
        service = made(reactor, config())
        before = left_in(reactor)
        assert before == []
        service.startService()
        (port,) = service.ports["site"]
        assert port > 0
        assert asked(reactor, port) == (200, b"from inside\n")
        assert service.counts["site"].classes == {"2xx": 1}
        stopped(reactor, service)
        assert left_in(reactor) == []
        assert service.ports == {}


def test_it_can_be_started_again() -> None:
    with own_reactor("epoll") as reactor:
        service = made(reactor, config())
        for _ in range(2):
            service.startService()
            assert asked(reactor, service.ports["site"][0])[0] == 200
            stopped(reactor, service)
        assert left_in(reactor) == []


def test_two_stand_side_by_side_in_one_reactor() -> None:
    with own_reactor("epoll") as reactor:
        one, other = made(reactor, config()), made(reactor, config())
        one.startService()
        other.startService()
        assert asked(reactor, one.ports["site"][0])[0] == 200
        stopped(reactor, one)
        assert asked(reactor, other.ports["site"][0])[0] == 200
        assert other.counts["site"].exchanges == 1
        stopped(reactor, other)
        assert left_in(reactor) == []


def test_a_port_in_use_is_an_error_that_says_so_and_nothing_is_left_open() -> None:
    with own_reactor("epoll") as reactor, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = made(reactor, config(["127.0.0.1:0", f"127.0.0.1:{port}"]))  # type: ignore[arg-type]
        with pytest.raises(ListenError, match="somebody listens there already"):
            service.startService()
        assert left_in(reactor) == []
        assert not service.running
        assert service.ports == {}
        taken.close()
        service.startService()
        assert service.ports["site"][1] == port
        stopped(reactor, service)


def test_ports_are_bound_while_privileges_last() -> None:
    with own_reactor("epoll") as reactor:
        service = made(reactor, config())
        service.privilegedStartService()
        (port,) = service.ports["site"]
        service.startService()
        assert service.ports["site"] == (port,)
        assert asked(reactor, port)[0] == 200
        stopped(reactor, service)


def test_mistakes_are_heard_by_who_makes_the_service() -> None:
    with own_reactor("epoll") as reactor:
        with pytest.raises(ConfigError):
            pointsman.service(config(), reactor)
        with pytest.raises(TypeError, match="IProtocolFactory or an IResource"):
            made(reactor, config(), inside="a string")


def opened(reactor: Any, service: Any, first: bytes = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") -> Any:
    """A client whose request is under way."""
    client = socket.create_connection(("127.0.0.1", service.ports["site"][0]), timeout=10)
    client.sendall(first)
    member = service.site.site.pools["site"].members[0]
    until(reactor, lambda: member.active == 1)
    return client


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_what_is_under_way_is_cut_when_the_drain_time_is_over(mode: str) -> None:
    with own_reactor("epoll") as reactor:
        drain = {"drain": "1s"}
        inside = Factory.forProtocol(Silent)
        service = made(reactor, config(mode=mode, timeouts=drain), inside)
        service.startService()
        with opened(reactor, service) as client:
            stopped(reactor, service)
            if mode == "http":
                assert client.recv(100).startswith(b"HTTP/1.1 503 ")
            else:
                with pytest.raises(ConnectionResetError):
                    client.recv(100)
        assert left_in(reactor) == []


def test_who_cannot_wait_for_the_drain_time_says_so() -> None:
    with own_reactor("epoll") as reactor:
        service = made(reactor, config(timeouts={"drain": "1h"}), Factory.forProtocol(Silent))
        service.startService()
        with opened(reactor, service):
            done: list[None] = []
            service.stopService().addCallback(done.append)
            settle(reactor)
            assert done == []
            service.stop_now()
            until(reactor, lambda: done)
        assert left_in(reactor) == []


def test_stopping_what_is_not_started_is_fine() -> None:
    with own_reactor("epoll") as reactor:
        service = made(reactor, config())
        done: list[None] = []
        service.stopService().addCallback(done.append)
        assert done == [None]


def test_plugins_are_told_of_the_beginning_and_the_end() -> None:
    class Diary:
        def __init__(self) -> None:
            self.entries: list[object] = []

        @hookimpl
        def started(self, services: list[str]) -> None:
            self.entries.append(services)

        @hookimpl
        def exchange_finished(self, record: Any) -> None:
            self.entries.append(record.status)

        @hookimpl
        def stopping(self) -> None:
            self.entries.append("stopping")

    with own_reactor("epoll") as reactor:
        diary = Diary()
        service = made(reactor, config(), plugins=[diary])
        service.startService()
        asked(reactor, service.ports["site"][0])
        stopped(reactor, service)
        assert diary.entries == [("site",), 200, "stopping"]


def test_it_tells_where_it_listens_and_at_the_end_what_it_has_done() -> None:
    with own_reactor("epoll") as reactor, noted_log() as said:
        service = made(reactor, config())
        service.startService()
        (port,) = service.ports["site"]
        stopped(reactor, service)
    ours = [message for message in map(formatEvent, said) if message.startswith("site")]
    assert ours == [
        f"site listens on 127.0.0.1:{port} (http), 1 servers",
        "site: 0 exchanges  in=0 out=0 median<=0s p99<=0s",
    ]


def test_a_stop_before_the_names_are_known_ends_it_all_the_same() -> None:
    with own_reactor("epoll") as reactor:
        mapping = config()
        servers = {"a": "a.name.that.is.looked.up.invalid:80"}
        mapping["virtual_services"]["site"]["pool"]["servers"] = servers
        held: list[Callable[..., Any]] = []

        class NoAnswer:
            def resolveHostName(self, receiver: Any, *rest: Any, **more: Any) -> None:
                held.append(receiver)

        reactor.installNameResolver(NoAnswer())
        service = made(reactor, mapping)
        service.startService()
        assert len(held) == 1
        stopped(reactor, service)
        assert left_in(reactor) == []
