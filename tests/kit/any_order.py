"""An exchange under any order of events that its ports may produce, and under surprises in them.

Recorders stand in the place of the ports. Derive from ``AnyOrder`` for another kind of exchange.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kit.recorders import RecordedUpstream, Stage, request, response
from pointsman.core.retry import may_try_again
from pointsman.model.errors import ClientError
from pointsman.model.message import CHUNKED

METHODS = [b"GET", b"HEAD", b"PUT", b"POST", b"CONNECT"]
# The calls inside which the worst may happen (request_bytes only makes bytes).
CALLS = ["send_request", "send_data", "send_end", "send_interim", "send_head", "cut", "hold",
         "go_on", "released", "closed", "aborted"]  # fmt: skip


class AnyOrder(RuleBasedStateMachine):
    """Events in any order; the recorders object to two heads, two ends, two dones and so on."""

    @initialize(
        method=st.sampled_from(METHODS),
        length=st.sampled_from([0, 0, 7, CHUNKED]),
        upgrade=st.sampled_from([b"", b"websocket"]),
        minor=st.integers(0, 1),
        limit=st.sampled_from([0, 0, 20]),
        servers=st.integers(0, 4),
        at_once=st.lists(st.sampled_from(["", "idle", "fresh", "refused"]), max_size=3),
        data=st.binary(max_size=7),
    )
    def begin(
        self,
        method: bytes,
        length: int,
        upgrade: bytes,
        minor: int,
        limit: int,
        servers: int,
        at_once: list[str],
        data: bytes,
    ) -> None:
        self.stage = stage = self.make_stage(servers, limit)
        self.exchange = stage.exchange
        self.method = method
        self.client_blocked = False
        self.server_blocked: RecordedUpstream | None = None
        self.begun = False  # the answer
        self.switched = False
        self.sent_all = length == 0
        stage.upstreams.at_once = at_once
        head = request(method, length, minor=minor, upgrade=upgrade)
        stage.asks(head, data if length else b"", ended=self.sent_all)

    def make_stage(self, servers: int, limit: int) -> Stage:
        return Stage(servers, body_limit=limit, allow_connect=True)

    # ---- what is possible now ----

    @property
    def live(self) -> RecordedUpstream | None:
        made = self.stage.upstreams.made
        return made[-1] if made and not made[-1].end else None

    def is_tunnel(self) -> bool:
        return self.stage.client.tunnel is not None

    def is_open(self) -> bool:
        return not self.exchange.over and not self.is_tunnel()

    # ---- the client ----

    @precondition(lambda self: self.is_open() and not self.sent_all and not self.stage.client.held)
    @rule(data=st.sampled_from([b"x", b"some more", b"x" * 40_000]))
    def client_sends(self, data: bytes) -> None:
        self.exchange.request_data(data)

    @precondition(lambda self: self.is_open() and not self.sent_all)
    @rule(trailers=st.sampled_from([[], [(b"X-Sum", b"1")]]))
    def client_ends(self, trailers: list[tuple[bytes, bytes]]) -> None:
        self.sent_all = True
        self.exchange.request_ended(trailers)

    @precondition(lambda self: self.is_open() and not self.sent_all)
    @rule(status=st.sampled_from([400, 408]))
    def client_sends_nonsense(self, status: int) -> None:
        self.exchange.refuse(ClientError(status, "why"))

    @precondition(lambda self: self.is_open() and not self.client_blocked)
    @rule()
    def client_blocks(self) -> None:
        self.client_blocked = True
        self.exchange.client_blocked()

    @precondition(lambda self: self.is_open() and self.client_blocked)
    @rule(stalls=st.booleans())
    def client_drains_or_stalls(self, stalls: bool) -> None:
        self.client_blocked = False
        if stalls:
            self.exchange.client_stalled()
        else:
            self.exchange.client_drained()

    @precondition(lambda self: not self.is_tunnel())
    @rule(stops=st.booleans())
    def client_goes_or_we_stop(self, stops: bool) -> None:
        if stops:
            self.exchange.stop()
        else:
            self.exchange.client_gone()

    # ---- the server ----

    @precondition(lambda self: self.stage.upstreams.openings and not self.stage.upstreams.last.end)
    @rule(how=st.sampled_from(["idle", "fresh", "fresh", "refused", "late"]))
    def opening_ends(self, how: str) -> None:
        opening = self.stage.upstreams.last
        if how in ("idle", "fresh"):
            opening.connects(reused=how == "idle" and not self.stage.upstreams.fresh[-1])
        else:
            opening.fails("timed out" if how == "late" else "Connection refused")
        self.begun = False

    @precondition(lambda self: self.live and not self.begun and not self.is_tunnel())
    @rule(status=st.sampled_from([100, 101, 103]))
    def server_sends_interim(self, status: int) -> None:
        if status == 101:
            self.exchange.switched(response(101), b"first")
        else:
            self.exchange.response_interim(response(status))

    @precondition(lambda self: self.live and not self.begun and not self.is_tunnel())
    @rule(data=st.sampled_from([b"", b"part"]), ended=st.booleans(), keep=st.booleans())
    def server_answers(self, data: bytes, ended: bool, keep: bool) -> None:
        self.begun = True
        head = response(200, length=CHUNKED, keep_alive=keep)
        self.exchange.response_began(head, data, ended)

    @precondition(lambda self: self.live and self.begun and not self.is_tunnel())
    @rule(ends=st.booleans())
    def server_goes_on(self, ends: bool) -> None:
        if ends:
            self.exchange.response_ended([])
        else:
            self.exchange.response_data(b"more")

    @precondition(lambda self: self.live and not self.is_tunnel())
    @rule(phase=st.sampled_from(["response", "body", "timeout"]), retryable=st.booleans())
    def server_fails(self, phase: str, retryable: bool) -> None:
        assert self.live is not None
        self.live.fails(phase, retryable=retryable and phase == "response")
        self.begun = False

    @precondition(lambda self: self.live and not self.is_tunnel())
    @rule()
    def server_blocks_or_drains(self) -> None:
        if self.server_blocked is self.live:
            self.server_blocked = None
            self.exchange.upstream_drained()
        else:
            self.server_blocked = self.live
            self.exchange.upstream_blocked()

    @precondition(lambda self: self.is_tunnel())
    @rule()
    def tunnel_ends(self) -> None:
        self.exchange.tunnel_finished(1, 2, "ok")

    # ---- surprises ----

    @precondition(lambda self: self.is_open())
    @rule(call=st.sampled_from(CALLS), what=st.sampled_from(["gone", "stop", "fails", "at once"]))
    def something_will_happen_inside(self, call: str, what: str) -> None:
        def happens() -> None:
            if self.is_tunnel():
                return
            if what == "gone":
                self.exchange.client_gone()
            elif what == "stop":
                self.exchange.stop()
            elif what == "fails" and self.live is not None:
                self.live.fails()
                self.begun = False
            elif what == "at once":
                self.stage.upstreams.at_once = ["refused", "refused"]

        self.stage.client.planned[call] = happens
        self.stage.upstreams.planned[call] = happens

    # ---- what holds at any time ----

    @invariant()
    def counters_tell_the_truth(self) -> None:
        over = self.exchange.over
        assert self.stage.client.is_done == over
        assert len(self.stage.records) == over
        busy = sum(member.active for member in self.stage.members)
        self.check_busy(busy, over)
        tunnels = sum(member.tunnels for member in self.stage.members)
        assert tunnels == (1 if self.is_tunnel() and not over else 0)
        open_now = [each for each in self.stage.upstreams.made if not each.end]
        opening = [each for each in self.stage.upstreams.openings if not each.end]
        self.check_connections(len(open_now) + len(opening), over or self.is_tunnel())

    def check_busy(self, busy: int, over: bool) -> None:
        assert busy == (0 if over else 1)

    def check_connections(self, connections: int, none: bool) -> None:
        assert connections == (0 if none else 1)

    @invariant()
    def a_client_is_held_only_while_a_server_does_not_take_its_bytes(self) -> None:
        if self.stage.client.held and self.live is not None:
            assert self.server_blocked is self.live

    @invariant()
    def nothing_is_done_twice(self) -> None:
        sent = sum(upstream.requests for upstream in self.stage.upstreams.made)
        again = may_try_again(
            self.method, anything_sent=True, whole_request_kept=True, response_begun=False
        )
        assert sent <= (1 if not again else 6)

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        if self.is_tunnel():
            self.exchange.tunnel_finished(0, 0, "ok")
        self.exchange.client_gone()
        self.stage.check_it_is_over()
