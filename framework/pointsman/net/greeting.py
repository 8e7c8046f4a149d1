"""The first words of clients where they decide who serves them: read, and kept to be sent on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

from pointsman.contracts.tls import TlsPassage
from pointsman.core.client_hello import UNRECOGNIZED_NAME, ClientHello, HelloRefused
from pointsman.core.deadlines import Deadlines
from pointsman.core.error_answer import PLAIN_HTTP_REFUSED
from pointsman.core.first_bytes import FirstBytes
from pointsman.core.hello_reader import HelloReader, fatal_alert
from pointsman.model.record import CLIENT_TIMEOUT, STOPPED
from pointsman.net.stream import Stream

# Who is refused is given this long to read why.
_LINGER_SECONDS = 2.0
TOO_SLOW = "its ClientHello was not whole in time"
LEFT = "it left before its ClientHello was whole"


class Greeted(Protocol):
    """The connection whose client is read. It gets its stream back by ``greeted``."""

    client_ip: str

    def greeted(self, greeting: Greeting, hello: ClientHello) -> None:
        """What it said is whole and the stream paused: take it, or call ``greeting.turn_away``."""

    def abort(self, reason: str) -> None:
        """End it; the stream's loss follows."""

    def refused(self, greeting: Greeting) -> None:
        """The client is told why; the stream's loss follows."""

    def stream_lost(self, error: Exception | None) -> None:
        """The stream is gone."""


class Greetings:
    """The clients of one virtual service that have not yet said what they want.

    Args:
        service: its name, for the log.
        passage: tells how long a hello may be; None where a client may say anything, or nothing.
        deadlines: the wheel.
        seconds: how long a client may take for it; 0 for ever.
        enough: without a passage: whether what came is all that is needed.

    Attributes:
        refusals: how often a client was refused, by reason.
    """

    log = Logger()

    def __init__(
        self,
        service: str,
        passage: TlsPassage | None,
        deadlines: Deadlines,
        seconds: float,
        enough: Callable[[bytes], bool] = bool,
    ) -> None:
        self._service = service
        self._passage = passage
        self._enough = enough
        self._seconds = seconds
        self._open: set[Greeting] = set()
        self.deadlines = deadlines
        self.refusals: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, stream: Stream, owner: Greeted) -> None:
        """Read what this client says first; ``stream`` is not yet read from."""
        greeting = Greeting(self, stream, owner, self._reader())
        self._open.add(greeting)
        self.deadlines.arm(greeting, self._seconds)
        stream.owner = greeting
        stream.resume()

    def _reader(self) -> HelloReader | FirstBytes:
        if self._passage is None:
            return FirstBytes(self._enough)
        return HelloReader(self._passage.most_hello)

    def stop(self) -> None:
        """Give up all that is under way: nobody has asked for anything yet."""
        for greeting in tuple(self._open):
            greeting.owner.abort(STOPPED)

    def linger(self, greeting: Greeting) -> None:
        """Let it read why it is refused."""
        self._open.add(greeting)
        self.deadlines.arm(greeting, _LINGER_SECONDS)

    def over(self, greeting: Greeting) -> None:
        """It is read, or gone."""
        self._open.discard(greeting)
        self.deadlines.disarm(greeting)

    def refuses(self, greeting: Greeting, reason: str) -> None:
        """What a client can cause is counted, and told to the log once."""
        self.refusals[reason] += 1
        if self.refusals[reason] == 1:
            self.log.info(
                "{service}: {client} is refused: {reason} "
                "(from now on this reason is only counted)",
                service=self._service,
                client=greeting.owner.client_ip,
                reason=reason,
            )


class Greeting:
    """Owner of a client's stream until its hello is whole, or it has read why it is refused."""

    __slots__ = (
        "_all",
        "_reader",
        "_refused",
        "_stream",
        "deadline",
        "owner",
        "slot",
    )

    def __init__(
        self,
        greetings: Greetings,
        stream: Stream,
        owner: Greeted,
        reader: HelloReader | FirstBytes,
    ) -> None:
        self.deadline = 0
        self.slot = 0
        self.owner = owner
        self._all = greetings
        self._reader = reader
        self._refused = False
        self._stream = stream

    @property
    def received(self) -> bytes:
        """All that the client has sent so far."""
        return self._reader.received

    def turn_away(self) -> None:
        """The hello is fine, but nobody here is meant by it."""
        self._refuse(HelloRefused("no pool is for what it asks for", UNRECOGNIZED_NAME))

    # ---- what the stream says ----

    def data_received(self, data: bytes) -> None:
        """More of the hello; or what nobody reads any more."""
        if self._refused:
            return
        try:
            hello = self._reader.feed(data)
        except HelloRefused as refused:
            self._refuse(refused)
            return
        if hello is not None:
            self._go_on(hello)

    def _go_on(self, hello: ClientHello) -> None:
        self._all.over(self)
        self._stream.pause()
        self.owner.greeted(self, hello)

    def end_received(self) -> None:
        """It says no more, so that the hello will never be whole."""
        if isinstance(self._reader, FirstBytes):
            self._go_on(ClientHello())  # what it said is all; it may still want to read
            return
        if not self._refused:
            self._all.refuses(self, LEFT)
        self._stream.close()

    def stream_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._all.over(self)
        del self._stream  # no cycle shall be left to collect
        self.owner.stream_lost(error)

    def timed_out(self) -> None:
        """It has said too little, or has had time enough to read why it is refused."""
        if isinstance(self._reader, FirstBytes):
            self._go_on(ClientHello())  # perhaps it waits for the server to speak
            return
        if not self._refused:
            self._all.refuses(self, TOO_SLOW)
        self.owner.abort(CLIENT_TIMEOUT)

    def blocked(self) -> None:
        """What we say is too short for that."""

    def drained(self) -> None:
        """Likewise."""

    # ---- inside ----

    def _refuse(self, refused: HelloRefused) -> None:
        greetings, stream = self._all, self._stream
        self._refused = True
        greetings.refuses(self, refused.reason)
        greetings.linger(self)
        self.owner.refused(self)
        if refused.plain_http:
            stream.write(PLAIN_HTTP_REFUSED)
        elif refused.alert:
            stream.write(fatal_alert(refused.alert))
        # What it still sends is read, so that our answer is not lost to a reset.
        stream.finish()
        stream.resume()
