"""Which filters a coded body meets, and what its head must not promise any more."""

from __future__ import annotations

import pytest

from kit.rulebooks import PlannedFilter
from pointsman.contracts.rules import DECODE, RAW, SKIP
from pointsman.core.body_fit import fitting, prepare
from pointsman.model.headers import Headers
from pointsman.model.message import ResponseHead


def head(*fields: tuple[bytes, bytes]) -> ResponseHead:
    return ResponseHead(200, Headers(fields))


@pytest.mark.parametrize("coding", [None, b"identity"])
def test_a_plain_body_meets_all(coding: bytes | None) -> None:
    fields = [(b"Content-Encoding", coding)] if coding else []
    filters = [PlannedFilter(coding=each) for each in (DECODE, SKIP, RAW)]
    assert fitting(head(*fields), filters) == (filters, None)


@pytest.mark.parametrize(
    ("coding", "wants", "meets", "decodes"),
    [
        (b"gzip", [DECODE], 1, True),
        (b"gzip", [DECODE, SKIP], 2, True),
        (b"gzip", [SKIP], 0, False),
        (b"gzip", [SKIP, RAW], 1, False),
        (b"zstd", [DECODE], 0, False),
        (b"zstd", [DECODE, RAW], 1, False),
        (b"gzip, zstd", [DECODE], 0, False),
    ],
)
def test_a_coded_body_is_decoded_or_left_alone(
    coding: bytes, wants: list[str], meets: int, decodes: bool
) -> None:
    filters = [PlannedFilter(coding=each) for each in wants]
    fit, decoder = fitting(head((b"content-encoding", coding)), filters)
    assert (len(fit), decoder is not None) == (meets, decodes)


def test_a_changed_body_is_not_said_to_be_the_old_one() -> None:
    changed = head(
        (b"ETag", b'"1"'), (b"Digest", b"x"), (b"Content-MD5", b"x"), (b"Accept-Ranges", b"bytes"),
        (b"Content-Encoding", b"gzip"), (b"X", b"y"),
    )  # fmt: skip
    prepare(changed, True)
    assert changed.headers.fields == [(b"ETag", b'W/"1"'), (b"X", b"y")]


def test_a_coding_that_stays_is_still_told() -> None:
    left = head((b"Content-Encoding", b"zstd"), (b"ETag", b'W/"1"'))
    prepare(left, False)
    assert left.headers.fields == [(b"Content-Encoding", b"zstd"), (b"ETag", b'W/"1"')]
