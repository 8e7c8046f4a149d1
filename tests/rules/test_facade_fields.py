"""The fields of the facades."""

from kit.lua_rules import answered, asked, exchange, lua_book
from pointsman.contracts.tls import TlsFacts
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Respond
from pointsman.model.message import RequestHead
from pointsman_rules.declarations import OBJECTS
from pointsman_rules.facade_fields import fields_of
from pointsman_rules.lab.stage import LabExchange


def test_what_is_declared_is_there_and_nothing_else() -> None:
    for kind, (reads, writes) in fields_of({}).items():
        declared = {one.name: one for one in OBJECTS[kind] if not one.part}
        assert {*reads} == {*declared}, kind
        assert {*writes} == {name for name, one in declared.items() if one.writable}, kind


def test_every_field_can_be_read() -> None:
    x = answered(exchange("/p"), 200)
    x.sent = RequestHead(b"GET", b"/p")
    for kind, (reads, _) in fields_of({1: x}).items():
        for name, read in reads.items():
            value = read(1)
            assert value is None or isinstance(value, (str, int, float, bool)), (kind, name)


def test_certificates_of_clients_are_told() -> None:
    lines = b"X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-Subject: CN=a\r\n"
    facts = TlsFacts("www.example.com", lines, "TLSv1.3 X")
    connection = ConnectionFacts("192.0.2.1", 1, "192.0.2.2", 443, True, "www.example.com")
    x = LabExchange(RequestHead(b"GET", b"/"), connection, facts)
    book = lua_book(
        """on.request(function(req)
          local tls = req.client.tls
          assert(req.scheme == "https" and tls.sni == "www.example.com")
          assert(tls.verified == "SUCCESS" and tls.subject == "CN=a" and tls.issuer == nil)
          return respond(200, tls.summary)
        end)"""
    )
    assert asked(book, "request", x) == Respond(200, b"TLSv1.3 X", []), book.failures.latest
