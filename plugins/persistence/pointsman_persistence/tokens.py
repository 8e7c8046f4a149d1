"""Signed tokens that name a member without telling anybody which: what ``active_cookie`` holds."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import blake2b
from hmac import compare_digest
from math import inf
from typing import NamedTuple

# Octets of a token: number of the key, tag of the member, made, stamped, signature.
_TAG = 8
_TIME = 5  # seconds since the epoch, enough for 34,000 years
_BODY = 1 + _TAG + 2 * _TIME
_SIGNATURE = 14
_LENGTH = _BODY + _SIGNATURE  # a multiple of three, so that the text needs no padding
TEXT_LENGTH = _LENGTH * 4 // 3

# Why a token is not believed.
FORGED = "forged"  # no key of ours has signed it, or it is no token at all
OUTDATED = "outdated"  # signed by a key that is no longer in use
REMOVED = "removed"  # its member is not in the pool any more


class Token(NamedTuple):
    """What a token says.

    Attributes:
        member: name of the member.
        made: when the client was given to it, seconds since the epoch.
        stamped: when the token was written.
        period: number of the period whose key has signed it.
        foreign: the secret that has signed it is the one from before.
    """

    member: str
    made: int
    stamped: int
    period: int
    foreign: bool


class Tokens:
    """Writes and reads tokens of one pool.

    Keys are derived from a secret and the number of the period (``rotate`` seconds long) in which
    they sign, so that whoever has the secret has the same keys without talking to anybody. Tokens
    of this period, the one before and the one to come (clocks differ) are believed.

    The tag of a member is a keyed digest of its name: who lacks the secret cannot tell which
    member a token names, nor make one.

    Args:
        secret: signs; long and random. Or what tells it, when it is first needed.
        pool: name of the pool; a token of another pool is not believed.
        rotate: seconds, above 0; 0.0 for one key for ever.
        previous: a secret whose tokens are still believed, b"" for none.
    """

    def __init__(
        self,
        secret: bytes | Callable[[], bytes],
        pool: str,
        rotate: float = 0.0,
        previous: bytes = b"",
    ) -> None:
        self._secret = secret
        self._previous = previous
        self._pool = pool.encode()
        self._rotate = rotate
        self._names: tuple[str, ...] = ()
        self._keys: dict[tuple[bytes, int], _Key] = {}

    def keep(self, names: Sequence[str]) -> None:
        """Tokens can name these members from now on."""
        self._names = tuple(names)
        self._keys.clear()

    def period(self, wall: float) -> int:
        """The number of the period at that time, seconds since the epoch."""
        return int(wall // self._rotate) if self._rotate else 0

    def period_times(self, wall: float) -> tuple[float, float]:
        """When the period of that time begins and ends."""
        if not self._rotate:
            return -inf, inf
        begins = self.period(wall) * self._rotate
        return begins, begins + self._rotate

    def write(self, member: str, made: int, wall: float) -> bytes:
        """A token for a member to which a client was given at ``made``."""
        period = self.period(wall)
        key = self._key(self._first(), period)
        body = b"%c%b%b%b" % (
            period & 255,
            key.tag(member),
            made.to_bytes(_TIME, "big"),
            int(wall).to_bytes(_TIME, "big"),
        )
        return urlsafe_b64encode(body + key.sign(body))

    def read(self, text: bytes, wall: float) -> Token | str:
        """What a token says, or why it is not believed: FORGED, OUTDATED or REMOVED."""
        if len(text) != TEXT_LENGTH:
            return FORGED
        try:
            octets = urlsafe_b64decode(text)
        except (ValueError, binascii.Error):
            return FORGED
        if len(octets) != _LENGTH:  # there was something in it that is no base64
            return FORGED
        body, signature = octets[:_BODY], octets[_BODY:]
        now = self.period(wall)
        periods = (now, now - 1, now + 1) if self._rotate else (0,)
        for period in periods:
            if period & 255 == body[0]:
                for secret in (self._first(), self._previous):
                    if not secret:
                        continue
                    key = self._key(secret, period)
                    if compare_digest(key.sign(body), signature):
                        return self._told(body, key, period, secret)
                return FORGED
        return OUTDATED

    def _told(self, body: bytes, key: _Key, period: int, secret: bytes) -> Token | str:
        member = key.members.get(body[1 : 1 + _TAG])
        if member is None:
            return REMOVED
        made = int.from_bytes(body[1 + _TAG : 1 + _TAG + _TIME], "big")
        stamped = int.from_bytes(body[1 + _TAG + _TIME :], "big")
        return Token(member, made, stamped, period, secret is not self._secret)

    def _first(self) -> bytes:
        """The secret that signs."""
        secret = self._secret
        if not isinstance(secret, bytes):
            self._secret = secret = secret()
        return secret

    def _key(self, secret: bytes, period: int) -> _Key:
        key = self._keys.get((secret, period))
        if key is None:
            if len(self._keys) > 16:
                self._keys.clear()  # periods that are over
            key = self._keys[secret, period] = _Key(secret, period, self._pool, self._names)
        return key


class _Key:
    """The key of one period, and what members are called under it."""

    def __init__(self, secret: bytes, period: int, pool: bytes, names: Sequence[str]) -> None:
        told = b"%d\0%b" % (period, pool)
        # A secret of any length; what blake2b takes as a key is 64 octets at most.
        root = blake2b(secret, digest_size=64).digest()
        self._signing = blake2b(told, key=root, person=b"pointsman sign").digest()
        self._naming = blake2b(told, key=root, person=b"pointsman name").digest()
        self._tags: dict[str, bytes] = {}
        self.members: dict[bytes, str] = {}
        for name in names:
            self.tag(name)

    def tag(self, name: str) -> bytes:
        tag = self._tags.get(name)
        if tag is None:
            tag = blake2b(name.encode(), key=self._naming, digest_size=_TAG).digest()
            self._tags[name] = tag
            self.members[tag] = name
        return tag

    def sign(self, body: bytes) -> bytes:
        return blake2b(body, key=self._signing, digest_size=_SIGNATURE).digest()
