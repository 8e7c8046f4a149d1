"""What is known of an exchange while it runs, and what its record tells."""

from kit.recorders import FACTS, Stage, request


def test_the_record_tells_who_asked_what_and_how_it_went() -> None:
    stage = Stage()
    stage.asks(request(b"POST", 5), b"hello")
    stage.now += 0.25
    upstream = stage.upstreams.last.connects()
    stage.now += 0.5
    upstream.answers(201, b"made")
    record = stage.record
    assert record.service == "service"
    assert (record.client_ip, record.client_port) == (FACTS.peer_ip, FACTS.peer_port)
    assert (record.method, record.target, record.minor) == (b"POST", b"/", 1)
    assert (record.status, record.bytes_in, record.bytes_out) == (201, 5, 4)
    assert (record.server, record.pin, record.attempts) == ("a", "none", 1)
    assert (record.connect, record.first_byte, record.total) == (0.25, 0.75, 0.75)
    assert (record.request_id, record.termination) == ("id-1", "ok")
    assert record.time == 1e9


def test_a_reused_connection_took_no_time_to_connect() -> None:
    stage = Stage()
    stage.upstreams.at_once = ["idle"]
    stage.asks(request())
    stage.upstream.answers()
    assert stage.record.connect == 0.0


def test_a_record_without_a_request_says_so() -> None:
    stage = Stage()
    stage.exchange.refuse_overload()
    record = stage.record
    assert (record.method, record.target, record.server, record.pin) == (b"", b"", "", "")
    assert (record.attempts, record.connect, record.first_byte) == (0, -1.0, -1.0)
    assert (record.status, record.termination) == (503, "overloaded")


def test_an_id_is_made_once_and_stays() -> None:
    stage = Stage()
    assert stage.exchange.request_id == stage.exchange.request_id == "id-1"


def test_plugins_see_the_connection_and_the_request() -> None:
    stage = Stage()
    assert stage.exchange.request is None
    stage.asks(request())
    assert stage.exchange.connection == FACTS
    assert stage.exchange.client_ip == FACTS.peer_ip
    assert stage.exchange.request is not None


def test_exchanges_share_no_state_through_their_class() -> None:
    one, two = Stage(), Stage()
    one.asks(request(b"POST", -1), ended=False)
    one.exchange.request_ended([(b"X-Sum", b"1")])
    two.asks(request(b"POST", -1), ended=False)
    two.exchange.request_ended([])
    one.upstreams.last.connects()
    two.upstreams.last.connects()
    assert one.upstream.trailers == [(b"X-Sum", b"1")]
    assert two.upstream.trailers == []
