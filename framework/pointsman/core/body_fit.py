"""Which filters a body can be led through, and what its head must not say any more then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pointsman.contracts.rules import DECODE, RAW, BodyFilter
from pointsman.core.codings import Decoder, decoder_for
from pointsman.core.http1.fields import tokens
from pointsman.model.message import Head

# What is said of the very bytes that the sender meant (RFC 9530, RFC 1864, RFC 9110 section 14.3).
_OF_THE_BYTES: Final = (
    b"Content-MD5",
    b"Digest",
    b"Content-Digest",
    b"Repr-Digest",
    b"Accept-Ranges",
)


def fitting(head: Head, filters: Sequence[BodyFilter]) -> tuple[list[BodyFilter], Decoder | None]:
    """The filters that this body is led through, and what takes its coding off before.

    A body that has to be decoded for one filter is decoded for all of them. If nobody wants that,
    or nobody here can do it, only those remain that want it as it is.
    """
    codings = [
        each for each in tokens(head.headers.get_all(b"content-encoding")) if each != b"identity"
    ]
    if not codings:
        return [*filters], None
    if any(one.coding == DECODE for one in filters):
        decoder = decoder_for(codings)
        if decoder is not None:
            return [*filters], decoder
    return [one for one in filters if one.coding == RAW], None


def prepare(head: Head, decoded: bool) -> None:
    """Take out of a head what will not be true of its body any more."""
    headers = head.headers
    if decoded:
        headers.remove(b"Content-Encoding")
    for name in _OF_THE_BYTES:
        if name in headers:
            headers.remove(name)
    etag = headers.get(b"ETag")
    if etag is not None and etag.startswith(b'"'):
        headers.set(b"ETag", b"W/" + etag)  # not byte for byte the same (RFC 9110 section 8.8.1)
