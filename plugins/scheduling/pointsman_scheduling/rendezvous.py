"""Rendezvous hashing: a key always meets the same member, and only the lost ones move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b

from pointsman.contracts import Arrival, Candidate
from pointsman_scheduling.untimed import Untimed

# A draw is (factor x point + offset) mod this, factor and offset by the name of the member, point
# by the key: a universal family of hashes (Carter and Wegman 1979), at a tenth of blake2b's cost.
_PRIME = 2**61 - 1
_KEPT_KEYS = 8192  # answers that are remembered,
_KEPT_LENGTH = 128  # of keys of at most so many bytes: about 2 MiB in all


class Rendezvous(Untimed):
    """Picks by weighted rendezvous hashing; a subclass says what the key is.

    Every member draws a number h in (0, 1) for the key, the same each time, and the candidate
    with the highest ``-weight / ln(h)`` is picked. So each gets keys in proportion to its weight;
    when one goes only its own keys move, to all others by their weights; when it returns just
    these come back; and a change of weight moves keys only to it or only away from it.

    The draw depends on the key and the *name* of the member alone: it is the same in every
    process, on every machine and after every restart, whatever the order of the configuration.
    Tie (as good as never): the order of the configuration.

    Source: D. Thaler, C. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998);
    C. Schindelhauer, G. Schomaker, "Weighted Distributed Hash Tables" (2005), logarithmic method.
    """

    __slots__ = ("_candidates", "_kept", "_once", "_seeds")

    def __init__(self) -> None:
        self._candidates: Sequence[Candidate] = ()
        self._once: Sequence[Candidate] = ()
        self._kept: dict[bytes, Candidate] = {}
        self._seeds: dict[str, tuple[int, int]] = {}

    def _key(self, arrival: Arrival) -> bytes:
        """What is hashed."""
        raise NotImplementedError

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate that the key of this arrival belongs to."""
        key = self._key(arrival)
        if candidates is not self._candidates:
            if candidates is not self._once:
                # Perhaps a retry, whose tuple never comes again: what is kept stays good.
                self._once = candidates
                return self._winner(key, candidates)
            self._candidates = candidates
            self._kept = {}
        kept = self._kept
        chosen = kept.get(key)
        if chosen is None:
            chosen = self._winner(key, candidates)
            if len(key) <= _KEPT_LENGTH:
                if len(kept) >= _KEPT_KEYS:
                    kept.clear()
                kept[key] = chosen
        return chosen

    def keep(self, names: Sequence[str]) -> None:
        """Forget the seeds of members not named; they would be the same when they return."""
        kept = set(names)
        self._seeds = {name: seed for name, seed in self._seeds.items() if name in kept}
        self._candidates = self._once = ()
        self._kept = {}

    def _winner(self, key: bytes, candidates: Sequence[Candidate]) -> Candidate:
        point = int.from_bytes(blake2b(key, digest_size=7).digest(), "big")
        seeds = self._seeds
        # The highest -weight / ln(h) is the lowest -ln(h) / weight.
        lowest = math.inf
        winner = candidates[0]
        for candidate in candidates:
            name = candidate.name
            seed = seeds.get(name)
            if seed is None:
                seed = seeds[name] = _seed(name)
            factor, offset = seed
            draw = ((factor * point + offset) % _PRIME + 0.5) / _PRIME
            distance = -math.log(draw) / candidate.weight
            if distance < lowest:
                lowest = distance
                winner = candidate
        return winner


def address_key(client_ip: str) -> bytes:
    """The key of a client address; an IPv4-mapped IPv6 address is the IPv4 address."""
    if client_ip.startswith("::ffff:") and "." in client_ip:
        client_ip = client_ip[7:]
    return client_ip.encode("utf-8", "surrogateescape")


def _seed(name: str) -> tuple[int, int]:
    digest = blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).digest()
    factor, offset = digest[:8], digest[8:]
    return int.from_bytes(factor, "big") % (_PRIME - 1) + 1, int.from_bytes(offset, "big") % _PRIME
