"""The client and the upstreams of an exchange as recorders: they object to nonsense."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pointsman.contracts.tls import TlsFacts
from pointsman.core.members import Member
from pointsman.core.ports import Asking, Holder, UpstreamPort
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Field, Headers
from pointsman.model.message import RequestHead, ResponseHead

FACTS = ConnectionFacts("192.0.2.1", 40000, "192.0.2.100", 80)


class Surprises:
    """What is to happen inside the next call of a port, once for each that was planned."""

    def __init__(self) -> None:
        self.planned: dict[str, Callable[[], object]] = {}

    def inside(self, call: str, event: Callable[[], object]) -> None:
        """Let ``event`` happen while ``call`` runs."""
        self.planned[call] = event

    def happen(self, call: str) -> None:
        event = self.planned.pop(call, None)
        if event is not None:
            event()


class RecordedClient(Surprises):
    """A ClientPort. ``said`` reads like the answer: ``["head 200", "data 5", "end", "done"]``."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = FACTS
        self.bound: UpstreamPort | None = None
        self.closing = False
        self.memory: dict[object, object] = {}
        self.tls: TlsFacts | None = None
        self.said: list[str] = []
        self.body = b""
        self.trailers: list[Field] = []
        self.head: ResponseHead | None = None
        self.closes = False  # the head said so
        self.held = False
        self.lost = False  # nobody minds that it was held
        self.tunnel: RecordedUpstream | None = None
        self.completed: bool | None = None

    @property
    def is_done(self) -> bool:
        return self.completed is not None

    @property
    def has_head(self) -> bool:
        return any(word.startswith("head") for word in self.said)

    def request_bytes(self, head: RequestHead) -> bytes:
        self.happen("request_bytes")
        return head.method + b" " + head.target

    def send_interim(self, head: ResponseHead) -> None:
        assert not self.has_head
        assert not self.is_done
        self.said.append(f"interim {head.status}")
        self.happen("send_interim")

    def send_head(self, head: ResponseHead, data: bytes, ended: bool, close: bool) -> None:
        assert not self.has_head, "two heads"
        assert not self.is_done
        assert not self.tunnel
        self.said.append(f"head {head.status}")
        self.head = head
        self.closes = close
        self._took(data)
        if ended:
            self.said.append("end")
        self.happen("send_head")

    def send_data(self, data: bytes) -> None:
        assert data
        assert self.has_head
        assert not self.is_done
        assert "end" not in self.said, "body after its end"
        self._took(data)
        self.happen("send_data")

    def send_end(self, trailers: list[Field]) -> None:
        assert self.has_head
        assert not self.is_done
        assert "end" not in self.said, "two ends"
        self.said.append("end")
        self.trailers = trailers
        self.happen("send_end")

    def cut(self) -> None:
        assert not self.is_done
        self.said.append("cut")
        self.happen("cut")

    def hold(self) -> None:
        assert not self.is_done
        self.held = True
        self.happen("hold")

    def go_on(self) -> None:
        assert self.held, "go_on without hold"
        self.held = False
        self.happen("go_on")

    def switch(self, head: ResponseHead | None, upstream: UpstreamPort, data: bytes) -> None:
        assert not self.has_head
        assert not self.is_done
        assert isinstance(upstream, RecordedUpstream)
        self.said.append(f"tunnel {head.status if head else 'CONNECT'}")
        self._took(data)
        self.tunnel = upstream
        upstream.give_back("switched")

    def done(self, completed: bool) -> None:
        assert not self.is_done, "done twice"
        assert not self.held or self.lost, "left paused for good"
        self.completed = completed
        self.said.append("done")

    def _took(self, data: bytes) -> None:
        self.body += data
        if data:
            self.said.append(f"data {len(data)}")


class RecordedUpstream(Surprises):
    """An UpstreamPort; ``end`` says how it was given back: released, closed, aborted, ..."""

    def __init__(self, member: Member, asking: Asking, reused: bool) -> None:
        super().__init__()
        self.member = member
        self.asking = asking
        self.reused = reused
        self.head = b""
        self.got = b""
        self.requests = 0
        self.length = 0
        self.has_end = False
        self.trailers: list[Field] = []
        self.held = False
        self.kind = "usual"
        self.end = ""

    def send_request(
        self, head: bytes, method: bytes, body: bytes, length: int, ended: bool
    ) -> None:
        assert not self.end
        assert not self.requests
        self.requests = 1
        self.head = head
        self.got = body
        self.length = length
        self.has_end = ended
        self.happen("send_request")

    def send_data(self, data: bytes) -> None:
        assert data
        assert not self.end
        assert not self.has_end, "body after its end"
        self.got += data
        self.happen("send_data")

    def send_end(self, trailers: list[Field]) -> None:
        assert not self.end
        assert not self.has_end, "two ends"
        self.has_end = True
        self.trailers = trailers
        self.happen("send_end")

    def hold(self) -> None:
        assert not self.end
        self.held = True

    def go_on(self) -> None:
        assert not self.end
        self.held = False

    def release(self, reusable: bool) -> None:
        self.give_back("released" if reusable else "closed")

    def abort(self) -> None:
        self.give_back("aborted")

    def wait_for(self, holder: Holder) -> None:
        assert holder.bound is None
        self.give_back("bound")
        holder.bound = self

    def suits(self, asking: Asking) -> bool:
        return self.kind == "usual"

    def taken_by(self, asking: Asking) -> None:
        assert self.end == "bound"
        self.end = ""
        self.requests = 0
        self.reused = True
        self.asking = asking
        asking.connected(self)

    def close(self) -> None:
        assert self.end == "bound"
        self.end = "closed"

    def give_back(self, how: str) -> None:
        assert not self.end, f"{self.end}, then {how}"
        self.end = how
        self.happen(how)

    # ---- what the test plays ----

    def fails(self, phase: str = "response", *, retryable: bool = True) -> None:
        """The connection breaks, times out or speaks nonsense."""
        self.end = "failed"
        self.asking.upstream_failed(UpstreamError(phase, "broken", retryable=retryable))

    def answers(
        self, status: int = 200, body: bytes = b"", *, length: int | None = None, ended: bool = True
    ) -> None:
        """The final answer begins, and ends if all of it is there."""
        head = response(status, length=len(body) if length is None else length)
        self.asking.response_began(head, body, ended)


class RecordedOpening:
    """An Opening; ``end`` says what became of it: connected, failed or cancelled."""

    def __init__(self, upstreams: RecordedUpstreams, member: Member, asking: Asking) -> None:
        self.upstreams = upstreams
        self.member = member
        self.asking = asking
        self.end = ""

    def cancel(self) -> None:
        assert not self.end, f"{self.end}, then cancelled"
        self.end = "cancelled"

    def connects(self, *, reused: bool = False) -> RecordedUpstream:
        """The server accepts, or an idle connection is found."""
        assert not self.end
        self.end = "connected"
        upstream = RecordedUpstream(self.member, self.asking, reused)
        upstream.planned = self.upstreams.planned
        self.upstreams.made.append(upstream)
        self.asking.connected(upstream)
        return upstream

    def fails(self, message: str = "Connection refused", number: int = 0) -> None:
        assert not self.end
        self.end = "failed"
        self.asking.connect_failed(UpstreamError("connect", message, retryable=True, errno=number))


class RecordedUpstreams(Surprises):
    """Upstreams that the test decides about; ``at_once`` decides for it inside ``open``.

    Attributes:
        at_once: what openings meet, in turn, before ``open`` returns: "idle", "fresh", "refused".
    """

    def __init__(self) -> None:
        super().__init__()
        self.at_once: list[str] = []
        self.openings: list[RecordedOpening] = []
        self.fresh: list[bool] = []
        self.made: list[RecordedUpstream] = []

    def open(self, member: Member, asking: Asking, fresh: bool) -> RecordedOpening | None:
        self.happen("open")
        opening = RecordedOpening(self, member, asking)
        self.openings.append(opening)
        self.fresh.append(fresh)
        meets = self.at_once.pop(0) if self.at_once else ""
        if meets == "refused":
            opening.fails()
        elif meets:
            opening.connects(reused=meets == "idle" and not fresh)
        return None if meets else opening

    @property
    def last(self) -> RecordedOpening:
        return self.openings[-1]


def request(
    method: bytes = b"GET",
    length: int = 0,
    *,
    minor: int = 1,
    keep_alive: bool = True,
    upgrade: bytes = b"",
) -> RequestHead:
    """A request head; ``length`` as ``RequestHead.body_length`` gives it."""
    return RequestHead(
        method,
        b"/",
        Headers([(b"Host", b"example.org")]),
        minor=minor,
        host=b"example.org",
        body_length=length,
        keep_alive=keep_alive,
        upgrade=upgrade,
    )


def response(
    status: int = 200, *, length: int = 0, keep_alive: bool = True, fields: Iterable[Field] = ()
) -> ResponseHead:
    """A response head, framed as ``length`` says."""
    return ResponseHead(status, Headers(fields), body_length=length, keep_alive=keep_alive)
