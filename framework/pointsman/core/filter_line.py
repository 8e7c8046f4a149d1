"""The body of one message on its way through filters: in pieces or whole, and never too much of it.

What comes out goes to an owner, which stops feeding while ``busy`` and calls ``go_on`` once what
it was given has been taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pointsman.contracts.rules import PASS_LARGE, BodyFilter
from pointsman.core.codings import CodingError, Decoder
from pointsman.model.decision import Decision, Forward, Pending


class LineOwner(Protocol):
    """Who is given what comes out of the filters."""

    @property
    def line_blocked(self) -> bool:
        """Whether whoever reads it is too slow for more at present."""

    def line_gave(self, data: bytes, last: bool) -> None:
        """More of the filtered body; ``data`` may be empty if it is the last."""

    def line_decided(self, decision: Decision) -> None:
        """A filter has decided something else; the line is over."""

    def line_failed(self, error: Exception) -> None:
        """A filter has raised; the line is over."""

    def line_too_large(self) -> None:
        """The body is larger than a filter takes whole; the line is over."""

    def line_broken(self, error: CodingError) -> None:
        """The body cannot be decoded; the line is over."""

    def line_forwards(self, decision: Forward) -> None:
        """A filter has decided where it goes, and the body goes there as it is."""

    def line_settled(self) -> None:
        """What was ``busy`` is not any more."""

    def line_dropped(self, error: Exception) -> None:
        """A filter that was told to wait no more has raised."""


class _Stage:
    """One filter of a line, and what it waits for if it wants the whole body."""

    __slots__ = ("feed", "large", "most", "parts", "passing", "size")

    def __init__(self, one: BodyFilter) -> None:
        self.feed = one.feed
        self.most: int = one.most
        self.large: str = one.large
        self.parts: list[bytes] = []
        self.size = 0
        self.passing = False


class FilterLine:
    """Leads a body through filters, one after the other.

    Args:
        filters: at least one.
        owner: is given what comes out.
        decoder: takes the coding off first, None if there is none.

    Attributes:
        over: nothing will come out any more.
    """

    __slots__ = (
        "_at", "_data", "_decoder", "_fed_last", "_last", "_owner", "_pending", "_queue",
        "_running", "_stages", "over",
    )  # fmt: skip

    def __init__(
        self, filters: Sequence[BodyFilter], owner: LineOwner, decoder: Decoder | None = None
    ) -> None:
        self._stages = [_Stage(one) for one in filters]
        self._owner = owner
        self._decoder = decoder
        self._queue: list[bytes] = []
        self._fed_last = False
        self._pending: Pending | None = None
        self._at = 0
        self._data = b""
        self._last = False
        self._running = False
        self.over = False

    @property
    def wants_whole(self) -> bool:
        """Whether nothing comes out before the body is complete, or too large."""
        return any(stage.most and not stage.passing for stage in self._stages)

    @property
    def busy(self) -> bool:
        """Whether it should not be fed more at present."""
        return bool(self._queue) or self._pending is not None

    def feed(self, data: bytes, last: bool) -> None:
        """More of the body; nothing after the last."""
        if data or last:
            self._queue.append(data)
            self._fed_last = last
        self.go_on()

    def go_on(self) -> None:
        """Lead on what waits, as far as it goes."""
        if self._running:
            return
        self._running = True
        try:
            while self._queue and self._pending is None and not self.over:
                if self._owner.line_blocked:
                    return
                self._lead_on()
        finally:
            self._running = False

    def drop(self) -> None:
        """Nobody wants it any more."""
        self.over = True
        self._queue.clear()
        pending, self._pending = self._pending, None
        if pending is not None:
            self._drop(pending)

    def _drop(self, pending: Pending) -> None:
        error = pending.drop()
        if error is not None:
            self._owner.line_dropped(error)

    def _lead_on(self) -> None:
        data = self._queue[0]
        last = self._fed_last and len(self._queue) == 1
        decoder = self._decoder
        if decoder is None:
            self._queue.pop(0)
            self._through(0, data, last)
            return
        # What was fed stays in the queue (empty) until the decoder has given all of it.
        if data or last:
            decoder.feed(data, last)
            self._queue[0] = b""
        try:
            piece = decoder.piece()
        except CodingError as error:
            self.drop()
            self._owner.line_broken(error)
            return
        if piece:
            self._through(0, piece, False)
            return
        self._queue.pop(0)
        if last:
            self._through(0, b"", True)

    def _through(self, at: int, data: bytes, last: bool) -> None:
        """Lead a piece through the filters from number ``at`` on."""
        stages = self._stages
        while at < len(stages):
            stage = stages[at]
            at += 1
            if stage.passing:
                continue
            if stage.most:
                stage.parts.append(data)
                stage.size += len(data)
                if stage.size > stage.most:
                    if stage.large != PASS_LARGE:
                        self.drop()
                        self._owner.line_too_large()
                        return
                    stage.passing = True
                elif not last:
                    return
                data = b"".join(stage.parts)
                stage.parts.clear()
                if stage.passing:
                    continue
            elif not data and not last:
                return
            try:
                answer = stage.feed(data, last)
            except Exception as error:
                self.drop()
                self._owner.line_failed(error)
                return
            if self.over:
                if isinstance(answer, Pending):
                    self._drop(answer)
                return
            if isinstance(answer, Pending):
                self._at, self._data, self._last = at, data, last
                self._pending = answer
                answer.wait(self._answered)
                return
            if isinstance(answer, bytes):
                data = answer
            elif not self._goes_on(answer):
                return
        if data or last:
            self.over = last
            self._owner.line_gave(data, last)

    def _answered(self, answer: Decision | bytes | None) -> None:
        """A filter that had to wait has its answer."""
        if self._pending is None:
            return
        self._pending = None
        data, self._data = self._data, b""
        if isinstance(answer, bytes):
            self._through(self._at, answer, self._last)
        elif self._goes_on(answer):
            self._through(self._at, data, self._last)
        if not self._running:
            self.go_on()
            if not self.over and not self.busy:
                self._owner.line_settled()

    def _goes_on(self, answer: Decision | None) -> bool:
        """Whether the body goes on as it is."""
        if isinstance(answer, Forward):
            self._owner.line_forwards(answer)
            return not self.over
        self.drop()
        if answer is None:
            self._owner.line_failed(TypeError("a filter gave back neither bytes nor a decision"))
        else:
            self._owner.line_decided(answer)
        return False
