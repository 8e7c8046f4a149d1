"""Placeholders: checked at load, and no client can put a line into a head."""

from __future__ import annotations

import pytest

from kit.routes import Routes
from pointsman_rules.routes.placeholders import KNOWN, template


def test_all_that_is_known_is_filled() -> None:
    ruled = Routes("[{}]").asks("/a?b=c", "PUT", sni="sni.example", secure=True).ruled
    text = " ".join(f"{name}={{{name}}}" for name in KNOWN)
    assert template(text)(ruled, ()) == (
        "host=example.org path=/a query=b=c ?query=?b=c scheme=https method=PUT port=443 "
        "client=192.0.2.1 sni=sni.example request_id=id-1 service=service pool=pool server=a"
    )


def test_groups_and_headers_are_filled() -> None:
    ruled = Routes("[{}]").asks(fields=[(b"X-Key", b"k")]).ruled
    assert template("{1}-{0}-{9}-{header:x-key}-{header:none}")(ruled, ("all", "one")) == (
        "one-all--k-"
    )


def test_a_text_without_any_is_itself() -> None:
    assert template("plain\ntext")(Routes("[{}]").asks().ruled, ()) == "plain\ntext"


@pytest.mark.parametrize("text", ["{nothing}", "{", "a}", "{}", "{header:}"])
def test_what_is_no_placeholder_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        template(text)


def test_nothing_that_a_client_says_ends_a_line() -> None:
    ruled = Routes("[{}]").asks().ruled
    assert template("x{1}\n")(ruled, ("", "a\r\nSet-Cookie: b\0")) == "xaSet-Cookie: b\n"
