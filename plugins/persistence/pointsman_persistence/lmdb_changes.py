"""Changes to pins that wait to be written, and what they may do to what others wrote meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Known:
    """What is known of a pin, its times as they are stored.

    Attributes:
        member: name of the member.
        made: seconds of the shared clock.
        used: likewise.
    """

    member: str
    made: float
    used: float

    def is_same(self, other: Known) -> bool:
        """Whether it is the same pin, used or not."""
        return self.member == other.member and self.made == other.made


# In the place of what a change may replace: whatever there is.
ANY: Final = Known("", 0.0, 0.0)


@dataclass(slots=True, eq=False)
class Change:
    """One key's change.

    Attributes:
        key: the key itself.
        new: what it shall be, None to forget it.
        over: what it may replace: the pin that was seen, None for nothing that is alive, or ANY.
        is_use: whether only the time of the last use is new; a pin that is gone stays so.
    """

    key: bytes
    new: Known | None
    over: Known | None
    is_use: bool = False

    def may_replace(self, there: Known, silence: float, max_age: float) -> bool:
        """Whether what is in the file now gives way.

        Args:
            there: the pin in the file.
            silence: seconds without a use after which a pin is over.
            max_age: seconds after which it is over in any case.
        """
        if self.over is ANY or (self.over is not None and self.over.is_same(there)):
            return True
        new = self.new
        if new is None:
            return False
        return new.used - there.used >= silence or new.used - there.made >= max_age


def merged(before: Change, after: Change) -> Change:
    """One change for two of the same key, the first of which is not written yet.

    What the second one was made after is the first, and that is in nobody's file. So the two
    together may replace what the first might.
    """
    return after if after.over is ANY else Change(after.key, after.new, before.over)
