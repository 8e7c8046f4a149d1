"""Rule files as words."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.lab.lexing import words


def test_words_and_their_lines() -> None:
    source = """-- a comment "x"
local a = "s\\"t" .. 'u' --[[ long
comment ]] b = [[long
text]] x = 0x1F + 1.5e3"""
    found = [(one.kind, one.text, one.line) for one in words(source)]
    assert found == [
        ("name", "local", 2), ("name", "a", 2), ("sign", "=", 2), ("string", 's"t', 2),
        ("sign", "..", 2), ("string", "u", 2), ("name", "b", 3), ("sign", "=", 3),
        ("string", "long\ntext", 3), ("name", "x", 4), ("sign", "=", 4), ("number", "0x1F", 4),
        ("sign", "+", 4), ("number", "1.5e3", 4),
    ]  # fmt: skip


@given(st.text(st.sampled_from("ab1 \n\"'[]=-.(),\\é"), max_size=40))
def test_it_ends_whatever_it_is_given(source: str) -> None:
    assert all(one.line >= 1 for one in words(source))
