"""The words for states: each says one thing."""

from __future__ import annotations

from pointsman.core import server_states


def test_no_word_says_two_things() -> None:
    states = [
        *server_states.ADMIN_STATES[1:],
        server_states.UP,
        server_states.DOWN,
        server_states.CHECKING,
        server_states.EJECTED,
        server_states.SLOW_START,
        server_states.OVER_LIMIT,
    ]
    assert len(set(states)) == len(states) == 9
