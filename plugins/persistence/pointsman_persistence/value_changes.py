"""Values that are kept, and changes of them that can be put together and done later."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from pointsman.contracts.values import Value

# What is done first, before anything is counted.
NOTHING: Final = ""
SET: Final = "set"  # whatever is there
ADD: Final = "add"  # if there is nothing
DROP: Final = "drop"


class Held(NamedTuple):
    """A value, and the second at which it ends, infinity for never."""

    value: Value
    ends: float


class Delta(NamedTuple):
    """Counting: what is there, or 0, becomes ``max(it + by, floor)``.

    Two of this form, one after the other, are one of this form again.

    Attributes:
        by: so much more.
        floor: so much at least.
        ends: of a value that is made by it.
        prolongs: whether one that ends before that lives until then as well.
    """

    by: float
    floor: float
    ends: float
    prolongs: bool


@dataclass(frozen=True, slots=True)
class ValueChange:
    """What is to be done with a key.

    Attributes:
        base: SET, ADD, DROP or NOTHING.
        held: the value of SET and ADD.
        delta: what is counted after that.
    """

    base: str = NOTHING
    held: Held | None = None
    delta: Delta | None = None

    def apply(self, there: Held | None) -> Held | None:
        """What comes of the value that is there, None for none."""
        if self.base == SET or (self.base == ADD and there is None):
            there = self.held
        elif self.base == DROP:
            there = None
        return there if self.delta is None else counted(there, self.delta)


def is_number(value: Value) -> bool:
    """Whether it can be counted up."""
    return not isinstance(value, str | bool)


def counted(there: Held | None, delta: Delta) -> Held:
    """What comes of counting; what is no number stays."""
    if there is None:
        return Held(max(delta.by, delta.floor), delta.ends)
    value, ends = there
    if isinstance(value, str | bool):
        return there
    return Held(
        max(value + delta.by, delta.floor), max(ends, delta.ends) if delta.prolongs else ends
    )


def counting(
    by: float, least: float, ends: float, prolongs: bool, there: Held | None = None
) -> ValueChange:
    """The change that counts from ``least`` at least.

    Args:
        by: so much more.
        least: from this at least.
        ends: of a value that is made by it.
        prolongs: whether one that is there lives until then as well.
        there: what is there, as far as is known. If that ends before the change is done, what it
            makes is over as well.
    """
    if there is not None:
        ends = max(ends, there.ends) if prolongs else there.ends
    return ValueChange(delta=Delta(by, -inf if least == -inf else least + by, ends, prolongs))


def over(before: ValueChange | None) -> ValueChange | None:
    """What is left to be done of a change whose outcome has ended before it was done."""
    return ValueChange(DROP) if before is not None and before.base in (SET, DROP) else None


def combined(before: ValueChange | None, after: ValueChange) -> ValueChange:
    """One change for two of the same key, of which the second was made after the first."""
    if before is None or after.base in (SET, DROP):
        return after
    if after.base == ADD:
        # There was nothing, so the one before can only have been a drop.
        return ValueChange(SET, after.held) if before.base == DROP else before
    delta = after.delta
    if delta is None:
        return before
    if before.base in (SET, DROP):
        return ValueChange(SET, counted(before.apply(None), delta))
    return ValueChange(before.base, before.held, _both(before.delta, delta))


def _both(first: Delta | None, second: Delta) -> Delta:
    if first is None:
        return second
    return Delta(
        first.by + second.by,
        max(first.floor + second.by, second.floor),
        max(first.ends, second.ends) if second.prolongs else first.ends,
        first.prolongs or second.prolongs,
    )


# ---- as bytes ----


def encoded(value: Value) -> bytes:
    """A letter for its type, and its text."""
    if isinstance(value, bool):
        return b"b1" if value else b"b0"
    if isinstance(value, str):
        return b"s" + value.encode()
    return (b"i%d" % value) if isinstance(value, int) else b"f" + repr(value).encode()


def decoded(data: bytes) -> Value:
    """The value again. Raises ValueError for what was never one."""
    kind, text = data[:1], data[1:].decode()
    if kind == b"s":
        return text
    if kind == b"b":
        return text == "1"
    if kind == b"i":
        return int(text)
    if kind == b"f":
        return float(text)
    raise ValueError(f"no value: {data[:20]!r}")
