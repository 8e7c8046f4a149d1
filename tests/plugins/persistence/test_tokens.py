"""Tokens: they name a member to us and to nobody else."""

from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_persistence.tokens import FORGED, OUTDATED, REMOVED, TEXT_LENGTH, Token, Tokens

DAY = 86400.0
NOW = 20_000 * DAY


def tokens(
    secret: bytes = b"s" * 32, pool: str = "pool", rotate: float = DAY, previous: bytes = b""
) -> Tokens:
    made = Tokens(secret, pool, rotate, previous)
    made.keep(["fe1.example.org", "10.1.2.3:443", "ä"])
    return made


def told(text: bytes, by: Tokens, wall: float = NOW) -> str:
    """The member, or why it is not believed."""
    found = by.read(text, wall)
    return found.member if isinstance(found, Token) else found


@pytest.mark.parametrize("member", ["fe1.example.org", "10.1.2.3:443", "ä"])
def test_it_says_what_was_written(member: str) -> None:
    text = tokens().write(member, 1_700_000_000, NOW + 5.9)
    assert tokens().read(text, NOW) == Token(member, 1_700_000_000, int(NOW) + 5, 20_000, False)
    assert len(text) == TEXT_LENGTH


def test_it_can_stand_in_a_cookie_and_shows_no_name_and_no_address() -> None:
    text = tokens().write("10.1.2.3:443", int(NOW), NOW)
    assert all(chr(octet).isalnum() or octet in b"-_" for octet in text)
    octets = urlsafe_b64decode(text)
    for part in (b"10.1.2.3", bytes([10, 1, 2, 3]), (443).to_bytes(2, "big"), b"pool"):
        assert part not in octets


def test_tokens_of_one_member_differ_under_each_secret_pool_and_period() -> None:
    tags = {
        urlsafe_b64decode(made.write("ä", int(NOW), wall))[1:9]
        for made, wall in (
            (tokens(), NOW),
            (tokens(), NOW + DAY),
            (tokens(b"t" * 32), NOW),
            (tokens(pool="other"), NOW),
        )
    }
    assert len(tags) == 4


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (-2 * DAY, OUTDATED),
        (-DAY, "ä"),  # the clock that wrote it goes ahead of ours
        (0.0, "ä"),
        (DAY - 1, "ä"),
        (2 * DAY - 1, "ä"),
        (2 * DAY, OUTDATED),
        (300 * DAY, OUTDATED),
        (256 * DAY, FORGED),  # the number of its key has come round, the key has not
    ],
)
def test_keys_rotate(later: float, expected: str) -> None:
    assert told(tokens().write("ä", int(NOW), NOW), tokens(), NOW + later) == expected


def test_a_key_need_not_rotate() -> None:
    text = tokens(rotate=0.0).write("ä", 0, 0.0)
    assert told(text, tokens(rotate=0.0), 1e10) == "ä"


def test_of_another_secret_or_pool() -> None:
    text = tokens().write("ä", int(NOW), NOW)
    assert told(text, tokens(b"t" * 32)) == FORGED
    assert told(text, tokens(pool="other")) == FORGED
    found = tokens(b"t" * 32, previous=b"s" * 32).read(text, NOW)
    assert isinstance(found, Token)
    assert found.foreign


def test_of_a_member_that_is_gone_or_came_later() -> None:
    made = tokens()
    text = made.write("ä", int(NOW), NOW)
    made.keep(["fe1.example.org"])
    assert told(text, made) == REMOVED
    made.keep(["ä"])
    assert told(text, made) == "ä"
    assert told(made.write("new", int(NOW), NOW), made) == "new"


def test_the_keys_kept_are_bounded() -> None:
    made = tokens()
    for day in range(100):
        made.write("ä", 0, day * DAY)
    assert len(made._keys) <= 17


def test_every_other_bit_is_forged() -> None:
    text = tokens().write("ä", int(NOW), NOW)
    for place in range(len(text)):
        for bit in range(7):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            assert told(bytes(changed), tokens()) in (FORGED, OUTDATED)
    assert told(text[:-1], tokens()) == told(text + b"=", tokens()) == FORGED


@given(st.binary(max_size=100) | st.binary(min_size=TEXT_LENGTH, max_size=TEXT_LENGTH))
def test_nothing_else_is_believed(text: bytes) -> None:
    assert told(text, tokens()) in (FORGED, OUTDATED)


@given(st.text("ABCab019-_", min_size=TEXT_LENGTH, max_size=TEXT_LENGTH))
def test_nor_what_looks_like_one(text: str) -> None:
    assert told(text.encode(), tokens()) in (FORGED, OUTDATED)
