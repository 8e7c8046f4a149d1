"""Addresses: every way to write one, and a sentence for every way to write it wrong."""

import pytest

from pointsman.model.address import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4:80", Address("1.2.3.4", 80)),
        ("[::1]:443", Address("::1", 443)),
        ("[2001:DB8:0:0::1]:1", Address("2001:db8::1", 1)),
        ("a-b.example:0", Address("a-b.example", 0)),
        ("my_app:8080", Address("my_app", 8080)),
        ("*:80", Address("", 80)),
        ("unix:/run/a:b.sock", Address(path="/run/a:b.sock")),
    ],
)
def test_it_is_read_and_written(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "expected host:port"),
        ("80", "expected host:port"),
        (":80", "expected host:port"),
        ("a", "expected host:port"),
        ("a:", "number from 0 to 65535"),
        ("a:65536", "number from 0 to 65535"),
        ("a:-1", "number from 0 to 65535"),
        ("a:8o", "number from 0 to 65535"),
        ("a:\u0664", "number from 0 to 65535"),
        ("::1:80", "needs brackets"),
        ("[::1:80", "unbalanced brackets"),
        ("::1]:80", "unbalanced brackets"),
        ("[a]:80", "not an IPv6 address"),
        ("[1.2.3.4]:80", "not an IPv6 address"),
        ("1.2.3:80", "not an IPv4 address"),
        ("1.2.3.256:80", "not an IPv4 address"),
        ("a b:80", "not a host name"),
        ("a..b:80", "not a host name"),
        ("-:80", "not a host name"),
        ("\xe4:80", "not a host name"),
        (f"{'a' * 64}:80", "not a host name"),
        ("http://a:80", "needs brackets"),
        ("unix:run/a", "must be absolute"),
        ("unix:", "must be absolute"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Address.parse(text)


def test_what_kind_of_host_it_is() -> None:
    assert Address("a", 1).is_name
    assert not Address("1.2.3.4", 1).is_name
    assert not Address("", 1).is_name
    assert not Address(path="/a").is_name
    ip = Address("::1", 1).ip
    assert ip is not None
    assert ip.version == 6
    assert Address("a", 1).ip is None


def test_the_same_host_on_another_port() -> None:
    assert Address("::1", 1).with_port(2) == Address("::1", 2)
    assert {Address("a", 1): "x"}[Address("a", 1)] == "x"
