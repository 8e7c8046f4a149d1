"""What servers are told of clients: strangers are replaced, trusted proxies are appended to."""

import ipaddress

import pytest

from pointsman.core.forwarded import AboutClient
from pointsman.core.hop_by_hop import request_bytes
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead
from pointsman.model.service import Forwarding, Limits

V4 = ConnectionFacts("192.0.2.1", 40000, "198.51.100.1", 8080)
V6 = ConnectionFacts("2001:db8::7", 40000, "2001:db8::1", 443, secure=True)
UNIX = ConnectionFacts("", 0, "", 0)
TRUSTED = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32")))
BOTH = Forwarding(forwarded=True)
NOTHING = Forwarding(x_forwarded=False, via=b"")


def request(
    fields: bytes = b"", line: bytes = b"GET / HTTP/1.1", host: bytes = b"a"
) -> RequestHead:
    lines = b"%b\r\nHost: %b\r\n%b\r\n" % (line, host, fields)
    head = RequestReader(Limits(), FieldLines()).read(lines)
    assert head is not None
    return head


def sent(about: AboutClient, head: RequestHead) -> list[bytes]:
    """The lines that reach the server after the request line and Host."""
    return request_bytes(head, about.lines(head), about.replaced).split(b"\r\n")[2:-2]


def test_a_stranger_is_described_by_us() -> None:
    assert sent(AboutClient(BOTH, V4), request()) == [
        b"X-Forwarded-Host: a",
        b"X-Forwarded-For: 192.0.2.1",
        b"X-Forwarded-Proto: http",
        b"X-Forwarded-Port: 8080",
        b"Via: 1.1 pointsman",
        b"Forwarded: for=192.0.2.1;proto=http;host=a",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        b"X-Forwarded-For: 1.2.3.4\r\n",
        b"x-FORWARDED-for: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n",
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n",
        b"Forwarded: for=1.2.3.4\r\nforwarded: for=5\r\n",
        b"Connection: x-forwarded-for, forwarded\r\nX-Forwarded-For: 1.2.3.4\r\n",
        # A server behind CGI or WSGI sees these as the fields above (RFC 3875 section 4.1.18).
        b"X_Forwarded_For: 1.2.3.4\r\nX_FORWARDED-Proto: https\r\nX.Forwarded.Host: evil\r\n",
    ],
)
@pytest.mark.parametrize("forwarding", [BOTH, Forwarding(), NOTHING])
def test_what_a_stranger_says_never_arrives(fields: bytes, forwarding: Forwarding) -> None:
    about = AboutClient(forwarding, V4)
    assert not about.trusted
    assert sent(about, request(fields)) == sent(about, request())


def test_ipv6_is_quoted_in_forwarded_only() -> None:
    lines = sent(AboutClient(BOTH, V6), request(host=b"[2001:db8::1]"))
    assert b"X-Forwarded-For: 2001:db8::7" in lines
    assert b'Forwarded: for="[2001:db8::7]";proto=https;host="[2001:db8::1]"' in lines


@pytest.mark.parametrize(
    ("host", "written"),
    [(b"a.b-c", b"a.b-c"), (b"a:80", b'"a:80"'), (b"a_b", b'"a_b"'), (b"a;b=c", b'"a;b=c"')],
)
def test_a_host_is_quoted_where_it_is_no_token(host: bytes, written: bytes) -> None:
    lines = sent(AboutClient(BOTH, V4), request(host=host))
    assert lines[-1] == b"Forwarded: for=192.0.2.1;proto=http;host=" + written


def test_a_unix_peer_has_no_address_and_is_never_trusted() -> None:
    about = AboutClient(Forwarding(forwarded=True, trusted=TRUSTED), UNIX)
    assert not about.trusted
    assert about.client_ip(request(b"X-Forwarded-For: 10.0.0.1\r\n")) == ""
    assert sent(about, request(b"X-Forwarded-For: 10.0.0.1\r\n")) == [
        b"X-Forwarded-Host: a",
        b"X-Forwarded-Proto: http",
        b"Via: 1.1 pointsman",
        b"Forwarded: for=unknown;proto=http;host=a",
    ]


def test_each_kind_of_field_can_be_left_out() -> None:
    assert sent(AboutClient(NOTHING, V4), request()) == []
    assert sent(AboutClient(Forwarding(x_forwarded=False), V4), request()) == [
        b"Via: 1.1 pointsman"
    ]
    only = Forwarding(x_forwarded=False, forwarded=True, via=b"")
    assert sent(AboutClient(only, V4), request()) == [b"Forwarded: for=192.0.2.1;proto=http;host=a"]


def test_a_trusted_proxy_is_appended_to() -> None:
    about = AboutClient(Forwarding(forwarded=True, trusted=TRUSTED), V4)
    assert about.trusted
    head = request(
        b"X-Forwarded-For: 203.0.113.5\r\nA: b\r\nX-Forwarded-For: 10.1.1.1\r\n"
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop\r\nForwarded: for=203.0.113.5\r\n"
    )
    assert sent(about, head) == [
        b"A: b",
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-Host: shop",
        b"X-Forwarded-For: 203.0.113.5, 10.1.1.1, 192.0.2.1",
        b"X-Forwarded-Port: 8080",
        b"Forwarded: for=203.0.113.5, for=192.0.2.1;proto=http;host=a",
        b"Via: 1.1 pointsman",
    ]


def test_a_trusted_proxy_that_says_nothing_is_a_client() -> None:
    about = AboutClient(Forwarding(trusted=TRUSTED), V4)
    stranger = AboutClient(Forwarding(), V4)
    assert sorted(sent(about, request())) == sorted(sent(stranger, request()))


def test_a_trusted_proxy_is_left_alone_where_we_add_nothing() -> None:
    about = AboutClient(Forwarding(x_forwarded=False, via=b"", trusted=TRUSTED), V4)
    assert sent(about, request(b"X-Forwarded-For: 1.2.3.4\r\n")) == [b"X-Forwarded-For: 1.2.3.4"]
    assert sent(about, request(b"X_Forwarded_For: 1.2.3.4\r\n")) == []


@pytest.mark.parametrize(
    ("fields", "client"),
    [
        (b"", "192.0.2.1"),
        (b"X-Forwarded-For:\r\n", "192.0.2.1"),
        (b"X-Forwarded-For: 203.0.113.5\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 6.6.6.6, 203.0.113.5\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 203.0.113.5, 10.0.0.1, 10.0.0.2\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-For: 10.0.0.2\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 10.0.0.9, 10.0.0.1\r\n", "10.0.0.9"),
        (b"X-Forwarded-For: 203.0.113.5, garbage\r\n", "192.0.2.1"),
        # Nobody stands behind so many proxies: the farthest that is looked at is taken.
        (b"X-Forwarded-For: 203.0.113.5, 10.0.0.7" + b", 10.0.0.2" * 63 + b"\r\n", "10.0.0.7"),
        (b"X-Forwarded-For: 203.0.113.5, unknown, 10.0.0.1\r\n", "10.0.0.1"),
        (b"X-Forwarded-For: 999.1.1.1\r\n", "192.0.2.1"),
        (b"X-Forwarded-For: \xff\r\n", "192.0.2.1"),
        (b"X-Forwarded-For: 203.0.113.5,, ,10.0.0.1,\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 203.0.113.5:4711\r\n", "203.0.113.5"),
        (b"X-Forwarded-For: 2001:DB9::5, 2001:db8::1\r\n", "2001:db9::5"),
        (b"X-Forwarded-For: [2001:db9::5]\r\n", "2001:db9::5"),
        (b"X-Forwarded-For: [2001:db9::5]:4711\r\n", "2001:db9::5"),
        (b"X-Forwarded-For: [203.0.113.5\r\n", "192.0.2.1"),
        (b"X-Forwarded-For: 203.0.113.5:\r\n", "192.0.2.1"),
    ],
)
def test_the_client_is_the_last_hop_that_nobody_trusts(fields: bytes, client: str) -> None:
    assert AboutClient(Forwarding(trusted=TRUSTED), V4).client_ip(request(fields)) == client
    assert AboutClient(Forwarding(), V4).client_ip(request(fields)) == "192.0.2.1"


def test_an_ipv4_peer_on_an_ipv6_socket_is_trusted_as_ipv4() -> None:
    mapped = V4._replace(peer_ip="::ffff:192.0.2.1")
    assert AboutClient(Forwarding(trusted=TRUSTED), mapped).trusted
    assert not AboutClient(Forwarding(trusted=TRUSTED), V4._replace(peer_ip="8.8.8.8")).trusted


@pytest.mark.parametrize(
    ("facts", "host"),
    [
        (V4, b"198.51.100.1:8080"),
        (V4._replace(local_port=80), b"198.51.100.1"),
        (V4._replace(local_port=443), b"198.51.100.1:443"),
        (V6, b"[2001:db8::1]"),
        (UNIX, b"localhost"),
    ],
)
@pytest.mark.parametrize("trusted", [(), TRUSTED])
def test_http_1_0_without_host_gets_the_address_it_came_to(
    facts: ConnectionFacts, host: bytes, trusted: tuple[ipaddress.IPv4Network, ...]
) -> None:
    head = RequestReader(Limits(), FieldLines()).read(b"GET / HTTP/1.0\r\n\r\n")
    assert head is not None
    about = AboutClient(Forwarding(x_forwarded=False, trusted=trusted), facts)
    written = request_bytes(head, about.lines(head), about.replaced)
    assert written == b"GET / HTTP/1.1\r\nHost: %b\r\nVia: 1.0 pointsman\r\n\r\n" % host
