"""Settings: what a part is told by the configuration, and the units in which it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
)
from pydantic_core import CoreSchema

from pointsman.contracts.written import Written, attributes
from pointsman.model.units import parse_duration, parse_size


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, defaults checked as well.

    What a key is for is told by the ``description`` of its field, else by the docstring, under
    ``Attributes:``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, make: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What pydantic asks of a model: its schema, with what its docstring tells."""
        made = make(core_schema)
        schema = make.resolve_ref_schema(made)
        if "description" in schema:
            schema["description"] = schema["description"].partition("\n\nAttributes:")[0]
        told = attributes(cls)
        keys = {(field.alias or name): name for name, field in cls.model_fields.items()}
        for key, value in schema.get("properties", {}).items():
            if key in keys and keys[key] in told:
                value.setdefault("description", told[keys[key]])
        return made


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if type(value) is float or (value == 0 and not isinstance(value, bool)):
        return value  # a default written in Python, in seconds (in YAML it would be a subclass)
    raise ValueError(f"expected a duration with its unit, like 9s, 20m or 250ms, got {value!r}")


def _size(value: object) -> object:
    if isinstance(value, str):
        return parse_size(value)
    if value == 0 and not isinstance(value, bool):
        return 0
    raise ValueError(f"expected a size with its unit, like 64KiB or 10MB, got {value!r}")


# Written "9s" in YAML, seconds as float in Python; a default is written as a float or a string.
Duration = Annotated[
    float,
    BeforeValidator(_duration, json_schema_input_type=str | Literal[0]),
    Written("duration", "20m"),
]
# Written "64KiB" in YAML, bytes as int in Python; a default is written as a string.
Size = Annotated[
    int, BeforeValidator(_size, json_schema_input_type=str | Literal[0]), Written("size", "64KiB")
]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password is found. It is read when it is needed, and never shown.

    Attributes:
        env: name of an environment variable, or
        file: path of a file that holds it and nothing else; a newline at its end is not part of it.
        environ: where variables are looked up.
    """

    env: str = ""
    file: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def reveal(self, folder: Path) -> str:
        """The secret itself; a relative path of its file begins at ``folder``.

        Raises:
            ValueError: there is no such variable, or the file cannot be read.
        """
        if self.env:
            found = self.environ.get(self.env)
            if found is None:
                raise ValueError(f"the environment variable {self.env} is not set")
            return found
        try:
            text = (folder / self.file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ValueError(f"cannot read the secret in {self.file}: {told}") from None
        return text.removesuffix("\n").removesuffix("\r")


def _secret(value: object, info: ValidationInfo) -> Secret:
    # Whatever stands here instead may be the password itself: no message quotes it.
    if not isinstance(value, Mapping) or len(value) != 1 or not {*value} <= {"env", "file"}:
        raise ValueError("a secret is never written here: expected {env: NAME} or {file: PATH}")
    ((kind, target),) = value.items()
    if not isinstance(target, str) or not target or not target.isprintable():
        raise ValueError(f"{kind} needs a name" if kind == "env" else f"{kind} needs a path")
    environ = getattr(info.context, "environ", os.environ)
    return Secret(target, "", environ) if kind == "env" else Secret("", target, environ)


# Written {env: NAME} or {file: PATH} in YAML.
SecretSetting = Annotated[
    Secret,
    PlainValidator(_secret, json_schema_input_type=dict[Literal["env", "file"], str]),
    Written("secret", {"env": "PASSWORD"}),
]
