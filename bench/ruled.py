"""What rules cost: requests with and without them, to services of one program in the same run."""

from collections.abc import Mapping
from pathlib import Path

# The service without rules, and those with them, each on a port of its own.
WITHOUT = "none"
EMPTY, TYPICAL, ANSWER, YAML = "empty", "typical", "answer", "yaml"
SERVICES = (WITHOUT, EMPTY, TYPICAL, ANSWER, YAML)

RULES = {
    EMPTY: """\
on.request(function(req, ctx) end)
""",
    TYPICAL: """\
on.request(function(req, ctx)
  local agent, languages = req.headers["user-agent"], req.headers["accept-language"]
  local count = tables.hits:incr("all")
  req.headers["x-count"] = count
end)
""",
    ANSWER: """\
on.response(function(req, res, ctx)
  res.headers["x-frame-options"] = "DENY"
end)
""",
}

CONFIG = """\
version: 1
access_log: {{format: json, to: {{file: {folder}/access.log}}}}
rule_tables: {{hits: {{}}}}
pools:
  web:
    scheduling: least_connections
    persistence: {{kind: source_ip, timeout: 20m}}
    health: {{kind: http, path: /, interval: 9s}}
    servers: {{a: "127.0.0.1:{a}", b: "127.0.0.1:{b}"}}
virtual_services:
{services}"""

SERVICE = """\
  {name}:
    listen: "127.0.0.1:{port}"
    pool: web
    rules: {rules}
"""

YAML_RULES = """
      - when: {header: {user-agent: {contains: Firefox}}}
        rate_limit: {requests: 1000000, per: 1s, by: all}
        request_headers: {set: {x-browser: Firefox}}"""


def rules_of(service: str) -> str:
    """Write the rules of one of SERVICES."""
    if service == WITHOUT:
        return "[]"
    return YAML_RULES if service == YAML else f"[{service}.lua]"


def rules_files(folder: Path, servers: tuple[int, int], ports: Mapping[str, int]) -> dict[str, str]:
    """Write the YAML of all these services, and their rules, by file name."""
    services = "".join(
        SERVICE.format(name=name, port=ports[name], rules=rules_of(name)) for name in SERVICES
    )
    config = CONFIG.format(folder=folder, a=servers[0], b=servers[1], services=services)
    return {"pointsman.yaml": config, **{f"{name}.lua": text for name, text in RULES.items()}}
