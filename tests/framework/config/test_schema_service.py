"""The services section becomes the settings of the data plane."""

import ipaddress

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.config.schema_pool import PoolSection
from pointsman.config.schema_service import LimitsSection, TimeoutsSection
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError
from pointsman.model.service import Forwarding, Limits, ServiceSettings, Timeouts


def service(yaml: str, defaults: str = "{}") -> ServiceSettings:
    text = (
        f"version: 1\npools: {{p: {{servers: {{a: h:1}}}}}}\ndefaults: {defaults}\n"
        f"virtual_services: {{s: {{listen: '*:80', pool: p{yaml}}}}}\n"
    )
    settings = load_text(text, "f", registry_of()).settings
    return settings.virtual_services["s"].settings("s", settings.defaults)


def test_a_service_has_the_defaults_of_the_data_plane() -> None:
    assert service("") == ServiceSettings("s", (Address("", 80),))
    assert {*TimeoutsSection.model_fields} == {*Timeouts.__dataclass_fields__}
    assert {*LimitsSection.model_fields} == {*Limits.__dataclass_fields__}


def test_everything_can_be_set() -> None:
    found = service(
        ", mode: tcp, timeouts: {idle: 5s, drain: 0}, limits: {body: 10MB, connections: 7},"
        " forwarding: {x_forwarded: false, forwarded: true, via: false,"
        " trusted_proxies: [10.0.0.0/8, '::1']}, allow_connect: true, max_attempts: 1, backlog: 9"
    )
    assert found == ServiceSettings(
        name="s",
        listen=(Address("", 80),),
        mode="tcp",
        timeouts=Timeouts(idle=5.0, drain=0.0),
        limits=Limits(body=10_000_000, connections=7),
        forwarding=Forwarding(
            False,
            True,
            b"",
            (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")),
        ),
        backlog=9,
        allow_connect=True,
        max_attempts=1,
    )


def test_a_service_says_otherwise_than_the_defaults_key_by_key() -> None:
    defaults = "{timeouts: {idle: 1s, body: 2s}, limits: {body: 1KiB}, forwarding: {via: edge}}"
    found = service(", timeouts: {idle: 60s}, limits: {header_count: 5}", defaults)
    assert found.timeouts == Timeouts(idle=60.0, body=2.0)
    assert found.limits == Limits(body=1024, header_count=5)
    assert found.forwarding == Forwarding(via=b"edge")


def test_a_pool_may_be_written_in_place() -> None:
    text = "version: 1\nvirtual_services: {s: {listen: '*:80', pool: {servers: {a: h:1}}}}"
    pool = load_text(text, "f", registry_of()).settings.virtual_services["s"].pool
    assert isinstance(pool, PoolSection)
    assert list(pool.servers) == ["a"]


@pytest.mark.parametrize("via", ["off", "5", "true", "a b", "''", "[]"])
def test_via_is_a_pseudonym_or_false(via: str) -> None:
    with pytest.raises(ConfigError, match="expected a pseudonym"):
        service(f", forwarding: {{via: {via}}}")
