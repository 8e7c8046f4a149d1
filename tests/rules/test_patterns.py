"""How the work of patterns grows."""

import lupa.lua54
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.patterns import PatternError, Shape, shape


@pytest.mark.parametrize(
    ("pattern", "degree", "doublings"),
    [
        ("", 1, 0),
        ("^", 1, 0),
        ("abc", 1, 0),
        ("^abc", 1, 0),
        ("^/api/", 1, 0),
        ("^(%d+)%.(%d+)%.(%d+)%.(%d+)$", 1, 0),  # digits and dots cannot be confused
        ("uid=(%d+)", 1, 0),  # nothing after the digits can fail
        ("(.-)=(.*)", 3, 0),
        (".-a.-b", 4, 0),
        (".*a.*a.*b", 5, 0),
        ("^(.-)%s*$", 2, 0),
        ("^[^=]+=", 1, 0),
        ("a?a?a?aaa", 2, 3),
        ("%b()%b()x", 4, 0),
        ("%f[%a]%a+", 1, 0),
        ("(a*)%1b", 4, 0),
        ("[]]+x", 2, 0),
        ("[^]]+x", 3, 0),
        ("[a-c]-[c-e]", 3, 0),
        ("%D+%d", 2, 0),
    ],
)
def test_the_growth_is_known(pattern: str, degree: int, doublings: int) -> None:
    assert shape(pattern) == Shape(degree, doublings)


@pytest.mark.parametrize("pattern", ["%", "[a", "[^", "(a", "a)", "%b", "%bx", "%f", "%fa", "x%"])
def test_what_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="malformed"):
        shape(pattern)


@given(st.text(st.sampled_from("ab%.[]()^$-+*?dsbf1x"), max_size=12))
def test_what_lua_takes_is_taken_and_nothing_else_is_raised(pattern: str) -> None:
    lua = lupa.lua54.LuaRuntime(encoding="latin-1")
    takes = lua.eval("function(p) return (pcall(string.find, 'abab', p)) end")(pattern)
    try:
        shape(pattern)
    except PatternError:
        # Ours reads all of a pattern, Lua only as far as it comes.
        assert not takes or "%" in pattern or any(c in pattern for c in "[]()")
