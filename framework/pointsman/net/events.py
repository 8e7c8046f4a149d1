"""What a turn of the lean reactor does with the events that it was given."""

from __future__ import annotations

from collections.abc import Callable
from select import EPOLLIN
from typing import Any, Final

from pointsman.net.plain_stream import PlainStream

_READABLE: Final[int] = EPOLLIN


def serve(
    events: list[tuple[int, int]],
    selectables: dict[int, Any],
    other: Callable[[Any, int, int], None],
    ended: Callable[[Any, Any], None],
    failed: Callable[[Any, Exception], None],
) -> None:
    """Read where there is something to read, and hand on what is not a plain read (hot).

    Args:
        events: descriptor and mask of each, as epoll tells them.
        selectables: what stands behind each descriptor.
        other: serves a descriptor's event of any other kind.
        ended: told of a descriptor whose ``doRead`` returned a reason to disconnect it.
        failed: told of one whose ``doRead`` raised.
    """
    for fd, event in events:
        selectable = selectables.get(fd)
        if selectable is None:
            continue  # closed by an earlier event of this turn
        if event != _READABLE:
            other(selectable, fd, event)
            continue
        try:
            if isinstance(selectable, PlainStream):
                selectable.doRead()  # compiled, this is a call of C
                continue
            why = selectable.doRead()
        except Exception as error:
            failed(selectable, error)
            continue
        if why:
            ended(selectable, why)
