"""The ``explain`` section of a service: who is told why a request went where it went."""

from __future__ import annotations

from pydantic import Field, model_validator

from pointsman.config.problems import fault
from pointsman.config.schema_types import NetworkText, Switch, Token
from pointsman.contracts import SecretSetting, Settings

SHORTEST_SECRET = 16


class ExplainSection(Settings):
    """Who is told why a request went where it went."""

    log: Switch = Field(default=False, description="tell the access log of every request")
    header: Token = Field(default="X-Pointsman-Explain", description="in which testers are told")
    networks: tuple[NetworkText, ...] = Field(default=(), description="where testers come from")
    secret: SecretSetting | None = Field(
        default=None, description="signs the tokens that testers send in the header"
    )

    @model_validator(mode="after")
    def _somebody(self) -> ExplainSection:
        if not (self.log or self.networks or self.secret):
            raise fault("nobody is told anything", "write `log: true`, `networks` or `secret`")
        return self
