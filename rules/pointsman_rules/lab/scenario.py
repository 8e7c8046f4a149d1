"""Scenario files of the lab: what is played, and what is expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pointsman.contracts import Duration, Settings
from pointsman_rules.limits import Engine
from pointsman_rules.lists import ListSettings
from pointsman_rules.table_making import TableSettings

Text = str | int | float | bool
Fields = dict[str, Text | list[Text] | None]


class Request(Settings):
    """A request of a client.

    Attributes:
        method, target, host, headers, body: as it comes.
        from_: address of the client.
        secure: whether it came by TLS.
        sni: the name that was asked for then.
        passthrough: its TLS passes through; there is no request then.
        certificate: what is told of the client's certificate: verify, subject, issuer...
    """

    method: str = "GET"
    target: str = "/"
    host: str = "www.example.com"
    headers: Fields = Field(default_factory=dict)
    body: str = ""
    from_: str = Field(default="192.0.2.1", alias="from")
    secure: bool = False
    sni: str = ""
    passthrough: bool = False
    certificate: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            method, _, target = value.rpartition(" ")
            return {"method": method or "GET", "target": target}
        return value


class Upstream(Settings):
    """What a server does with it.

    Attributes:
        status, headers, body: of its answer.
        refused: it cannot be reached.
    """

    status: int = 200
    headers: Fields = Field(default_factory=dict)
    body: str = ""
    refused: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, int):
            return {"status": value}
        return {"refused": True} if value == "refused" else value


class Expect(Settings):
    """What must come of it; what is not written may be anything.

    Attributes:
        does: what the rules decided about the request: respond, refuse, forward, close, nothing.
        status, headers, body, body_contains: of the answer that the client gets.
        pool, server: where it went.
        sent: the request as the server got it: method, target, host, headers, body.
        attempts: how many servers were tried.
        log: further fields of the access log.
        says: a text that a line of the log must hold.
        metrics: counters and gauges.
        servers: states or weights of servers afterwards, as "pool/server": state or weight.
        fails: the rules must fail, with this text in the failure; else they must not.
    """

    does: Literal["respond", "refuse", "forward", "close", "nothing"] | None = None
    status: int | None = None
    headers: Fields = Field(default_factory=dict)
    body: str | None = None
    body_contains: str | None = None
    pool: str | None = None
    server: str | None = None
    sent: dict[str, Any] = Field(default_factory=dict)
    attempts: int | None = None
    log: dict[str, str] = Field(default_factory=dict)
    says: str | None = None
    metrics: dict[str, float] = Field(default_factory=dict)
    servers: dict[str, str | int] = Field(default_factory=dict)
    fails: str | None = None


class Step(Settings):
    """One request of a case.

    Attributes:
        after: how much time passes before it.
        times: how often it is played; all must come to the same.
        request: what comes.
        upstream: what the servers do with it, one after the other; the last one again and again.
        expect: what must come of it.
        keep_cookies: cookies that answers of this case have set are sent along.
    """

    after: Duration = 0.0
    times: int = Field(default=1, ge=1, le=10000)
    request: Request = Field(default_factory=Request)
    upstream: list[Upstream] = Field(default_factory=lambda: [Upstream()])
    expect: Expect = Field(default_factory=Expect)
    keep_cookies: bool = False

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        if isinstance(value, dict) and not isinstance(value.get("upstream", []), list):
            return {**value, "upstream": [value["upstream"]]}
        return value


class Case(Settings):
    """Steps that come one after the other with the same rules.

    Attributes:
        name: what it shows.
        options: of the rule, instead of those of the file.
        steps: at least one.
    """

    name: str
    options: dict[str, Any] | None = None
    steps: list[Step] = Field(min_length=1)


class Scenario(Settings):
    """A file of cases for one rule.

    Attributes:
        rule: path of the rule, beside this file.
        options: what the configuration tells it.
        on_error: as in the configuration.
        lists, rule_tables: as in the configuration.
        pools: name -> its servers, "NAME" or "NAME=STATE".
        fetch: what `http.fetch` is answered, by pool and path: "POOL PATH".
        time: what time it is when a case begins, seconds since 1970.
        cases: at least one.
    """

    rule: str
    options: dict[str, Any] = Field(default_factory=dict)
    on_error: Literal["open", "closed"] | int = "open"
    lists: dict[str, ListSettings] = Field(default_factory=dict)
    rule_tables: dict[str, TableSettings] = Field(default_factory=dict)
    pools: dict[str, list[str]] = Field(default_factory=lambda: {"web": ["a", "b"]})
    fetch: dict[str, Upstream] = Field(default_factory=dict)
    time: float = 1767225600.0
    engine: Engine = "lua54"
    cases: list[Case] = Field(min_length=1)


class ScenarioError(ValueError):
    """A scenario file that cannot be played; says where and what."""


def read_scenario(path: Path) -> Scenario:
    """Read a file of cases.

    Raises:
        ScenarioError: it cannot be read, or is none.
    """
    try:
        raw = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        return Scenario.model_validate(raw)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ScenarioError(f"{path}: {error}") from None
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()
        )
        raise ScenarioError(f"{path}: {told}") from None
