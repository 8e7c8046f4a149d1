"""Only what can do no harm is tried again."""

from itertools import product

import pytest

from pointsman.core.retry import may_try_again

SAFE = [b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE", b"PROPFIND", b"REPORT", b"SEARCH"]
OTHER = [b"POST", b"PATCH", b"CONNECT", b"get", b"LOCK", b"MKCOL", b"COPY", b"MOVE", b""]


@pytest.mark.parametrize("method", SAFE + OTHER)
def test_every_combination(method: bytes) -> None:
    for sent, kept, begun in product([False, True], repeat=3):
        allowed = may_try_again(
            method, anything_sent=sent, whole_request_kept=kept, response_begun=begun
        )
        assert allowed == (not begun and (not sent or (kept and method in SAFE)))
