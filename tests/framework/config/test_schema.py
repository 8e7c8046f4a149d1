"""The top level, and the sections that belong to no service."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.config.schema import AccessLogSection, Destination, Document
from pointsman.model.errors import ConfigError


def document(text: str) -> Document:
    return load_text(f"version: 1\n{text}\n", "f", registry_of()).settings


@pytest.mark.parametrize("text", ["", "access_log: off", "access_log: false", "access_log:"])
def test_there_is_no_access_log_unless_it_is_asked_for(text: str) -> None:
    assert document(text).access_log is None


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("stderr", Destination("stderr")),
        ("stdout", Destination("stdout")),
        ("{file: /var/log/x}", Destination("file", "/var/log/x")),
        ("{syslog: '127.0.0.1:514'}", Destination("syslog", "127.0.0.1:514")),
    ],
)
def test_an_access_log_goes_somewhere(to: str, expected: Destination) -> None:
    log = document(f"access_log: {{to: {to}}}").access_log
    assert log is not None
    assert log.to == expected


def test_an_access_log_has_defaults_and_options() -> None:
    assert document("access_log: {}").access_log == AccessLogSection()
    log = document(
        "access_log: {format: combined, redact_query: [key], redact_cookies: [sid],"
        " headers: [User-Agent]}"
    ).access_log
    assert log is not None
    assert (log.format, log.redact_query, log.redact_cookies, log.headers) == (
        "combined",
        ("key",),
        ("sid",),
        ("User-Agent",),
    )


def test_names_are_asked_again_after_a_minute_by_default() -> None:
    assert document("").resolver.interval == 60.0
    assert document("resolver: {interval: 5s}").resolver.interval == 5.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("access_log: json", "expected off or a mapping, got 'json'"),
        ("access_log: {to: {file: ''}}", "access_log.to.file: expected a path"),
        ("access_log: {to: {file: a, syslog: b}}", "access_log.to: expected stderr"),
        ("access_log: {to: file}", "got 'file'"),
        ("access_log: {headers: [a b]}", r"access_log.headers\[0\]: expected a header name"),
        ("resolver: {interval: 0}", "resolver.interval: expected more than 0"),
    ],
)
def test_what_cannot_be_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        document(text)
