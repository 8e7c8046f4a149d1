"""What a rule decides about an exchange or a connection: said by a rulebook, done by the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from pointsman.model.headers import Field


class Respond(NamedTuple):
    """Answer the client; no server is asked, or what one has said is thrown away.

    Attributes:
        status: 200..999.
        body: whole; Content-Length is set for it.
        fields: of the head, in order; Content-Length and hop-by-hop ones are left out.
        reason: phrase, the usual one of that status if empty.
        close: the connection ends after it.
    """

    status: int
    body: bytes = b""
    fields: Sequence[Field] = ()
    reason: bytes = b""
    close: bool = False


class Refuse(NamedTuple):
    """Answer with our own error page of that status, 400..599; in tcp mode: close."""

    status: int


class Forward(NamedTuple):
    """Send it to another pool than the service's own, or to one certain server.

    Attributes:
        pool: its name, "" for the pool that it would go to anyhow.
        server: name of a member of that pool, "" leaves the choice to pin and scheduler.
        required: if that server cannot take it, refuse (503) instead of choosing another.
        more: at ``request``: later rulebooks are asked as well, and may decide otherwise.
    """

    pool: str = ""
    server: str = ""
    required: bool = False
    more: bool = False


class Retry(NamedTuple):
    """Try another server than the last one.

    It is done only while nothing of an answer was sent, if there is another server, within the
    service's ``max_attempts``, and if all of the request is still there; else the exchange goes on
    as if nothing had been decided.

    Attributes:
        pool: where to look for it, "" for the same pool.
        exclude: names of further servers that are not to be tried.
        unsafe: also for a method that is not idempotent, though a server may have acted on it.
    """

    pool: str = ""
    exclude: Sequence[str] = ()
    unsafe: bool = False


class Close(NamedTuple):
    """Close the client's connection without an answer; ``reset`` lets it see an error."""

    reset: bool = False


class Replace(NamedTuple):
    """In tcp mode: send these bytes to the server instead of what the client has said so far."""

    data: bytes


class More(NamedTuple):
    """In tcp mode: ask again when the client has said more."""


Decision = Respond | Refuse | Forward | Retry | Close | Replace | More


class Pending:
    """Not decided yet: a rulebook returns it, keeps it, and later says ``decide``, once.

    Args:
        cancel: called if nobody waits for the decision any more.
    """

    __slots__ = ("_cancel", "_decided", "_decision", "_waiter")

    def __init__(self, cancel: Callable[[], None] | None = None) -> None:
        self._cancel = cancel
        self._waiter: Callable[[Decision | bytes | None], None] | None = None
        self._decided = False
        self._decision: Decision | bytes | None = None

    def decide(self, decision: Decision | bytes | None) -> None:
        """What was decided; bytes only by a body filter. Without effect if nobody waits any more.

        It may come before the rulebook has returned this object. The second time it does nothing.
        """
        if self._decided:
            return
        self._decided = True
        self._decision = decision
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter(decision)

    def wait(self, waiter: Callable[[Decision | bytes | None], None]) -> None:
        """For the framework: whom to tell, at once if it is decided already."""
        if self._decided:
            waiter(self._decision)
        else:
            self._waiter = waiter

    def drop(self) -> Exception | None:
        """For the framework: nobody waits any more, and the rulebook is told so.

        Returns:
            What ``cancel`` has raised, if it has.
        """
        if self._decided:
            return None
        self._decided = True
        self._waiter = None
        if self._cancel is not None:
            try:
                self._cancel()
            except Exception as error:  # whoever drops it is in the middle of something
                return error
        return None


# What a rulebook says to an event; None lets the next rulebook speak, and then traffic go on.
Answer = Decision | Pending | None

# Redirects that keep the method, and those that browsers turn into a GET (RFC 9110 section 15.4).
REDIRECTS: Final = (301, 302, 303, 307, 308)


def redirect(location: bytes, status: int = 302, fields: Sequence[Field] = ()) -> Respond:
    """Send the client elsewhere.

    Raises:
        ValueError: that status redirects nobody.
    """
    if status not in REDIRECTS:
        raise ValueError(f"a redirect has the status 301, 302, 303, 307 or 308, got {status}")
    return Respond(status, b"", (*fields, (b"Location", location)))
