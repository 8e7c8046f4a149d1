"""ClientHellos taken apart: real ones as other parsers see them, made ones by every rule."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from OpenSSL import SSL

from kit.certificates import Authority
from kit.hellos import (
    HOST,
    alpn,
    body_of,
    extension,
    large_hello,
    made_body,
    real_hello,
    sni,
    vector,
    versions,
)
from pointsman.core.client_hello import ClientHello, HelloRefused, parse_client_hello

GREASE = [number * 0x1010 + 0x0A0A for number in range(16)]
MANY = [f"protocol-{number}" for number in range(100)]
REAL = [
    real_hello(),
    real_hello(None),
    real_hello("A.Example.ORG", ["h2", "http/1.1"]),
    real_hello("a." * 120 + "example", MANY),
    real_hello(newest=ssl.TLSVersion.TLSv1_2),
    real_hello(oldest=ssl.TLSVersion.TLSv1_3),
    large_hello(),
    large_hello("pq.example", [b"h2", b"\x0a\x0a", bytes(range(1, 256))]),
]


def refusal(body: bytes) -> tuple[str, int]:
    with pytest.raises(HelloRefused) as caught:
        parse_client_hello(body)
    assert str(caught.value) == caught.value.reason
    return caught.value.reason, caught.value.alert


# ---- real ones ----


def test_a_real_hello_tells_what_its_client_was_told_to_ask_for() -> None:
    hello = parse_client_hello(body_of(real_hello(HOST, ["h2", "http/1.1"])))
    assert hello == ClientHello(
        HOST, (b"h2", b"http/1.1"), (0x0304, 0x0303), hello.ciphers, 32, has_ech=False
    )
    assert hello.ciphers > 3
    assert parse_client_hello(body_of(real_hello(None))).server_name == ""


@pytest.mark.parametrize(
    ("oldest", "newest", "expected"),
    [
        (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, (0x0303,)),
        (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, (0x0304,)),
    ],
)
def test_versions_are_those_of_the_extension_or_the_old_field(
    oldest: ssl.TLSVersion, newest: ssl.TLSVersion, expected: tuple[int, ...]
) -> None:
    hello = real_hello(oldest=oldest, newest=newest)
    assert parse_client_hello(body_of(hello)).versions == expected


def test_post_quantum_keys_make_a_hello_of_more_than_a_segment() -> None:
    wire = large_hello()
    assert len(wire) > 1400
    assert parse_client_hello(body_of(wire)).server_name == HOST


class OpenSslServer:
    """What OpenSSL finds in a hello: an independent opinion."""

    def __init__(self) -> None:
        leaf = Authority.root().leaf("localhost")
        self.context = context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(leaf.certificate)
        context.use_privatekey(leaf.key)
        self.name: bytes | None = None
        self.protocols: Sequence[bytes] = ()
        context.set_tlsext_servername_callback(self._asked)
        context.set_alpn_select_callback(self._offered)

    def _asked(self, connection: Any) -> None:
        self.name = connection.get_servername()

    def _offered(self, connection: Any, protocols: list[bytes]) -> Any:
        self.protocols = protocols
        return SSL.NO_OVERLAPPING_PROTOCOLS

    def read(self, wire: bytes) -> tuple[str, tuple[bytes, ...]]:
        server = SSL.Connection(self.context, None)
        server.set_accept_state()
        server.bio_write(wire)
        with contextlib.suppress(SSL.WantReadError):
            server.do_handshake()
        return (self.name or b"").decode().lower(), tuple(self.protocols)


@pytest.mark.parametrize("wire", REAL)
def test_openssl_reads_the_same(wire: bytes) -> None:
    hello = parse_client_hello(body_of(wire))
    assert OpenSslServer().read(wire) == (hello.server_name, hello.alpn)


# ---- made ones ----


def test_without_extensions_it_is_an_old_client() -> None:
    assert parse_client_hello(made_body()) == ClientHello("", (), (0x0303,), 1, 0)
    assert parse_client_hello(made_body(b"")) == ClientHello("", (), (0x0303,), 1, 0)
    assert parse_client_hello(made_body(version=0x0301)).versions == (0x0301,)


@pytest.mark.parametrize("grease", GREASE)
def test_grease_is_tolerated_everywhere(grease: int) -> None:
    pair = grease.to_bytes(2)
    body = made_body(
        extension(grease, b""),
        sni(b"a.example"),
        alpn(pair, b"h2"),
        versions(grease, 0x0304, 0x0303),
        extension(51, vector(2, pair + vector(2, b"\0"))),
        extension(grease ^ 0x1010, b"\0"),
        ciphers=pair + b"\x13\x01",
    )
    assert parse_client_hello(body) == ClientHello(
        "a.example", (pair, b"h2"), (0x0304, 0x0303), 2, 0
    )


def test_a_lookalike_of_grease_is_a_version() -> None:
    assert parse_client_hello(made_body(versions(0x0A1A, 0x0304))).versions == (0x0A1A, 0x0304)


@pytest.mark.parametrize("payload", [b"", b"\0" + bytes(200), b"\x01", b"\xff" * 500])
def test_encrypted_client_hello_is_noted_and_the_outer_name_used(payload: bytes) -> None:
    hello = parse_client_hello(made_body(sni(b"public.example"), extension(0xFE0D, payload)))
    assert (hello.server_name, hello.has_ech) == ("public.example", True)


@pytest.mark.parametrize(
    ("body", "reason", "alert"),
    [
        (made_body(version=0x0300), "SSL 3.0", 70),
        (made_body(session_id=bytes(33)), "session id", 50),
        (made_body(ciphers=b""), "cipher suites", 50),
        (made_body(ciphers=b"\0\1\2"), "cipher suites", 50),
        (made_body(compression=b""), "compression", 50),
        (made_body(more=b"\0"), "ends too early", 50),
        (made_body(b"", more=b"\0"), "goes on after its end", 50),
        (made_body(b"\0"), "list of extensions ends too early", 50),
        (made_body(sni(b"a"), sni(b"a")), "an extension comes twice", 47),
        (made_body(extension(99, b""), extension(99, b"")), "an extension comes twice", 47),
        (made_body(sni()), "list of server names ends too early", 50),
        (made_body(extension(0, b"")), "server name extension ends too early", 50),
        (made_body(extension(0, sni(b"a")[4:] + b"\0")), "server name extension goes on", 50),
        (made_body(sni(b"a", kind=1)), "no host name", 47),
        (made_body(sni(b"a", b"b")), "more than one server name", 47),
        (made_body(sni(b"")), "the server name is empty", 47),
        (made_body(sni(b"192.0.2.1")), "IP address", 47),
        (made_body(sni(b"2001:db8::1")), "IP address", 47),
        (made_body(sni(b"a.example.")), "dot at its end", 47),
        (made_body(sni("bücher".encode())), "ASCII", 47),
        (made_body(sni(b"a\0.example")), "no host name", 47),
        (made_body(alpn()), "ALPN protocols is malformed", 50),
        (made_body(alpn(b"h2", b"")), "ALPN protocols is malformed", 50),
        (made_body(extension(16, b"\0\4\2h2")), "ALPN extension ends too early", 50),
        (made_body(extension(16, b"\0\3\3h2")), "ALPN protocols ends too early", 50),
        (made_body(extension(16, b"\0\3\2h2\0")), "ALPN extension goes on", 50),
        (made_body(versions()), "list of versions is malformed", 50),
        (made_body(extension(43, b"\3\3\4\3")), "list of versions is malformed", 50),
        (made_body(extension(43, b"\2\3\4\3")), "list of versions goes on", 50),
    ],
)
def test_each_rule_has_its_own_words(body: bytes, reason: str, alert: int) -> None:
    words, number = refusal(body)
    assert reason in words
    assert number == alert


@pytest.mark.parametrize("wire", REAL)
def test_every_truncation_is_refused(wire: bytes) -> None:
    body = body_of(wire)
    ciphers = 35 + body[34]
    # A hello may end where its extensions would begin: old clients have none.
    without = ciphers + 2 + int.from_bytes(body[ciphers : ciphers + 2]) + 2
    for length in {*range(len(body))} - {without}:
        assert refusal(body[:length])[1] == 50
    assert parse_client_hello(body[:without]).server_name == ""
    assert refusal(body + b"\0")[1] == 50


names = st.from_regex(
    r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,9}[a-z0-9])?){0,5}", fullmatch=True
)
protocols = st.lists(st.binary(min_size=1, max_size=255), max_size=40)


@given(names, protocols, st.lists(st.tuples(st.integers(100, 65000), st.binary(max_size=99))))
def test_what_is_written_is_read(
    name: str, offered: list[bytes], others: list[tuple[int, bytes]]
) -> None:
    around = [extension(kind, data) for kind, data in dict(others).items() if kind != 0xFE0D]
    parts = [
        *around[::2],
        sni(name.encode()),
        *([alpn(*offered)] if offered else []),
        *around[1::2],
    ]
    hello = parse_client_hello(made_body(*parts))
    assert (hello.server_name, hello.alpn) == (name, tuple(offered))


@given(st.binary(max_size=400))
@example(b"")
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(HelloRefused):
        parse_client_hello(body)


@given(st.sampled_from(REAL), st.data())
def test_mutations_of_real_hellos_are_read_or_refused(wire: bytes, data: st.DataObject) -> None:
    body = bytearray(body_of(wire))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(HelloRefused):
        hello = parse_client_hello(bytes(body))
        assert hello.server_name == hello.server_name.lower()


@pytest.mark.parametrize(
    ("offered", "session"),
    [((), b"x" * 32), ((0x0303, 0x0302), b"x" * 32), ((0x0304, 0x0303), b"")],
)
def test_a_session_id_means_something_where_tls_1_3_is_not_offered(
    offered: tuple[int, ...], session: bytes
) -> None:
    extensions = [versions(*offered)] if offered else []
    hello = parse_client_hello(made_body(*extensions, session_id=b"x" * 32))
    assert (hello.session, hello.session_id) == (session, 32)
