"""What clients and servers say to each other, step by step; and how to compare what passed."""

from __future__ import annotations

import re

GET = b"GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)

# Who speaks ("c" or "s"), what; "c." and "s." end their sending side as well.
Step = tuple[str, bytes]

CONVERSATIONS: dict[str, list[Step]] = {
    "one request": [("c", GET), ("s", HELLO)],
    "two requests in turn": [("c", GET), ("s", HELLO), ("c", GET), ("s", HELLO)],
    "three requests at once": [("c", GET * 3), ("s", HELLO), ("s", HELLO), ("s", HELLO)],
    "a body of known length": [
        ("c", b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello there"),
        ("s", b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n"),
    ],
    "a body, then another request at once": [
        ("c", b"PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + GET),
        ("s", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("s", HELLO),
    ],
    "a chunked body with trailers": [
        ("c", b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"5\r\nhello\r\n6;ext=1\r\n there\r\n0\r\nX-Sum: 11\r\n\r\n"),
        ("s", HELLO),
    ],
    "a chunked body, then another request at once": [
        ("c", b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"5\r\nhello\r\n0\r\n\r\n" + GET),
        ("s", HELLO),
        ("s", HELLO),
    ],
    "a chunked answer with trailers": [
        ("c", GET),
        ("s", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n"),
        ("c", GET),
        ("s", HELLO),
    ],
    "a chunked answer to HTTP/1.0": [
        ("c", b"GET / HTTP/1.0\r\n\r\n"),
        ("s", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ],
    "an answer that ends with its connection": [
        ("c", GET), ("s.", b"HTTP/1.1 200 OK\r\n\r\nhello"), ("c", GET), ("s", HELLO),
    ],
    "an answer of HTTP/1.0 to HTTP/1.0": [
        ("c", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        ("s.", b"HTTP/1.0 200 OK\r\n\r\nhello"),
    ],
    "HTTP/1.0 that goes on": [
        ("c", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), ("s", HELLO),
        ("c", b"GET / HTTP/1.0\r\n\r\n"), ("s", HELLO),
    ],
    "a HEAD": [
        ("c", b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        ("c", GET), ("s", HELLO),
    ],
    "204 and 304": [
        ("c", GET), ("s", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("c", GET), ("s", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        ("c", GET), ("s", HELLO),
    ],
    "Expect: 100-continue": [
        ("c", b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
        ("s", b"HTTP/1.1 100 Continue\r\n\r\n"), ("c", b"abc"), ("s", HELLO),
    ],
    "Expect: 100-continue refused": [
        ("c", b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
        ("s", b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"),
    ],
    "early hints and the answer at once": [
        ("c", GET), ("s", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2 + HELLO),
    ],
    "early hints for HTTP/1.0": [
        ("c", b"GET / HTTP/1.0\r\n\r\n"), ("s", b"HTTP/1.1 103 Early\r\n\r\n" + HELLO),
    ],
    "a tunnel after 101": [
        ("c", UPGRADE + b"early"),
        ("s", b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
              b"Upgrade: websocket\r\n\r\nfirst"),
        ("c", b"\x81\x00ping"), ("s", b"\x81\x00pong"), ("c.", b"bye"), ("s.", b"bye"),
    ],
    "an upgrade that is refused": [("c", UPGRADE), ("s", HELLO), ("c", GET), ("s", HELLO)],
    "the client wants the connection closed": [
        ("c", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), ("s", HELLO),
    ],
    "the server wants the connection closed": [
        ("c", GET),
        ("s.", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
        ("c", GET), ("s", HELLO),
    ],
    "an answer before the end of the body": [
        ("c", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"),
        ("s", b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"), ("c", b"defghi"),
    ],
    "a request that is none": [("c", b"GET / HTTP/1.1\r\nHost : h\r\n\r\n" + GET)],
    "a chunk that is none": [
        ("c", b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
    "an answer that is none": [("c", GET), ("s", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")],
    "an answer with two lengths": [
        ("c", GET),
        ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    ],
    "an answer that breaks off": [
        ("c", GET), ("s.", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"),
    ],
    "two answers to one request": [
        ("c", GET), ("s", HELLO + HELLO), ("c", GET), ("s", HELLO),
    ],
    "a client that ends after its request": [("c.", GET), ("s", HELLO)],
    "a client that ends after three requests": [
        ("c.", GET * 3), ("s", HELLO), ("s", HELLO), ("s", HELLO),
    ],
    "a client that ends in its body": [
        ("c.", b"PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nabc"),
    ],
    "an absolute target": [
        ("c", b"GET http://other.example/x?y HTTP/1.1\r\nHost: h\r\n\r\n"), ("s", HELLO),
    ],
    "OPTIONS of the server itself": [
        ("c", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), ("s", HELLO),
    ],
    "CONNECT": [("c", b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), ("c", GET), ("s", HELLO)],
    "an empty line between requests": [
        ("c", GET), ("s", HELLO), ("c", b"\r\n" + GET), ("s", HELLO),
    ],
}  # fmt: skip

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def without_chunks(data: bytes) -> bytes:
    """The same messages, each chunked body as one piece: how it was cut is nobody's business."""
    out = b""
    while b"chunked\r\n" in data:
        head, end, data = data.partition(b"\r\n\r\n")
        out += head + end
        if b"chunked" in head:
            payload, data = _chunks(data)
            out += b"<" + payload + b">"
        elif (length := _LENGTH.search(head + b"\r\n")) and not head.startswith(b"HEAD"):
            out += data[: int(length[1])]
            data = data[int(length[1]) :]
    return out + data


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    payload = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        if int(size, 16) == 0:
            if data.startswith(b"\r\n"):
                return payload + b"|", data[2:]
            trailers, _, data = data.partition(b"\r\n\r\n")
            return payload + b"|" + trailers, data
        payload += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return payload, data  # it broke off
