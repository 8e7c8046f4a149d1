"""From client to server and back without a socket: however the bytes are cut, the same passes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.conversations import CONVERSATIONS, Step, without_chunks
from kit.played_site import PlayedSite

Cuts = set[int]


def play(steps: list[Step], client_cuts: Cuts, server_cuts: Cuts) -> Any:
    """Play a conversation cut at these offsets of each side's bytes: what passed, how it ended."""
    site = PlayedSite()
    client = site.client()
    said = {"c": 0, "s": 0}
    cuts = {"c": client_cuts, "s": server_cuts}
    for who, data in steps:
        side = who[0]
        stream = client if side == "c" else site.server
        begin = said[side]
        said[side] = end = begin + len(data)
        inner = sorted(cut for cut in cuts[side] if begin < cut < end)
        for start, stop in pairwise([begin, *inner, end]):
            site.plays(stream, data[start - begin : stop - begin])
        if who.endswith("."):
            site.plays(stream, b"", ends=True)
    if steps is CONVERSATIONS["a chunk that is none"]:
        # Whether a server was asked before the nonsense came depends on when it came.
        site.servers.clear()
    return (
        without_chunks(bytes(client.taken)),
        (client.lost, client.aborted, client.finish_taken),
        [
            (without_chunks(bytes(server.taken)), server.lost, server.finish_taken)
            for server in site.servers
        ],
        [
            (record.status, record.bytes_in, record.bytes_out, record.termination)
            for record in site.records
        ],
        len(site.idle),
        [member.active for member in site.members],
    )


def lengths(steps: list[Step]) -> tuple[int, int]:
    """How many bytes the client and the server say."""
    client = sum(len(data) for who, data in steps if who.startswith("c"))
    return client, sum(len(data) for who, data in steps) - client


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_one_cut_at_every_byte_changes_nothing(name: str) -> None:
    steps = CONVERSATIONS[name]
    whole = play(steps, set(), set())
    client, server = lengths(steps)
    for place in range(1, client):
        assert play(steps, {place}, set()) == whole, f"client's bytes cut at {place}"
    for place in range(1, server):
        assert play(steps, set(), {place}) == whole, f"server's bytes cut at {place}"


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_byte_by_byte_nothing_changes(name: str) -> None:
    steps = CONVERSATIONS[name]
    client, server = lengths(steps)
    cut = play(steps, set(range(client)), set(range(server)))
    assert cut == play(steps, set(), set())


@given(data=st.data(), name=st.sampled_from(sorted(CONVERSATIONS)))
@settings(max_examples=300)
def test_cuts_at_random_change_nothing(data: st.DataObject, name: str) -> None:
    steps = CONVERSATIONS[name]
    client, server = lengths(steps)
    client_cuts = data.draw(st.sets(st.integers(0, client)))
    server_cuts = data.draw(st.sets(st.integers(0, server)))
    assert play(steps, client_cuts, server_cuts) == play(steps, set(), set())


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_every_conversation_ends_with_nothing_left_behind(name: str) -> None:
    site = PlayedSite()
    client = site.client()
    for who, data in CONVERSATIONS[name]:
        site.plays(client if who[0] == "c" else site.server, data, ends=who.endswith("."))
    client.break_off()
    site.settle()
    site.passes(700)  # longer than any timeout
    assert all(stream.lost for stream in (*site.clients, *site.servers))
    assert len(site.gone) == 1
    assert len(site.idle) == 0
    site.check_counters()
    assert site.service.exchanges == len(site.records)
