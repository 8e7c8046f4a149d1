"""A file comes apart between the entries of its sections, and nothing of it is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.pieces import Piece, taken_apart

TEXT = """\
# a site
version: 1
include:
- a
- b
pools:   # who works
  # the first
  web:
    servers: {a: x}

  mail: |
    text
  list:
  - 1
empty:
virtual_services:
    - none
"""


def test_sections_and_their_entries() -> None:
    assert taken_apart(TEXT) == [
        Piece("version: 1\n", 1),
        Piece("include:\n- a\n- b\n", 2),
        Piece(
            "pools:   # who works\n  # the first\n",
            5,
            (
                Piece("  web:\n    servers: {a: x}\n\n", 7),
                Piece("  mail: |\n    text\n", 10),
                Piece("  list:\n  - 1\n", 12),
            ),
        ),
        Piece("empty:\n", 14),
        Piece("virtual_services:\n    - none\n", 15),
    ]


@given(st.text(st.sampled_from("ab: \n-#'{|"), max_size=60))
def test_the_pieces_are_the_file(text: str) -> None:
    pieces = taken_apart(text)
    if pieces is None:
        return
    every = [part for piece in pieces for part in (piece, *piece.entries)]
    joined = "".join(part.text for part in every)
    assert text.endswith(joined)
    begin = text[: len(text) - len(joined)]
    assert not begin or all(not line.strip() or line.lstrip()[0] == "#"
                            for line in begin.split("\n"))  # fmt: skip
    for part in every:
        assert text.split("\n")[part.line] == part.text.split("\n")[0]
