"""What pins cost is asked of services that differ in nothing else."""

from pathlib import Path
from typing import Any

import lupa.luajit21
import pytest
from bench.pins import CLIENTS, FRESH, SERVICES, WITHOUT, pins_config, script
from ruamel.yaml import YAML

PORTS = {name: 18001 + place for place, name in enumerate(SERVICES)}


def test_services_differ_in_their_pins_alone(tmp_path: Path) -> None:
    config = YAML(typ="safe").load(pins_config(tmp_path, (18101, 18102), PORTS))
    services = config["virtual_services"]
    assert [*services] == [*SERVICES]
    assert services[WITHOUT]["pool"]["persistence"] == "none"
    found = {name: service["pool"].pop("persistence") for name, service in services.items()}
    for name, service in services.items():
        assert service.pop("listen") == f"127.0.0.1:{PORTS[name]}"
        assert service == services[WITHOUT]
        if name != WITHOUT:
            kind, _, table = name.partition("-")
            assert found[name]["kind"] == kind
            assert found[name].get("table", {}).get("kind", "") == table


class Wrk:
    """As much of wrk as a script sees."""

    def __init__(self, text: str) -> None:
        self.lua: Any = lupa.luajit21.LuaRuntime()
        self.lua.execute(
            'wrk = {headers = {}, format = function() return wrk.headers["Cookie"] end}'
        )
        self.lua.execute(text)

    def asks(self) -> str:
        return str(self.lua.globals().request())

    def hears(self, **headers: str) -> None:
        table = self.lua.table_from({name.replace("_", "-"): it for name, it in headers.items()})
        self.lua.globals().response(200, table, "")


@pytest.mark.parametrize("cookies", [1, 5, 20])
def test_clients_send_as_many_cookies_as_are_asked_for(cookies: int) -> None:
    wrk = Wrk(script(cookies))
    sent = [wrk.asks() for _ in range(CLIENTS + 1)]
    assert {line.count("=") for line in sent} == {cookies}
    assert len({*sent}) == CLIENTS
    assert sent[0] == sent[CLIENTS]
    assert len({line.rpartition("SESSION=")[2] for line in sent}) == CLIENTS


def test_clients_take_over_the_cookies_that_we_set() -> None:
    wrk = Wrk(script(1, ours=True))
    first = [wrk.asks() for _ in range(FRESH)]
    for n in range(FRESH + 5):
        wrk.hears(Set_Cookie=f"pin=new{n:041d}; Path=/")
    wrk.hears()
    second = [wrk.asks() for _ in range(FRESH)]
    assert second == [f"pin=new{n:041d}" for n in range(FRESH)]
    assert {len(line) for line in first} == {len(line) for line in second}
