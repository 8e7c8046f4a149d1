"""What may be said for the case that no server is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pointsman.config.schema_when_down import LARGEST_FILE, WhenDownSection
from pointsman.model.when_down import FixedAnswer, RedirectAway, SorryPool

HERE = Path()


def section(**keys: Any) -> WhenDownSection:
    return WhenDownSection.model_validate(keys)


def test_another_pool() -> None:
    assert section(pool="sorry").when_down(HERE) == SorryPool("sorry")


def test_a_redirect() -> None:
    assert section(redirect="/sorry").when_down(HERE) == RedirectAway("/sorry", 302)
    made = section(redirect="https://{host}{uri}{path}{query}", status=308).when_down(HERE)
    assert made == RedirectAway("https://{host}{uri}{path}{query}", 308)


def test_a_fixed_answer() -> None:
    assert section(status=404).when_down(HERE) == FixedAnswer(404)
    made = section(body="grüß", headers={"X-A": "b"}, retry_after="90s").when_down(HERE)
    assert made == FixedAnswer(
        503,
        "grüß".encode(),
        (
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"X-A", b"b"),
            (b"Retry-After", b"90"),
        ),
    )


@pytest.mark.parametrize(
    ("name", "given", "kind"),
    [
        ("sorry.html", "", b"text/html; charset=utf-8"),
        ("sorry.json", "", b"application/json"),
        ("sorry", "", b"text/plain; charset=utf-8"),
        ("sorry", "text/html; charset=latin-1", b"text/html; charset=latin-1"),
    ],
)
def test_a_file_beside_the_configuration(
    tmp_path: Path, name: str, given: str, kind: bytes
) -> None:
    (tmp_path / name).write_bytes(b"sorry")
    made = section(file=name, content_type=given).when_down(tmp_path)
    assert made == FixedAnswer(503, b"sorry", ((b"Content-Type", kind),))


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*sorry.html: No such file"):
        section(file="sorry.html").when_down(tmp_path)
    (tmp_path / "large").write_bytes(b"x" * (LARGEST_FILE + 1))
    with pytest.raises(ValueError, match="larger than 1MiB"):
        section(file="large").when_down(tmp_path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected `pool`, `redirect`, or a fixed answer"),
        ({"pool": "a", "status": 503}, "`pool` excludes everything else"),
        ({"redirect": "/x", "body": "y"}, "not for a redirect"),
        ({"redirect": "/x", "status": 200}, "a redirect has one of 301, 302"),
        ({"redirect": "ftp://x"}, "expected http://"),
        ({"redirect": "//x"}, "expected http://"),
        ({"redirect": "https://x/{user}"}, "unknown placeholder {user}"),
        ({"redirect": "https://x/ y"}, "without spaces"),
        ({"body": "x", "file": "y"}, "exclude each other"),
        ({"status": 100}, "greater than or equal to 200"),
        ({"body": "x", "headers": {"Content-Length": "1"}}, "cannot be set here"),
        ({"body": "x", "headers": {"X-A": "a\r\nX-B: c"}}, "printable ASCII"),
        ({"body": "x", "headers": {"X A": "b"}}, "expected a header name"),
        ({"body": "x", "content_type": "text\r\n"}, "such as text/html"),
    ],
)
def test_what_makes_no_sense(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        section(**keys)
    assert message in str(caught.value)
