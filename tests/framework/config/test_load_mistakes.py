"""Many wrong files, each with the exact place and words of what is wrong."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.model.errors import ConfigError

# Lines 1 to 9; a case replaces one of them, and may so add lines after it.
GOOD = """\
version: 1
pools:
  web:
    scheduling: round_robin
    servers:
      a: 127.0.0.1:8001
      b: {address: 127.0.0.1:8002, weight: 5}
virtual_services:
  site: {listen: "127.0.0.1:80", pool: web}""".splitlines()

MISTAKES = [
    # version
    (1, "# none", "1:1", "version: this is required but missing (begin the file with `version: 1`"),
    (1, "version: 2", "1:10", "version: expected 1, got 2"),
    (1, "version: '1'", "1:10", "version: expected 1, got '1'"),
    (1, "version: 1.0", "1:10", "version: expected 1, got 1.0"),
    (1, "version: true", "1:10", "version: expected 1, got true"),
    # YAML
    (3, "\tweb:", "3:1", "YAML is indented with spaces"),
    (4, "    scheduling: [a", "5:12", "not YAML: while parsing a flow sequence"),
    (4, "    scheduling: a: b", "4:18", "mapping values are not allowed here"),
    (5, "     servers:", "5:13", "this line is indented too deep"),
    (9, "  site: {listen: '*:80'", "9:24", "a comma is missing, or a { or [ is not closed"),
    (9, "  site: {listen: *:80, pool: web}", "9:18", 'write "*:80" in quotes'),
    (6, "      a: [::1]:80", "6:15", 'write "[::1]:80" in quotes'),
    (9, "  site: *web", "9:9", "undefined alias"),
    # keys
    (
        4,
        "    sheduling: round_robin",
        "4:5",
        "pools.web.sheduling: this key is not known here (did",
    ),
    (8, "virtual_service:", "8:1", "did you mean `virtual_services`?"),
    (1, "version: 1\nzzz: 1", "2:1", "allowed here: access_log, control, defaults"),
    (4, "    servers: {c: h:1}", "5:5", "pools.web.servers: this key is written twice, first at"),
    (7, "      a: 127.0.0.1:8002", "7:7", "servers.a: this key is written twice, first at line 6"),
    (7, "      b: {adress: 127.0.0.1:8002}", "7:11", "(did you mean `address`?)"),
    (7, "      b: {address: h:1, max_conections: 5}", "7:25", "did you mean `max_connections`?"),
    (9, "  site: {listen: '*:80', poool: web}", "9:26", "did you mean `pool`?"),
    (9, "  site: {listen: '*:80'}", "9:3", "virtual_services.site.pool: this is required but m"),
    (8, "frontends:", "8:1", "frontends: this key is not known here (it is `virtual_services` her"),
    (9, "  site: {listen: 80, pool: web}", "9:18", "expected an address to listen on, got 80 (wri"),
    (9, "  site: {listen: true, pool: web}", "9:18", "expected an address to listen on, got true"),
    (9, "  site: {pool: web}", "9:3", "virtual_services.site.listen: this is required but missing"),
    # servers
    (6, "      a: 127.0.0.1", "6:10", "pools.web.servers.a: expected host:port"),
    (6, "      a: 127.0.0.1:0", "6:10", "a real server needs a port from 1 to 65535, got 0"),
    (6, "      a: 127.0.0.1:65536", "6:10", "port must be a number from 0 to 65535, got 65536"),
    (6, "      a: 127.0.0.1:http", "6:10", "port must be a number from 0 to 65535, got 'http'"),
    (6, "      a: 127.0.0.300:80", "6:10", "'127.0.0.300' is not an IPv4 address"),
    (6, "      a: '::1:80'", "6:10", "an IPv6 address needs brackets"),
    (6, "      a: unix:run/x", "6:10", "unix socket path must be absolute"),
    (6, "      a: '*:80'", "6:10", "a real server needs a host (* is for listening only)"),
    (6, "      a: 8001", "6:10", "expected host:port or a mapping with `address`, got 8001"),
    (6, "      a: {address: 8001}", "6:20", "servers.a.address: expected host:port"),
    (6, "      a: [127.0.0.1:80]", "6:7", "got a list"),
    (6, "      a:", "6:7", "expected host:port or a mapping with `address`, got nothing"),
    (6, "      a: {weight: 5}", "6:7", "a server needs one of `address`, `endpoint` and `local`"),
    (6, '      "a\\t": h:1', "6:7", "a name must be printable"),
    (6, "      '': h:1", "6:7", "a name must be printable"),
    (7, "      b: {address: h:1, weight: 70000}", "7:33", "expected at most 65535, got 70000"),
    (7, "      b: {address: h:1, weight: -1}", "7:33", "expected at least 0, got -1"),
    (7, "      b: {address: h:1, weight: 1.5}", "7:33", "expected a whole number, got 1.5"),
    (7, "      b: {address: h:1, weight: '5'}", "7:33", "expected a whole number, got '5'"),
    (7, "      b: {address: h:1, weight: yes}", "7:33", "expected a whole number, got 'yes'"),
    (7, "      b: {address: h:1, endpoint: 'tcp:h:1'}", "7:35", "exclude each other"),
    (2, "pools:\n  e: {servers: {}}", "3:7", "pools.e.servers: a pool needs at least one server"),
    (2, "pools:\n  e: {servers: [h:1]}", "3:7", "servers: expected a mapping (key: value), got a"),
    (2, "pools:\n  e: {servers: [h:1]}", "3:7", "got a list (each entry has a name: write `NAME"),
    (2, "pools:\n  e: {}", "3:3", "pools.e.servers: this is required but missing"),
    (2, "pools:\n  e: 5", "3:6", "pools.e: expected a mapping (key: value), got 5"),
    # plugins
    (4, "    scheduling: round_robbin", "4:17", "did you mean `round_robin`? known: broken, hash,"),
    (4, "    scheduling: {kind: xyz}", "4:24", "no plugin offers the scheduler 'xyz' (known: bro"),
    (4, "    scheduling: {kind: round_robin, x: 1}", "4:37", "allowed here: kind, sticky"),
    (4, "    scheduling: {kind: round_robin, sticky: 7}", "4:45", "expected true or false, got 7"),
    (
        4,
        "    persistence: pin",
        "4:18",
        "no plugin offers the persistence 'pin' (did you mean `pins`?",
    ),
    (4, "    persistence: {kind: pins, timeout: 20}", "4:40", "expected a duration with its unit"),
    (4, "    health: http", "4:13", "no plugin offers the health check 'http' (known: page, tcp)"),
    (4, "    health: {kind: page, intervall: 9s}", "4:26", "did you mean `interval`?"),
    (4, "    health: {interval: 9}", "4:24", "pools.web.health.interval: expected a duration with"),
    (
        4,
        "    health: {interval: 5s}",
        "4:24",
        "interval 5s is shorter than timeout 4s x retries 2 =",
    ),
    (4, "    health: {port: 99999}", "4:20", "expected at most 65535, got 99999"),
    (1, "version: 1\nplugins: [no.such.module]", "2:11", "ModuleNotFoundError"),
    (1, "version: 1\nplugins: [5]", "2:11", "plugins[0]: expected text, got 5"),
    (1, "version: 1\nplugins: no.such", "2:10", "plugins: expected a list, got 'no.such'"),
    # services
    (
        9,
        "  site: {listen: '*:80', pool: wep}",
        "9:32",
        "there is no pool 'wep' (did you mean `web`",
    ),
    (9, "  site: {listen: '*:80', pool: x}", "9:32", "there is no pool 'x' (pools here: web)"),
    (
        9,
        "  site: {listen: '*:80', pool: [web]}",
        "9:26",
        "expected the name of a pool, or a pool in",
    ),
    (
        9,
        "  site: {listen: '*:80', pool: {servers: {a: h}}}",
        "9:46",
        "pool.servers.a: expected host",
    ),
    (
        9,
        "  web: {listen: '*:80', pool: {servers: {a: h:1}}}",
        "9:25",
        "there is a pool 'web' already",
    ),
    (
        9,
        "  site: {listen: '*:80', pool: web, mode: htp}",
        "9:43",
        "expected 'http' or 'tcp', got 'h",
    ),
    (9, "  site: {listen: localhost:80, pool: web}", "9:18", "localhost is 127.0.0.1 or [::1]"),
    (9, "  site: {listen: [], pool: web}", "9:10", "expected at least one address to listen on"),
    (9, "  site: {listen: ['*:80', 81], pool: web}", "9:27", "listen[1]: expected host:port"),
    (9, "  site: {listen: ['*:80', 'h:81'], pool: web}", "9:27", "got the name 'h'"),
    (
        9,
        "  site: {listen: ['*:80', '[::1]:80'], pool: web}",
        "9:27",
        "this service listens on *:80",
    ),
    (9, GOOD[8] + "\n  two: {listen: '*:80', pool: web}", "10:17", "service 'site' listens on 127"),
    (
        9,
        GOOD[8] + "\n  two: {listen: 127.0.0.1:80, pool: web}",
        "10:17",
        "listens there already, at",
    ),
    (9, GOOD[8] + "\n  site: {}", "10:3", "virtual_services.site: this key is written twice"),
    (9, "  site: {listen: '*:80', pool: web, timeouts: {idle: 20}}", "9:54", "with its unit"),
    (9, "  site: {listen: '*:80', pool: web, timeouts: {idle: 2.5}}", "9:54", "with its unit"),
    (9, "  site: {listen: '*:80', pool: web, timeouts: {idle: 20x}}", "9:54", "got '20x'"),
    (
        9,
        "  site: {listen: '*:80', pool: web, timeouts: {idel: 20s}}",
        "9:48",
        "did you mean `idle`?",
    ),
    (9, "  site: {listen: '*:80', pool: web, timeouts: {idle: 999d}}", "9:54", "at most 365d"),
    (
        9,
        "  site: {listen: '*:80', pool: web, limits: {body: 10}}",
        "9:52",
        "expected a size with its",
    ),
    (9, "  site: {listen: '*:80', pool: web, limits: {body: 10mb}}", "9:52", "got '10mb'"),
    (
        9,
        "  site: {listen: '*:80', pool: web, max_attempts: 0}",
        "9:51",
        "expected at least 1, got 0",
    ),
    (
        9,
        "  site: {listen: '*:80', pool: web, allow_connect: no}",
        "9:52",
        "no, on and off are plain",
    ),
    (
        9,
        "  site: {listen: '*:80', pool: web, forwarding: {trusted_proxies: [::1, 10.0.0.1/8]}}",
        "9:73",
        "forwarding.trusted_proxies[1]: '10.0.0.1/8' names a host, not a network (did you mean",
    ),
    # the rest
    (1, "version: 1\naccess_log: on", "2:13", "access_log: expected off or a mapping, got 'on'"),
    (1, "version: 1\naccess_log: {to: {fil: x}}", "2:14", "expected stderr, stdout, {file: PATH}"),
    (
        1,
        "version: 1\naccess_log: {format: xml}",
        "2:22",
        "expected 'json' or 'combined', got 'xml'",
    ),
    (
        1,
        "version: 1\ndefaults: {timeouts: {idle: 5}}",
        "2:29",
        "defaults.timeouts.idle: expected a",
    ),
    (
        1,
        "version: 1\nresolver: 60s",
        "2:11",
        "resolver: expected a mapping (key: value), got '60s'",
    ),
    (1, "version: 1\ninclude: no.yaml", "2:10", "include: cannot read 'no.yaml': No such file"),
]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f.yaml", registry_of())
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("line", "instead", "place", "message"), MISTAKES)
def test_one_mistake_is_told_once_at_its_place(
    line: int, instead: str, place: str, message: str
) -> None:
    lines = [*GOOD[: line - 1], instead, *GOOD[line:]]
    found = problems("\n".join(lines) + "\n")
    assert len(found) == 1, "\n".join(found)
    assert found[0].startswith(f"f.yaml:{place}: "), found[0]
    assert message in found[0]


def test_the_file_that_the_cases_begin_with_is_good() -> None:
    assert load_text("\n".join(GOOD), "f.yaml", registry_of()).warnings == ()


def test_all_mistakes_of_a_file_are_told_at_once_in_their_order() -> None:
    text = """\
version: 2
pool: 3
pools:
  web:
    sheduling: x
    servers: {a: "127.0.0.1:0", b: {adress: "h:82", weight: 500000}, a: 1}
    health: {kind: tpc, port: 99999, interval: 10}
virtual_services:
  X: {listen: ["127.0.0.1:80", 5], pool: wib, timeouts: {idle: 20, header: 1.5}, mode: htp}
  Y: {listen: ["127.0.0.1:80"], pool: {servers: {a: foo}}}
"""
    assert [told.split(": ")[0] for told in problems(text)] == [
        "f.yaml:1:10",
        "f.yaml:2:1",
        "f.yaml:5:5",
        "f.yaml:6:18",
        "f.yaml:6:37",
        "f.yaml:6:61",
        "f.yaml:6:70",
        "f.yaml:7:20",
        "f.yaml:7:31",
        "f.yaml:7:48",
        "f.yaml:9:32",
        "f.yaml:9:42",
        "f.yaml:9:64",
        "f.yaml:9:76",
        "f.yaml:9:88",
        "f.yaml:10:16",
        "f.yaml:10:53",
    ]


@pytest.mark.parametrize("text", ["- 1\n", "5\n", "just text\n"])
def test_a_file_that_is_no_mapping_is_told(text: str) -> None:
    assert problems(text)[0].startswith("f.yaml:1:1: a configuration is a mapping")


def test_an_empty_file_lacks_its_version() -> None:
    assert problems("") == [
        "f.yaml:1:1: version: this is required but missing (begin the file with `version: 1`)"
    ]
