"""What pins cost: requests with and without them, to services of one program in the same run."""

from collections.abc import Mapping
from pathlib import Path

# The service without pins, and those with them, each on a port of its own.
WITHOUT = "none"
SERVICES = (
    WITHOUT,
    "source_ip",
    "source_ip-lmdb",
    "server_cookie",
    "server_cookie-lmdb",
    "active_cookie",
)
COOKIE = "SESSION"  # the servers' own, by which server_cookie knows clients
OURS = "pin"  # that of active_cookie

# Clients by their cookies: the servers' are what they are; ours are taken over as they are set.
CLIENTS = 500
FRESH = 16

SCRIPT = """\
local others = {others}
local clients, turn, fresh = {{}}, 0, 0
for n = 1, {clients} do clients[n] = string.format("{value}", n) end
function request()
    turn = turn % {clients} + 1
    wrk.headers["Cookie"] = others .. "{cookie}=" .. clients[turn]
    return wrk.format()
end
"""
# Without it wrk need not read the headers of answers.
LEARNING = """\
function response(status, headers, body)
    local value = (headers["Set-Cookie"] or ""):match("^{cookie}=([^;]+)")
    if value and fresh < {clients} then
        fresh = fresh + 1
        clients[fresh] = value
    end
end
"""


def script(count: int, *, ours: bool = False) -> str:
    """Write a script of wrk whose clients send so many cookies, the one that matters last."""
    others = "".join(f"c{n}={n:032x}; " for n in range(count - 1))
    cookie, clients = (OURS, FRESH) if ours else (COOKIE, CLIENTS)
    value = "%044d" if ours else "%032x"
    text = SCRIPT + (LEARNING if ours else "")
    return text.format(others=f'"{others}"', clients=clients, value=value, cookie=cookie)


CONFIG = """\
version: 1
access_log: {{format: json, to: {{file: {folder}/access.log}}}}
virtual_services:
{services}"""

SERVICE = """\
  {name}:
    listen: "127.0.0.1:{port}"
    pool:
      scheduling: least_connections
      persistence: {persistence}
      health: {{kind: http, path: /, interval: 9s}}
      servers: {{a: "127.0.0.1:{a}", b: "127.0.0.1:{b}"}}
"""


def persistence_of(service: str, folder: Path) -> str:
    """Write the persistence of one of SERVICES."""
    kind, _, table = service.partition("-")
    if kind == WITHOUT:
        return WITHOUT
    options = [f"kind: {kind}"]
    if kind == "server_cookie":
        options.append(f"cookie: {COOKIE}")
    if kind == "active_cookie":
        options.append(f"cookie: {OURS}")
    if table:
        options.append(f"table: {{kind: {table}, path: {folder}/pins}}")
    return f"{{{', '.join(options)}}}"


def pins_config(folder: Path, servers: tuple[int, int], ports: Mapping[str, int]) -> str:
    """Write the YAML of all these services."""
    services = "".join(
        SERVICE.format(
            name=name,
            port=ports[name],
            persistence=persistence_of(name, folder),
            a=servers[0],
            b=servers[1],
        )
        for name in SERVICES
    )
    return CONFIG.format(folder=folder, services=services)
