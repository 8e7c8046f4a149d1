"""Values of rules are checked where they are written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pointsman_rules.routes.fields import (
    AddressList,
    AddressSource,
    BodyTemplate,
    HeaderName,
    Networks,
    Paths,
    Pattern,
    Regexes,
    Template,
    Texts,
    ValuePattern,
)


def read(kind: Any, raw: object) -> Any:
    return TypeAdapter(kind).validate_python(raw)


@pytest.mark.parametrize(
    ("kind", "raw", "found"),
    [
        (Texts, "a", ("a",)),
        (Paths, ["/a", "/b"], ("/a", "/b")),
        (Regexes, "a+", ("a+",)),
        (Networks, "10.0.0.0/8", ("10.0.0.0/8",)),
        (HeaderName, "X-Name", "X-Name"),
        (Template, "{host}", "{host}"),
        (BodyTemplate, "a\nb", "a\nb"),
        (Pattern, "abc", ValuePattern(exact="abc")),
        (Pattern, True, ValuePattern(present=True)),
        (Pattern, {"prefix": "a"}, ValuePattern(prefix="a")),
        (AddressList, "::1", AddressSource(networks=("::1",))),
        (AddressList, {"files": "bad.txt"}, AddressSource(files=("bad.txt",))),
    ],
)
def test_short_forms_stand_for_long_ones(kind: Any, raw: object, found: object) -> None:
    assert read(kind, raw) == found


@pytest.mark.parametrize(
    ("kind", "raw", "why"),
    [
        (Paths, "a", "a path begins with /"),
        (Paths, 7, "expected a path, got 7"),
        (Regexes, "(", "no regular expression"),
        (Networks, "10.0.0.0/99", "an address or a network"),
        (HeaderName, "X Name", "the name of a header or cookie"),
        (HeaderName, 7, "the name of a header or cookie"),
        (Template, "{nothing}", "no placeholder"),
        (Template, "a\nb", "cannot stand in a header"),
        (Template, "", "expected text"),
        (Texts, "", "at least 1 character"),
    ],
)
def test_what_is_wrong_is_told(kind: Any, raw: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        read(kind, raw)
