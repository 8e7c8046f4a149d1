"""Rule files as they were loaded once."""

import pytest

from kit.lua_rules import ENGINES, asked, exchange, lab_room, lua_book
from pointsman_rules.generation import LoadError, line_of
from pointsman_rules.limits import Engine


def test_it_knows_its_files_and_what_they_want() -> None:
    generation = lua_book(
        "on.request(function() end)", "on.request(function() end) on.log(function() end)"
    ).generation
    assert generation.wanted == {"request", "log"}
    names = [generation.file_of("request", place) for place in (1, 2)]
    assert [file.name for file in names if file is not None] == ["a.lua", "b.lua"]
    assert generation.file_of("request", 3) is None


def test_an_error_names_its_file() -> None:
    with pytest.raises(LoadError) as caught:
        lua_book("local x", "local y = = 1")
    assert caught.value.file == 2
    assert line_of(str(caught.value)) == 1
    assert line_of("no place") == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_what_it_gives_rules_beside_exchanges(engine: Engine) -> None:
    book = lua_book(
        r"""on.request(function(req)
          assert(time.now() == 1767225600 and time.monotonic() == 0)
          assert(time.http() == "Thu, 01 Jan 2026 00:00:00 GMT")
          assert(time.format("%H") == "00" and time.seconds("2m") == 120)
          local n = random.number(1, 3)
          assert(n >= 1 and n <= 3 and random.number() < 1)
          assert(#random.token() >= 16 and #random.bytes(5) == 5)
          assert(base64.decode(base64.encode("\0\255x")) == "\0\255x")
          assert(base64.decode("!") == nil)
          assert(url.encode("a b/é") ~= "" and url.decode("%41") == "A")
          local u = url.parse("https://h:8/p?q=1#f")
          assert(u.host == "h" and u.port == 8 and u.path == "/p" and u.fragment == "f")
          assert(text.starts(hash.sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"))
          assert(hash.number("x", 10) < 10 and hash.crc32("a") == 3904355907)
          local key = ("k"):rep(32)
          assert(crypto.open(key, crypto.seal(key, "text")) == "text")
          assert(crypto.open(key, "nonsense") == nil)
          assert(crypto.equal(crypto.hmac("k", "t"), crypto.hmac("k", "t", "sha256")))
          assert(ip.within("10.1.2.3", "10.0.0.0/8") and not ip.valid("x"))
          assert(text.contains("abc", "b") and text.starts("abc", "ab") and text.ends("abc", "bc"))
          assert(text.trim("  a b  ") == "a b" and text.trim("   ") == "")
          assert(table.concat(text.split("a,b,,c", ","), "|") == "a|b||c")
          assert(table.concat(text.split("a,b,c", ",", 2), "|") == "a|b,c")
          assert(text.replace("aXbXc", "X", "--") == "a--b--c")
          assert(text.glob("*.example.com", "www.example.com"))
          local re = text.re("(\\d+)-(\\d+)")
          local a, b = re:match("tel 12-34")
          assert(a == "12" and b == "34" and re:test("1-2") and not re:test("x"))
          assert(re:replace("1-2", "\\2-\\1") == "2-1")
          local value = json.decode('{"a":[1,2.5,true,null,"\\u00e4\\ud83d\\ude00"],"b":{}}')
          assert(value.a[2] == 2.5 and value.a[4] == json.null)
          assert(json.encode(value) == '{"a":[1,2.5,true,null,"ä😀"],"b":{}}', json.encode(value))
          local none = {"", "[", "[1,]", "{", '{"a"}', "nul", "01", '"\1"', "1 2", '"\\x"'}
          for _, wrong in ipairs(none) do
            local got, why = json.decode(wrong)
            assert(got == nil and why, wrong)
          end
          local claims, why = jwt.verify("x.y.z", "key")
          assert(claims == nil and why)
          return respond(200, "fine")
        end)""",
        engine=engine,
    )
    book.start(lab_room("a"))
    assert asked(book, "request", exchange()) is not None, book.failures.latest
    book.stop()


def test_what_rules_say_goes_to_the_log_with_its_place() -> None:
    from twisted.logger import formatEvent

    from kit.logs import noted_log

    book = lua_book("on.request(function()\nlog.warn('careful', {n = 1})\nprint('a', 2)\nend)")
    with noted_log() as events:
        x = exchange()
        asked(book, "request", x)
    told = [formatEvent(event) for event in events]
    assert told[0] == f'svc: careful {{"n":1}} (a.lua:2) [{x.request_id}]'
    assert told[1].startswith("svc: a 2 (")
