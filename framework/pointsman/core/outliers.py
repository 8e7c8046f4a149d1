"""Outliers: servers that answer much worse than the others are left alone for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from pointsman.core.members import Member
from pointsman.core.tiers import works
from pointsman.model.pool_settings import OutlierSettings
from pointsman.model.units import format_duration

# Told that a member is to be checked at once; False if it cannot be.
CheckNow = Callable[[Member], bool]


class Passive:
    """What the answers of one member looked like.

    Attributes:
        run: errors in a row.
        answers: answers in this interval, if their times are looked at.
        seconds: until their first bytes, all together.
        ejections: how often it was ejected, fewer again with time.
        until: when its ejection ends, monotonic seconds; -1.0 if nobody looked at it yet.
    """

    __slots__ = ("_member", "_outliers", "answers", "ejections", "run", "seconds", "until")

    def __init__(self, outliers: Outliers, member: Member) -> None:
        self._outliers = outliers
        self._member = member
        self.run = 0
        self.answers = 0
        self.seconds = 0.0
        self.ejections = 0
        self.until = -1.0

    def answered(self, status: int, seconds: float) -> None:
        """It has answered.

        Args:
            status: of the answer, 0 in tcp mode.
            seconds: from the request to the first byte of the answer.
        """
        if status >= 500:
            self._bad(f"the last one {status}")
            return
        self.run = 0
        self.answers += 1
        self.seconds += seconds

    def failed(self) -> None:
        """It could not be reached, broke off, was silent or spoke nonsense."""
        self._bad("the last one without an answer")

    def _bad(self, last: str) -> None:
        self.run += 1
        errors = self._outliers.settings.errors
        if errors and self.run % errors == 0:
            self._outliers.suspect(self._member, self, f"{self.run} errors in a row, {last}")


class Outliers:
    """The outliers of one pool.

    Args:
        settings: what is an outlier, and what becomes of it.
        check_now: has a member checked.

    Attributes:
        settings: as above, may be replaced.
        check_now: likewise.
    """

    __slots__ = ("_next", "_watched", "check_now", "settings")

    def __init__(self, settings: OutlierSettings, check_now: CheckNow | None = None) -> None:
        self.settings = settings
        self.check_now = check_now
        self._watched: dict[Member, Passive] = {}
        self._next = -1.0

    def watch(self, members: Sequence[Member]) -> None:
        """Watch these members from now on, and no others."""
        for member in [member for member in self._watched if member not in members]:
            del self._watched[member]
            member.passive = None
        for member in members:
            if member not in self._watched:
                self._watched[member] = Passive(self, member)
            member.passive = self._watched[member]

    def stop(self) -> None:
        """Watch nobody any more, and let all back in."""
        for member in self._watched:
            member.set_ejected(False, "outliers are not looked for any more")
        self.watch(())

    def suspect(self, member: Member, passive: Passive, reason: str) -> None:
        """That one is an outlier: have it checked, or leave it alone unless too many are."""
        if member.ejected or not member.works:
            return
        settings = self.settings
        if settings.check and self.check_now is not None and self.check_now(member):
            return
        ejected = sum(each.ejected for each in self._watched)
        others = any(works(each) for each in self._watched if each is not member)
        if not others or (ejected + 1 > settings.at_most * len(self._watched)):
            return
        passive.ejections += 1
        passive.until = -1.0
        member.set_ejected(True, f"{reason}; for {format_duration(self._time(passive))}")

    def _time(self, passive: Passive) -> float:
        settings = self.settings
        return min(settings.eject * passive.ejections, settings.eject_most)

    def tick(self, now: float) -> None:
        """Time has passed: let those back in whose time is over; at intervals compare all.

        Args:
            now: monotonic seconds.
        """
        for member, passive in self._watched.items():
            if not member.ejected:
                continue
            if passive.until < 0:
                passive.until = now + self._time(passive)
            if now >= passive.until:
                passive.run = 0
                member.set_ejected(False, "its time as an outlier is over")
        if self._next < 0:
            self._next = now + self.settings.interval
        if now >= self._next:
            self._next = now + self.settings.interval
            self._compare()

    def _compare(self) -> None:
        settings = self.settings
        averages: dict[Member, float] = {}
        for member, passive in self._watched.items():
            if passive.answers >= settings.answers:
                averages[member] = passive.seconds / passive.answers
            if not member.ejected and passive.ejections and not passive.run:
                passive.ejections -= 1
            passive.answers, passive.seconds = 0, 0.0
        if not settings.latency or len(averages) < 2:
            return
        for member, average in averages.items():
            # Of two the median is the mean, so what the others take is compared with.
            others = [each for other, each in averages.items() if other is not member]
            usual = median(others)
            if average > settings.latency * usual and average - usual > settings.latency_least:
                reason = (
                    f"{average * 1000:.0f} ms to the first byte, the others take "
                    f"{usual * 1000:.0f} ms"
                )
                self.suspect(member, self._watched[member], reason)
