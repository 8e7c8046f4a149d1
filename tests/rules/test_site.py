"""What the rules of all services share."""

from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from kit.tls_site import ROOT
from pointsman_rules.lists import ListSettings, RuleList
from pointsman_rules.rule_tables import RuleTable
from pointsman_rules.site import LuaSettings, LuaSite, sections


class Looking:
    looked = 0

    def __init__(self, service: str = "svc") -> None:
        self.where = service, False

    def look(self) -> None:
        self.looked += 1


def test_books_are_asked_to_look_as_often_as_was_written() -> None:
    site = LuaSite(LuaSettings.model_validate({"watch": "3s"}), {}, {})
    clock, user = Clock(), Looking()
    site.start(clock, user)
    for _ in range(7):
        clock.advance(1.0)
    assert user.looked == 3
    site.stop(user)


def test_its_chores_begin_with_the_first_book_and_end_with_the_last(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a")
    one = RuleList("l", ListSettings(file="list", interval=1.0), path)
    one.read()
    site = LuaSite(LuaSettings(), {"l": one}, {"t": RuleTable(1, 1.0)})
    clock = Clock()
    users = [Looking("one"), Looking("two")]
    for user in users:
        site.start(clock, user)
    path.write_text("b\nc")
    clock.advance(1.0)
    assert one.size == 2
    site.stop(users[0])
    path.write_text("d\ne\nf")
    clock.advance(1.0)
    assert one.size == 3
    site.stop(users[1])
    path.write_text("")
    clock.advance(5.0)
    assert one.size == 3
    assert not [call for call in clock.getDelayedCalls() if call.active()]


def test_the_sections_come_in_the_order_in_which_they_need_each_other() -> None:
    assert list(sections()) == ["lists", "rule_tables", "lua"]


class Place:
    """Where the sections stand (contracts.SectionPlace)."""

    def __init__(self, folder: Path, before: LuaSite | None = None) -> None:
        self.made: dict[str, Any] = {"lists": {}, "rule_tables": {}}
        self.before = before
        self.told: list[Any] = []
        self._folder = folder

    def folder(self, at: Any = ()) -> Path:
        return self._folder

    def error(self, message: str, hint: str = "", at: Any = ()) -> None:
        self.told.append((message, at))


def test_it_is_the_same_as_long_as_nothing_of_it_changes(tmp_path: Path) -> None:
    make = sections()["lua"].make
    (tmp_path / "ca.pem").write_bytes(ROOT.certificate_pem)
    settings = LuaSettings(ca="ca.pem")
    first = make(settings, Place(tmp_path))  # type: ignore[arg-type]
    assert first.trust is not None
    assert make(settings, Place(tmp_path, first)) is first  # type: ignore[arg-type]
    (tmp_path / "ca.pem").write_bytes(ROOT.certificate_pem + b"\n")
    second = make(settings, Place(tmp_path, first))  # type: ignore[arg-type]
    assert second is not first
    assert second.beside is first.beside
    assert second.metrics_of("svc") is first.metrics_of("svc")


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    make = sections()["lua"].make
    (tmp_path / "ca.pem").write_bytes(b"nothing")
    for name, told in (("ca.pem", "ca.pem: it holds no certificate"), ("no", "cannot read")):
        place = Place(tmp_path)
        make(LuaSettings(ca=name), place)  # type: ignore[arg-type]
        ((message, at),) = place.told
        assert told in message
        assert at == ("ca",)
