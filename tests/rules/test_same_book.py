"""A book that need not be made is as the one at work."""

from kit.lua_rules import lua_book
from pointsman_rules.same_book import SameBook


def test_it_tells_what_the_book_at_work_tells() -> None:
    book = lua_book("on.request(function() end)")
    same = SameBook(book, book.place, book._site)
    assert (same.events, same.describes) == (book.events, "a.lua")
    assert book.stays(same)
    assert not book.stays(lua_book("on.request(function() end)"))
    book.keep(same)
