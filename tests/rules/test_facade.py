"""What rules see and change of exchanges, on each Lua."""

import pytest

from kit.lua_rules import ENGINES, answered, asked, exchange, lua_book
from pointsman.model.decision import Respond
from pointsman_rules.limits import Engine

WIRE = "X-A: one\r\nCookie: uid=7; b=2\r\nx-a: two\r\n"


def run(source: str, engine: Engine = "lua54", event: str = "request") -> object:
    args = "req, res, ctx" if event == "response" else "req, ctx"
    book = lua_book(f'on.{event}(function({args})\n{source}\nreturn respond(200, "fine")\nend)',
                    engine=engine)  # fmt: skip
    x = exchange("/p/q?a=1&b=%20x&a=2", wire=WIRE)
    if event == "response":
        answered(x, 200, "Set-Cookie: s=1; Path=/\r\nX-B: b\r\n", 10)
    said = asked(book, event, x)
    assert said == Respond(200, b"fine", []), book.failures.latest
    return x


@pytest.mark.parametrize("engine", ENGINES)
def test_requests_are_read(engine: Engine) -> None:
    run(
        """
        assert(req.method == "GET" and req.path == "/p/q" and req.query == "a=1&b=%20x&a=2")
        assert(req.target == "/p/q?a=1&b=%20x&a=2" and req.host == "www.example.com")
        assert(req.scheme == "http" and req.version == "1.1" and req.id ~= "" and req.idempotent)
        assert(req.client.ip == "192.0.2.1" and req.client.port == 50000)
        assert(req.client.tls == false and req.ip == req.client.ip)
        assert(req.headers["x-A"] == "one" and req.headers.none == nil)
        assert(table.concat(req.headers:all("X-a"), ",") == "one,two")
        assert(req.headers:get("set") == nil)
        assert(req.cookies.uid == "7" and req.cookies.none == nil and req.cookies:get("b") == "2")
        assert(req.args.a == "1" and req.args.b == " x" and req.args.c == nil)
        assert(table.concat(req.args:all("a"), ",") == "1,2")
        local names = {}
        for name, value in req.headers:each() do
          req.headers["x-seen-" .. name] = value
          names[#names + 1] = name
        end
        assert(table.concat(names, ",") == "Host,X-A,Cookie,x-a")
        """,
        engine,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_requests_are_changed(engine: Engine) -> None:
    x = run(
        """
        req.method = "POST"
        req.path = "/new"
        req.query = "x=1"
        req.args.y = "a b"
        req.args.x = nil
        req.host = "other"
        req.headers["X-A"] = "three"
        req.headers["X-Number"] = 5
        req.headers:add("X-C", "c")
        req.headers:remove("x-number")
        req.headers["x-none"] = nil
        req.cookies.uid = nil
        req.cookies.new = "1"
        """,
        engine,
    )
    head = x.request  # type: ignore[attr-defined]
    assert (head.method, head.target, head.host) == (b"POST", b"/new?y=a+b", b"other")
    assert list(head.headers) == [
        (b"Host", b"other"), (b"X-A", b"three"), (b"Cookie", b"b=2; new=1"), (b"X-C", b"c"),
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_responses_are_read_and_changed(engine: Engine) -> None:
    x = run(
        """
        assert(res.status == 200 and res.source == "upstream" and res.server == "a")
        assert(res.headers["x-b"] == "b" and res.length == 10)
        assert(res.cookies.s == "1" and res.cookies:attribute("s", "path") == "/")
        assert(table.concat(res.cookies:names(), ",") == "s")
        res.cookies:set("t", "2", {secure = true, httponly = true, samesite = "Lax", path = "/",
          domain = "example.com", max_age = 60})
        res.cookies:change("s", {secure = true, path = "/x"})
        res.status = 201
        res.headers.server = nil
        """,
        engine,
        "response",
    )
    answer = x.answer  # type: ignore[attr-defined]
    assert answer.status == 201
    assert answer.headers.get_all(b"set-cookie") == [
        b"s=1; Secure; Path=/x",
        b"t=2; Secure; HttpOnly; SameSite=Lax; Domain=example.com; Path=/; Max-Age=60",
    ]


REFUSED = {
    'req.headers["content-length"] = "5"': "belongs to the framing",
    'req.headers["Connection"] = nil': "belongs to the framing",
    'req.headers:add("Host", "b")': "one Host",
    "req.headers:remove('host')": "needs its Host",
    'req.headers["x"] = "a\\r\\nb: c"': "CR, LF or NUL",
    'req.headers["x"] = "a\\0b"': "CR, LF or NUL",
    'req.headers["a b"] = "c"': "token",
    'req.headers["x"] = {}': "wants a string",
    'req.path = "/a b"': "no blanks",
    'req.path = "/a\\r\\nb"': "no blanks",
    'req.path = "a"': "begins with /",
    'req.path = "/a?b"': "req.query",
    'req.method = "G ET"': "token",
    'req.host = "a/b"': "no host",
    'req.cookies["a"] = "b;c"': "holds a ;",
    "req.id = 'x'": "cannot be changed",
    "req.nothing = 'x'": "cannot be changed",
    "local x = req.nothing": "has no field 'nothing'",
    "req.path = {}": "wants a string",
    "local x = req.headers[5]": "is a string",
    "log.field('x', 'a\\nb')": "CR, LF or NUL",
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_would_break_a_message_is_refused_where_it_stands(source: str) -> None:
    book = lua_book(f"on.request(function(req)\n{source}\nlocal y = 1 end)")
    x = exchange("/p?q", wire=WIRE)
    asked(book, "request", x)
    assert REFUSED[source] in book.failures.latest
    assert book.failures.latest.startswith("a.lua:2: ")
    assert x.request.wire == f"Host: www.example.com\r\n{WIRE}".encode()
    assert x.request.target == b"/p?q"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("res.status = 99", "200 to 599"),
        ("res.status = 204", "has no body"),
        ("res.cookies.a = '1'", "res.cookies:set"),
        ("res.cookies:set('a', '1', {path = '/;x'})", "holds a ;"),
        ("res.headers['transfer-encoding'] = 'x'", "framing"),
    ],
)
def test_responses_likewise(source: str, told: str) -> None:
    book = lua_book(f"on.response(function(req, res)\n{source} end)")
    x = answered(exchange(), 200, "", 10)
    asked(book, "response", x)
    assert told in book.failures.latest
    assert x.answer is not None
    assert x.answer.status == 200


def test_log_fields_are_bounded() -> None:
    book = lua_book("on.request(function() for i = 1, 40 do log.field('f' .. i, i) end end)")
    x = exchange()
    asked(book, "request", x)
    assert len(x.log_fields) == 32
    assert "at most 32" in book.failures.latest


def test_a_head_that_is_only_read_keeps_its_bytes() -> None:
    book = lua_book("on.request(function(req) local a = req.headers['x-a'], req.cookies.uid end)")
    x = exchange(wire=WIRE)
    asked(book, "request", x)
    assert x.request.wire is not None
