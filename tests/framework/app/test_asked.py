"""A request that somebody asks about is read as strictly as one that comes."""

from __future__ import annotations

import pytest

from kit.recorders import Stage
from pointsman.app.asked import Asked, AskedError
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.service import ServiceSettings


def service(name: str, port: int, mode: str = "http") -> VirtualService:
    settings = ServiceSettings(name, (Address("*", port),), mode=mode)
    return VirtualService(settings, Stage().pool)


def test_a_url_becomes_a_request() -> None:
    asked = Asked("PUT", "https://Example.org:8443/a%20b?c#d", ["X-A: 1"], "::1")
    head = asked.head
    assert (head.method, head.target, head.host) == (b"PUT", b"/a%20b?c", b"Example.org:8443")
    assert head.headers.get(b"x-a") == b"1"
    facts = asked.connection(service("s", 8443))
    assert (facts.peer_ip, facts.local_ip, facts.local_port) == ("::1", "127.0.0.1", 8443)
    assert (facts.secure, facts.server_name) == (True, "example.org")


def test_a_host_may_be_given() -> None:
    asked = Asked("GET", "http://127.0.0.1", ["host: example.org"], "127.0.0.1")
    assert (asked.head.host, asked.head.target, asked.port) == (b"example.org", b"/", 80)


@pytest.mark.parametrize(
    ("method", "url", "headers", "source", "why"),
    [
        ("GET", "ftp://x/", [], "::1", "expected a URL"),
        ("GET", "/path", [], "::1", "expected a URL"),
        ("GET", "http://x:y/", [], "::1", "Port could not be cast"),
        ("GET", "http://x/", [], "nowhere", "does not appear to be an IPv4"),
        ("G T", "http://x/", [], "::1", "refused with 400"),
        ("GET", "http://x/", ["Bad Header: x"], "::1", "refused with 400"),
        ("GET", "http://x/", ["X: a\r\nY: b\r\n\r\n"], "::1", ""),
        ("POST", "http://x/", ["Content-Length: 3"], "::1", "without a body"),
    ],
)
def test_what_is_no_request_is_refused(
    method: str, url: str, headers: list[str], source: str, why: str
) -> None:
    if not why:
        assert Asked(method, url, headers, source).head.headers.get(b"y") == b"b"
        return
    with pytest.raises(AskedError, match=why):
        Asked(method, url, headers, source)


def test_a_service_is_found_by_its_port_or_its_name() -> None:
    services = [service("a", 80), service("b", 8080), service("t", 90, "tcp")]
    asked = Asked("GET", "http://x:8080/", [], "::1")
    assert asked.service_of(services).name == "b"
    assert asked.service_of(services, "a").name == "a"
    assert Asked("GET", "http://x:1/", [], "::1").service_of(services[:1]).name == "a"
    for port, name in ((1, None), (90, None), (80, "t"), (80, "none")):
        with pytest.raises(AskedError, match="there are: a, b"):
            Asked("GET", f"http://x:{port}/", [], "::1").service_of(services, name)
