"""Several files make one tree."""

from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pointsman.config.includes import Gathered, Source, gather, plain_text, read_file
from pointsman.config.steps import at_once
from pointsman.model.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/a.yaml").write_text("pools:\n  a: {}\nplugins: [x]\n")
    (tmp_path / "more/b.yaml").write_text("version: 1\npools:\n  b: {}\nplugins: [y]\n")
    return tmp_path


def gathered(folder: Path, text: str) -> Gathered:
    return at_once(gather(text, str(folder / "main.yaml"), {}))


def told(found: Gathered) -> list[str]:
    return [f"{Path(p.file).name}:{p.line}:{p.column} {p.message}" for p in found.problems]


def test_sections_are_merged_by_name_and_lists_joined(folder: Path) -> None:
    found = gathered(folder, "version: 1\ninclude: [more/*.yaml]\npools: {m: {}}\n")
    assert found.problems == []
    assert found.root.value == {
        "version": 1,
        "pools": {"m": {}, "a": {}, "b": {}},
        "plugins": ["x", "y"],
    }
    assert found.root.children["pools"].keys["b"].file == str(folder / "more/b.yaml")
    assert found.root.children["plugins"].children[1].mark.line == 4
    assert [Path(source.name).name for source in found.sources] == ["main.yaml", "a.yaml", "b.yaml"]


def test_includes_are_relative_to_the_including_file(folder: Path) -> None:
    (folder / "more/c.yaml").write_text("include: a.yaml\n")
    found = gathered(folder, "include: more/c.yaml\n")
    assert found.problems == []
    assert found.root.value["pools"] == {"a": {}}


def test_a_file_that_is_included_twice_is_read_once(folder: Path) -> None:
    found = gathered(folder, "include: [more/a.yaml, more/*.yaml]\n")
    assert found.problems == []
    assert found.root.value["plugins"] == ["x", "y"]


def test_a_name_defined_in_two_files_is_told_with_both_places(folder: Path) -> None:
    found = gathered(folder, "include: more/a.yaml\npools:\n  a: {}\n")
    assert told(found) == [f"a.yaml:2:3 defined twice, first at {folder / 'main.yaml'}:3:3"]


def test_a_section_that_is_no_mapping_cannot_be_in_two_files(folder: Path) -> None:
    (folder / "log.yaml").write_text("access_log: off\n")
    found = gathered(folder, "include: log.yaml\naccess_log: {format: json}\n")
    assert told(found) == [f"log.yaml:1:1 defined twice, first at {folder / 'main.yaml'}:2:1"]


def test_a_section_may_be_empty_in_one_of_the_files(folder: Path) -> None:
    found = gathered(folder, "include: more/a.yaml\npools:\n")
    assert found.problems == []
    assert found.root.value["pools"] == {"a": {}}


@pytest.mark.parametrize(
    ("include", "place", "message"),
    [
        ("nothing.yaml", "1:10", "cannot read"),
        ("[more/a.yaml, nothing.yaml]", "1:24", "No such file or directory"),
        ("more", "1:10", "Is a directory"),
        ("main.yaml", "1:10", "include each other: main.yaml -> main.yaml"),
        ("[5]", "1:11", "expected a file name"),
        ("{a: b}", "1:10", "expected a file name"),
        ("5", "1:10", "expected a file name"),
        ('"a\\0b"', "1:10", "cannot read"),
    ],
)
def test_an_include_that_fails_is_told_at_its_place(
    folder: Path, include: str, place: str, message: str
) -> None:
    text = f"include: {include}\n"
    (folder / "main.yaml").write_text(text)
    (line,) = told(gathered(folder, text))
    assert line.startswith(f"main.yaml:{place} ")
    assert message in line


def test_a_circle_over_several_files_is_told_where_it_closes(folder: Path) -> None:
    (folder / "one.yaml").write_text("include: two.yaml\n")
    (folder / "two.yaml").write_text("# no\ninclude: one.yaml\n")
    found = gathered(folder, "include: one.yaml\n")
    assert told(found) == [
        "two.yaml:2:10 files include each other: main.yaml -> one.yaml -> two.yaml -> one.yaml"
    ]


def test_what_is_wrong_in_an_included_file_is_told_there(folder: Path) -> None:
    (folder / "bad.yaml").write_text("a: [1\n")
    (folder / "list.yaml").write_text("- 1\n")
    (folder / "latin.yaml").write_bytes(b"a: \xe9\n")
    (folder / "two.yaml").write_text("version: 2\n")
    text = "version: 1\ninclude: [bad.yaml, list.yaml, latin.yaml, two.yaml]\n"
    bad, listed, latin, version = told(gathered(folder, text))
    assert bad.startswith("bad.yaml:1:")
    assert listed == "list.yaml:1:1 a configuration is a mapping (key: value) of sections"
    assert latin.startswith("main.yaml:2:32")
    assert "not UTF-8 text" in latin
    assert version == "two.yaml:1:10 not the version of the including file"


def test_a_pattern_without_a_match_is_a_warning(folder: Path) -> None:
    found = gathered(folder, "include: sites/*.yaml\n")
    assert found.problems == []
    assert [str(warning) for warning in found.warnings] == [
        f"{folder / 'main.yaml'}:1:10: include: no file matches 'sites/*.yaml'"
    ]


def test_the_first_file_must_be_yaml(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"main\.yaml:1:"):
        gathered(folder, "a: [")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")
    text = read_file(path)
    assert text == "\ufeffversion: 1\n", "kept as it is, so that it can be written back"
    assert plain_text(text) == "version: 1\n"


def test_a_source_keeps_its_comments_for_whoever_writes_it_back(tmp_path: Path) -> None:
    text = "version: 1  # ours\n# the pools\npools:\n  a: {x: 1}\n"
    document = Source("f.yaml", text).document()
    document["pools"]["b"] = 2
    out = StringIO()
    YAML(typ="rt").dump(document, out)
    assert out.getvalue() == text + "  b: 2\n"
