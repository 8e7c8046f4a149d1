"""What can be written under ``explain``."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.model.errors import ConfigError


def service(explain: str, mode: str = "http") -> str:
    return (
        "version: 1\npools: {p: {servers: {a: h:1}}}\nvirtual_services:\n"
        f"  s: {{listen: '*:80', pool: p, mode: {mode}, explain: {explain}}}\n"
    )


def test_all_keys() -> None:
    text = service("{log: true, header: X-Why, networks: [10.0.0.0/8], secret: {env: KEY}}")
    section = load_text(text, "f", registry_of()).settings.virtual_services["s"].explain
    assert section is not None
    assert (section.log, section.header) == (True, "X-Why")
    assert str(section.networks[0]) == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("explain", "mode", "message"),
    [
        ("{}", "http", "explain: nobody is told anything (write `log: true`"),
        ("{log: false}", "http", "explain: nobody is told anything"),
        ("{log: true, header: 'a b'}", "http", "explain.header: "),
        ("{networks: [x]}", "http", "explain.networks[0]: "),
        ("{secret: plain}", "http", "explain.secret: a secret is never written here"),
        ("{log: true, networks: [10.0.0.0/8]}", "tcp", "explain: in tcp mode there are no answers"),
    ],
)
def test_mistakes(explain: str, mode: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(service(explain, mode), "f", registry_of())
    (problem,) = caught.value.problems
    assert f"virtual_services.s.{message}" in str(problem)
