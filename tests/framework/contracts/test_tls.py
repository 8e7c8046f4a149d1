"""The modes in the box keep to the contract, as seen by the type checker and at run time."""

from __future__ import annotations

from pointsman.contracts import Surroundings
from pointsman.contracts.tls import TlsClientSide, TlsFacts, TlsMode, TlsUpstreamSide
from pointsman_ssl.modes import OFFERS, ReencryptSettings


def test_a_mode_is_one_whatever_it_is_made_by() -> None:
    mode: TlsMode = OFFERS["reencrypt"].make(ReencryptSettings(), Surroundings(service="web"))
    client: TlsClientSide | None = mode.client
    upstream: TlsUpstreamSide | None = mode.upstream
    assert client is not None
    assert upstream is not None
    for contract, kept in [(TlsMode, mode), (TlsClientSide, client), (TlsUpstreamSide, upstream)]:
        wanted = {name for name in vars(contract) if not name.startswith("_")}
        assert {name for name in wanted if not hasattr(kept, name)} == set()


def test_facts_are_empty_unless_said() -> None:
    assert TlsFacts() == ("", b"", "", b"")
