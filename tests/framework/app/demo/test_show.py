"""The demonstration's configuration is one that anybody could write; the rest is a scenario."""

from types import SimpleNamespace
from typing import Any

from pointsman.app.demo.show import CHECK_SECONDS, SERVICE, configuration
from pointsman.app.loading import configuration_of, registry_with


def test_its_configuration_is_valid_and_checks_each_second() -> None:
    children: Any = [SimpleNamespace(name=name, port=port) for name, port in (("a", 1), ("b", 2))]
    registry = registry_with()
    loaded = configuration_of(configuration(children, 8080, "random_two"), registry)
    assert loaded.warnings == ()
    pool = loaded.settings.virtual_services[SERVICE].pool
    assert not isinstance(pool, str)
    assert list(pool.servers) == ["a", "b"]
    assert pool.scheduling.name == "random_two"
    assert pool.health is not None
    assert pool.health.common.interval == CHECK_SECONDS
