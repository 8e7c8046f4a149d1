"""Records: words that people search for, and facts in a fixed order."""

from pointsman.model import record


def test_the_words_for_an_end_are_distinct_and_stable() -> None:
    words = {value for name, value in vars(record).items() if name.isupper()}
    assert words == {
        "ok",
        "client_error",
        "client_aborted",
        "client_timeout",
        "no_server",
        "connect_failed",
        "upstream_timeout",
        "upstream_error",
        "upstream_aborted",
        "overloaded",
        "plugin_error",
        "dropped",
        "stopped",
        "rule",
    }


def test_the_facts_keep_their_order() -> None:
    # Access log sinks and plugins may take a record apart as the tuple that it is.
    assert record.ExchangeRecord._fields[:8] == (
        "time",
        "service",
        "client_ip",
        "client_port",
        "method",
        "target",
        "minor",
        "status",
    )
    assert record.ExchangeRecord._fields[-4:] == (
        "termination",
        "request",
        "server_name",
        "fields",
    )
