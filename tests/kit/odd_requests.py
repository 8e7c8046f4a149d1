"""Requests that are odd but sound: they pass, and exactly these bytes reach a server."""

from kit.malformed import GET, HIDDEN, PLAIN, POST, Case, passed

_CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def _fields(name: str, rfc: str, lines: bytes, left: bytes) -> Case:
    """A GET with these field lines, of which those are left."""
    return passed(name, rfc, GET + lines + b"\r\n", GET + left + b"\r\n")


def _same(name: str, rfc: str, raw: bytes, body: bytes = b"") -> Case:
    return passed(name, rfc, raw + body, raw, body)


def _chunks(name: str, rfc: str, chunks: bytes, body: bytes = b"hello") -> Case:
    return passed(name, rfc, _CHUNKED + chunks, _CHUNKED, body)


def _target(name: str, rfc: str, line: bytes, target: bytes, host: bytes = b"b") -> Case:
    method = line.split()[0]
    head = b"%b %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (method, target, host)
    return passed(name, rfc, line + b"\r\nHost: a\r\n\r\n", head)


LINES = [
    passed("one empty line in front", "9112 2.2", b"\r\n" + PLAIN[0], PLAIN[0]),
    _same("a method that nobody knows", "9110 9.1", b"F~1 / HTTP/1.1\r\nHost: a\r\n\r\n"),
    _same("a method in lower case", "9110 9.1", b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    _same("a method of RTSP", "9110 9.1", b"DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    _same("OPTIONS of the whole server", "9112 3.2.4", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    _same(
        "odd characters in a path", "9112 3.2.1", b"GET /|^`{}<>\\\"' HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    _same("two slashes", "9112 3.2.1", b"GET //b/../c?d?e HTTP/1.1\r\nHost: a\r\n\r\n"),
    _same(
        "absolute URL in a query", "9112 3.2.1", b"GET /?u=http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    _target("absolute form beats Host", "9112 3.2.2", b"GET http://b/x HTTP/1.1", b"/x"),
    _target("absolute form with port", "9112 3.2.2", b"GET http://b:8/ HTTP/1.1", b"/", b"b:8"),
    _target("absolute form of https", "9112 3.2.2", b"GET HTTPS://b/ HTTP/1.1", b"/"),
    _target("absolute form without path", "9112 3.2.2", b"GET http://b HTTP/1.1", b"/"),
    _target("absolute form, query only", "9112 3.2.2", b"GET http://b?x HTTP/1.1", b"/?x"),
    _target("absolute form, IPv6", "9112 3.2.2", b"GET http://[::1]:8/ HTTP/1.1", b"/", b"[::1]:8"),
    _target("absolute form, OPTIONS", "9112 3.2.4", b"OPTIONS http://b HTTP/1.1", b"*"),
    _target("absolute form, OPTIONS of root", "9112 3.2.4", b"OPTIONS http://b/ HTTP/1.1", b"/"),
    passed(
        "absolute form in HTTP/1.0 without Host",
        "9112 3.2.2",
        b"GET http://b/ HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: b\r\n\r\n",
    ),
    passed(
        "HTTP/1.0 becomes HTTP/1.1",
        "9112 2.3",
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        PLAIN[0],
    ),
]

FIELDS = [
    _fields("blanks around a value", "9112 5", b"A: \t b \t\r\n", b"A: \t b \t\r\n"),
    _fields("no blank", "9112 5", b"A:b\r\n", b"A:b\r\n"),
    _fields("empty value", "9110 5.5", b"A:\r\nB: \r\n", b"A:\r\nB: \r\n"),
    _fields("obs-text", "9110 5.5", b"A: \xe4\x80\xff\r\n", b"A: \xe4\x80\xff\r\n"),
    _fields("odd token", "9110 5.6.2", b"!#$%&'*+-.^_`|~: x\r\n", b"!#$%&'*+-.^_`|~: x\r\n"),
    _fields("colons in a value", "9110 5.5", b"A:: b:\r\n", b"A:: b:\r\n"),
    _fields("Connection names ours", "9110 7.6.1", b"Connection: host, close\r\n", b""),
    _fields("Connection names a field", "9110 7.6.1", b"B: c\r\nconnection: b\r\nb: d\r\n", b""),
    _fields("Upgrade without Connection", "9110 7.8", b"Upgrade: websocket\r\n", b""),
    _fields("Connection without Upgrade", "9110 7.8", b"Connection: upgrade\r\n", b""),
    _fields(
        "h2c is not passed on",
        "9113 3.1",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
        b"",
    ),
    _fields("h2c among others", "9113 3.1", b"Connection: upgrade\r\nUpgrade: x, H2C\r\n", b""),
    _fields(
        "an upgrade",
        "9110 7.8",
        b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
        b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    ),
    _fields(
        "hop by hop",
        "9110 7.6.1",
        b"Keep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\nA: b\r\n",
        b"A: b\r\n",
    ),
    _fields("X-Forwarded-For of a stranger", "-", b"X-Forwarded-For: 1.2.3.4\r\n", b""),
    _fields("X_Forwarded_For", "3875 4.1.18", b"X_Forwarded_For: 1.2.3.4\r\n", b""),
    _fields("X.Forwarded-For", "3875 4.1.18", b"X.Forwarded-For: 1.2.3.4\r\n", b""),
    _fields("Content_Length on a GET", "3875 4.1.18", b"Content_Length: 35\r\n", b""),
    _fields("Transfer_Encoding", "3875 4.1.18", b"Transfer_Encoding: chunked\r\n", b""),
    _fields("length of nothing", "9110 8.6", b"Content-Length: 0\r\n", b"Content-Length: 0\r\n"),
    _fields("128 fields", "-", b"A: b\r\n" * 127, b"A: b\r\n" * 127),
]

BODIES = [
    _same("a length", "9112 6.2", POST + b"Content-Length: 5\r\n\r\n", b"hello"),
    passed(
        "zeros before a length",
        "9110 8.6",
        POST + b"content-length: 005\r\n\r\nhello",
        POST + b"Content-Length: 5\r\n\r\n",
        b"hello",
    ),
    passed(
        "tabs around a length",
        "9110 5.5",
        POST + b"Content-Length:\t5\t\r\n\r\nhello",
        POST + b"Content-Length: 5\r\n\r\n",
        b"hello",
    ),
    passed(
        "Connection names the length",
        "9110 7.6.1",
        POST + b"Connection: content-length\r\nContent-Length: 5\r\n\r\nhello",
        POST + b"Content-Length: 5\r\n\r\n",
        b"hello",
    ),
    passed(
        "Connection names the coding",
        "9110 7.6.1",
        POST + b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _CHUNKED,
    ),
    passed(
        "chunked in capitals",
        "9112 7",
        POST + b"TRANSFER-ENCODING:\tCHUNKED \r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        _CHUNKED,
        b"hello",
    ),
    _same(
        "expectation and length",
        "9110 10.1.1",
        POST + b"Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n",
        b"hello",
    ),
    _same("body on a GET", "9110 9.3.1", GET + b"Content-Length: 5\r\n\r\n", b"hello"),
    _chunks("chunks", "9112 7.1", b"5\r\nhello\r\n0\r\n\r\n"),
    _chunks("no chunks", "9112 7.1", b"0\r\n\r\n", b""),
    _chunks("zeros before a size", "9112 7.1", b"0005\r\nhello\r\n000\r\n\r\n"),
    _chunks("size in capitals", "9112 7.1", b"A\r\nhellohello\r\n0\r\n\r\n", b"hellohello"),
    _chunks("extensions", "9112 7.1.1", b'5;a="b;\\"";c\r\nhello\r\n0;d\r\n\r\n'),
    _chunks("blanks before an extension", "9112 7.1.1", b"5 \t; a=b\r\nhello\r\n0\r\n\r\n"),
    _chunks("CRLF as data", "9112 7.1", b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    _chunks("trailers", "9112 7.1.2", b"5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\n"),
    _chunks("forbidden trailers", "9110 6.5.1", b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
]

# A second request behind the first: it is read as one only where the first one has ended.
PIPELINED = [
    Case("two requests", PLAIN[0] + PLAIN[0], "9112 9.3.2", None, (PLAIN, PLAIN)),
    Case("a request and rubbish", PLAIN[0] + b"rubbish\r\n\r\n", "9112 3", 400, (PLAIN,)),
    Case("a request and a folded one", PLAIN[0] + b" " + HIDDEN, "9112 3", 400, (PLAIN,)),
    Case(
        "a length too short",
        POST + b"Content-Length: 3\r\n\r\nhello\r\n\r\n",
        "9112 6.3",
        400,
        ((POST + b"Content-Length: 3\r\n\r\n", b"hel"),),
    ),
    Case(
        "a request hidden in a body",
        POST + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + PLAIN[0],
        "9112 6.3",
        None,
        ((POST + b"Content-Length: %d\r\n\r\n" % len(HIDDEN), HIDDEN), PLAIN),
    ),
    Case(
        "a request hidden in a chunk",
        _CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN) + PLAIN[0],
        "9112 7.1",
        None,
        ((_CHUNKED, HIDDEN), PLAIN),
    ),
    Case(
        "a trailer that ends before a request",
        _CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n" + PLAIN[0],
        "9110 6.5.1",
        None,
        ((_CHUNKED, b""), PLAIN),
    ),
    Case(
        "a length hidden in a lookalike",
        POST + b"Content_Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        "3875 4.1.18",
        None,
        ((POST + b"\r\n", b""), (HIDDEN, b"")),
    ),
]

ODD = [*LINES, *FIELDS, *BODIES, *PIPELINED]
