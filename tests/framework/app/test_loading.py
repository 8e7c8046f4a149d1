"""From a configuration in any form to a site, with every problem at once."""

import types
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import formatEvent
from twisted.web.resource import Resource

from kit.logs import noted_log
from pointsman.app.loading import configuration_of, registry_with, site_of
from pointsman.config.build import Site
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError, PluginError

ADDRESS = "127.0.0.1:0"


def config(server: Any, **more: Any) -> dict[str, Any]:
    service = {"listen": ADDRESS, "pool": {"scheduling": "round_robin", "servers": {"a": server}}}
    return {"version": 1, "virtual_services": {"site": service}, **more}


def site(mapping: dict[str, Any], **local: object) -> Site:
    registry = registry_with()
    return site_of(configuration_of(mapping, registry), registry, Clock(), local)


def test_a_file_a_mapping_and_a_configuration_come_to_the_same(tmp_path: Path) -> None:
    registry = registry_with()
    loaded = configuration_of(config("127.0.0.1:1"), registry)
    assert configuration_of(loaded, registry) is loaded
    path = tmp_path / "site.yaml"
    path.write_text(
        "version: 1\n"
        "virtual_services:\n"
        f"  site: {{listen: '{ADDRESS}', pool: {{servers: {{a: '127.0.0.1:1'}}}}}}\n"
    )
    for given in (path, str(path)):
        assert list(configuration_of(given, registry).settings.virtual_services) == ["site"]


def test_servers_inside_the_host_must_be_there() -> None:
    with pytest.raises(ConfigError) as caught:
        site(config({"local": "pages"}))
    (problem,) = caught.value.problems
    assert problem.key == "virtual_services.site.pool.servers.a.local"
    assert "embeds" in problem.hint
    with pytest.raises(ConfigError, match="did you mean `pages`"):
        site(config({"local": "page"}), pages=Resource())
    assert site(config({"local": "pages"}), pages=Resource()).services


def test_endpoint_strings_are_looked_at() -> None:
    with pytest.raises(ConfigError, match="nothing:here"):
        site(config({"endpoint": "nothing:here"}))
    assert site(config({"endpoint": "tcp:host=127.0.0.1:port=1"})).services


def test_a_syslog_address_is_looked_at() -> None:
    with pytest.raises(ConfigError, match="expected host:port"):
        site(config("127.0.0.1:1", access_log={"to": {"syslog": "nowhere"}}))


def test_all_of_that_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        site(config({"local": "pages"}, access_log={"to": {"syslog": "nowhere"}}))
    assert len(caught.value.problems) == 2


def test_a_plugin_that_is_given_must_be_good_and_its_failures_are_logged() -> None:
    with pytest.raises(PluginError):
        registry_with(["no.such.module"])
    plugin = types.ModuleType("grumpy")

    @hookimpl
    def stopping() -> None:
        raise RuntimeError("no")

    plugin.stopping = stopping  # type: ignore[attr-defined]
    with noted_log() as said:
        for told in registry_with([plugin]).events("stopping"):
            told()
    assert [formatEvent(event) for event in said] == [
        "plugin 'grumpy' failed in stopping: RuntimeError: no"
    ]
