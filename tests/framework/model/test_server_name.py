"""Server names: what may be asked for by SNI."""

import pytest

from pointsman.model.server_name import checked_server_name


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "localhost",
        "a.example.org",
        "xn--bcher-kva.example",
        "_dmarc.example.org",
        "under_score.example",
        "3com.example",
        "0x.example",
        "1.2.3.4.example",
        "a" * 63 + ".example",
        ".".join(["a" * 49] * 5),
    ],
)
def test_a_host_name_is_a_server_name(name: str) -> None:
    assert checked_server_name(name) == name
    assert checked_server_name(name.upper()) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        ("bücher.example", "ASCII"),
        ("a.example.", "no dot at its end"),
        (".", "no dot at its end"),
        ("127.0.0.1", "IP address"),
        ("a.127", "IP address"),
        ("0x7f", "IP address"),
        ("127.0.0.0x1", "IP address"),
        ("::1", "IP address"),
        ("[::1]", "IP address"),
        ("a..b", "no host name"),
        (".a", "no host name"),
        ("*.example.org", "no host name"),
        ("-a.example", "no host name"),
        ("a-.example", "no host name"),
        ("a b", "no host name"),
        ("a\n", "no host name"),
        ("a\0.example", "no host name"),
        ("a" * 64, "no host name"),
        (".".join(["a" * 63] * 4), "no host name"),
    ],
)
def test_all_else_is_refused_without_being_repeated(name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        checked_server_name(name)
    assert len(name) < 4 or name not in str(caught.value)
