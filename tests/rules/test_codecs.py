"""base64, URLs, hashes, addresses and dates."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules import codecs

FUNCTIONS = codecs.functions(lambda: 1000.0)
TEXTS = st.text(st.characters(max_codepoint=255), max_size=40)


@given(TEXTS)
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert FUNCTIONS["base64_decode"](FUNCTIONS["base64_encode"](text)) == text
    assert FUNCTIONS["base64url_decode"](FUNCTIONS["base64url_encode"](text)) == text
    assert FUNCTIONS["url_decode"](FUNCTIONS["url_encode"](text)) == text


def test_what_is_no_base64_is_told() -> None:
    assert FUNCTIONS["base64_decode"]("a")[0] is None
    assert FUNCTIONS["base64_decode"]("a b=")[0] is None
    assert FUNCTIONS["base64url_decode"]("ä")[0] is None


def test_addresses() -> None:
    assert FUNCTIONS["ip_valid"]("::1")
    assert not FUNCTIONS["ip_valid"]("1.2.3")
    assert FUNCTIONS["ip_version"]("1.2.3.4") == 4
    assert FUNCTIONS["ip_within"]("10.1.2.3", "10.0.0.0/8") is True
    assert FUNCTIONS["ip_within"]("::ffff:10.1.2.3", "10.0.0.0/8") is True
    assert FUNCTIONS["ip_within"]("::1", "10.0.0.0/8") is False
    assert FUNCTIONS["ip_within"]("x", "10.0.0.0/8") is False
    assert FUNCTIONS["ip_within"]("10.0.0.1", "x")[0] is None


def test_urls() -> None:
    parse = FUNCTIONS["url_parse"]
    assert parse("https://H:8/p?q#f") == ("https", "h", 8, "/p", "q", "f")
    assert parse("http://[x/")[0] is None


def test_dates() -> None:
    assert FUNCTIONS["time_http"]() == "Thu, 01 Jan 1970 00:16:40 GMT"
    assert FUNCTIONS["time_parse_http"]("Thu, 01 Jan 1970 00:16:40 GMT") == 1000.0
    assert FUNCTIONS["time_parse_http"]("soon")[0] is None
    assert FUNCTIONS["time_format"]("%H:%M", 0) == "00:00"
    assert FUNCTIONS["time_format"]("%Y", 1e300)[0] is None


def test_hashes() -> None:
    assert FUNCTIONS["sha256"]("").startswith("e3b0c442")
    assert FUNCTIONS["crc32"]("a") == 3904355907
    assert 0 <= FUNCTIONS["hash_number"]("a", 10) < 10
    assert FUNCTIONS["hash_number"]("a") == FUNCTIONS["hash_number"]("a")
    assert FUNCTIONS["hash_number"]("a", 0)[0] is None
    assert FUNCTIONS["hex"]("\xff") == "ff"
