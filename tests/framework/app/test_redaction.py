"""What is taken out of logs by name, however it is written."""

import pytest

from pointsman.app.redaction import Redaction

REDACTION = Redaction(["token", "api key"], ["sid"])


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (b"/a?token=x", b"/a?token=REDACTED"),
        (b"/a?b=1&token=x&c=2", b"/a?b=1&token=REDACTED&c=2"),
        (b"/a?token=x;token=y", b"/a?token=REDACTED;token=REDACTED"),
        (b"/a?TOKEN=x", b"/a?TOKEN=REDACTED"),
        (b"/a?%74oken=x", b"/a?%74oken=REDACTED"),
        (b"/a?api+key=x&api%20key=y", b"/a?api+key=REDACTED&api%20key=REDACTED"),
        (b"/a?token=x=y", b"/a?token=REDACTED"),
        (b"/a?token=", b"/a?token=REDACTED"),
        (b"/a?tokens=x", b"/a?tokens=x"),
        (b"/token=x", b"/token=x"),
        (b"/a?token", b"/a?token"),
        (b"http://h/a?token=x#f", b"http://h/a?token=REDACTED#f"),
    ],
)
def test_query_parameters_are_found_by_name(target: bytes, shown: bytes) -> None:
    assert REDACTION.target(target) == shown


def test_cookies_are_found_by_name() -> None:
    cookies = b"a=1; sid=secret; b=2;SID=other; sidecar=3; sid"
    assert (
        REDACTION.header(b"cookie", cookies)
        == b"a=1; sid=REDACTED; b=2;SID=REDACTED; sidecar=3; sid"
    )


def test_the_page_a_client_comes_from_is_a_target_as_well() -> None:
    assert REDACTION.header(b"referer", b"http://h/?token=x") == b"http://h/?token=REDACTED"


@pytest.mark.parametrize("name", [b"authorization", b"proxy-authorization"])
def test_credentials_are_never_shown(name: bytes) -> None:
    nothing_configured = Redaction()
    assert nothing_configured.header(name, b"Basic dXNlcjpwYXNz") == b"Basic REDACTED"
    assert nothing_configured.header(name, b"rawtoken") == b"REDACTED"


def test_what_was_not_named_is_left_alone() -> None:
    nothing_configured = Redaction()
    assert nothing_configured.target(b"/a?token=x") == b"/a?token=x"
    assert nothing_configured.header(b"cookie", b"sid=x") == b"sid=x"
    assert REDACTION.header(b"user-agent", b"token=x") == b"token=x"
