"""Two services never share an address."""

import pytest

from pointsman.config.listening import clash, listening_problems
from pointsman.config.tree import Positions, parse
from pointsman.model.address import Address


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("127.0.0.1:80", "127.0.0.1:81", False),
        ("127.0.0.1:80", "127.0.0.2:80", False),
        ("127.0.0.1:0", "127.0.0.1:0", False),
        ("*:80", "127.0.0.1:80", True),
        ("*:80", "[::1]:80", True),
        ("*:80", "*:81", False),
        ("0.0.0.0:80", "10.0.0.1:80", True),
        ("0.0.0.0:80", "[::1]:80", False),
        ("0.0.0.0:80", "*:80", True),
        ("[::]:80", "0.0.0.0:80", False),
        ("[::]:80", "127.0.0.1:80", False),
        ("[::]:80", "*:80", True),
        ("[::]:80", "[::1]:80", True),
        ("[0:0::1]:80", "[::1]:80", True),
        ("unix:/a", "unix:/a", True),
        ("unix:/a", "unix:/b", False),
        ("unix:/a", "*:80", False),
    ],
)
def test_addresses_clash(one: str, other: str, expected: bool) -> None:
    assert clash(Address.parse(one), Address.parse(other)) is expected
    assert clash(Address.parse(other), Address.parse(one)) is expected


def test_the_later_one_is_told_with_the_place_of_the_earlier() -> None:
    text = (
        "virtual_services:\n"
        "  A: {listen: [127.0.0.1:80, 127.0.0.1:81]}\n"
        "  B: {listen: 127.0.0.1:81}\n"
        "  C: {listen: ['*:80', nonsense, 5]}\n"
        "  D: 5\n"
    )
    tree = parse(text, "f", [])
    found = list(listening_problems(tree.value["virtual_services"], Positions(tree)))
    assert [(p.line, p.column, p.key) for p in found] == [
        (3, 15, "virtual_services.B.listen"),
        (4, 16, "virtual_services.C.listen[0]"),
    ]
    assert found[0].message == "service 'A' listens there already, at f:2:30"
    assert "127.0.0.1:80, which overlaps, already" in found[1].message


def test_what_is_no_section_is_left_to_validation() -> None:
    tree = parse("a: 1", "f", [])
    assert list(listening_problems([1], Positions(tree))) == []
