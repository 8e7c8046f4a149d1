"""The codec as a client connection uses it: raw bytes in any pieces, complete requests out."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from pointsman.core.forwarded import AboutClient
from pointsman.core.hop_by_hop import request_bytes
from pointsman.core.http1.bodies import Body, BodyError, body_of
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import ClientError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead
from pointsman.model.service import Forwarding, Limits

FACTS = ConnectionFacts("192.0.2.1", 40000, "198.51.100.1", 80)
SILENT = Forwarding(x_forwarded=False, via=b"")


class Complete(NamedTuple):
    """One request that was read to its end."""

    head: RequestHead
    sent: bytes
    body: bytes
    trailers: list[Field]


class Outcome(NamedTuple):
    """What became of the bytes of one client connection."""

    complete: list[Complete]
    status: int | None
    rest: bytes

    @property
    def reached(self) -> tuple[tuple[bytes, bytes], ...]:
        """Head and body of what reaches servers."""
        return tuple((request.sent, request.body) for request in self.complete)


def feed(
    pieces: Iterable[bytes], limits: Limits | None = None, forwarding: Forwarding = SILENT
) -> Outcome:
    """Feed the pieces as they would arrive, until one is refused."""
    reader = RequestReader(limits or Limits(), FieldLines())
    about = AboutClient(forwarding, FACTS)
    complete: list[Complete] = []
    buffer = b""
    head: RequestHead | None = None
    body: Body | None = None
    payload = b""
    for piece in pieces:
        buffer += piece
        while buffer:
            try:
                if body is None:
                    head = reader.read(buffer)
                    if head is None:
                        break
                    buffer = buffer[reader.end :]
                    body = body_of(head.body_length)
                    payload = b""
                if not body.ended:
                    payload += body.feed(buffer)
                    buffer = body.rest
            except ClientError as error:
                return Outcome(complete, error.status, buffer)
            except BodyError:
                return Outcome(complete, 400, buffer)
            if not body.ended:
                break
            assert head is not None
            sent = request_bytes(head, about.lines(head), about.replaced)
            complete.append(Complete(head, sent, payload, body.trailers))
            body = None
    return Outcome(complete, None, buffer)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut data at these places (taken modulo its length); no piece is empty."""
    edges = sorted({0, len(data), *(place % len(data) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]
