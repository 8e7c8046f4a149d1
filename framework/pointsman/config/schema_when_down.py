"""What a virtual service does when no server is left: the key ``when_down``."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    PlainValidator,
    StrictInt,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from pointsman.config.problems import Nested, fault, nested, shown
from pointsman.config.schema_types import Seconds, Token
from pointsman.contracts import Settings
from pointsman.contracts.pools import PoolName
from pointsman.model.headers import Field as HeaderField
from pointsman.model.when_down import (
    PLACEHOLDER,
    PLACEHOLDERS,
    FixedAnswer,
    RedirectAway,
    SorryPool,
    WhenDown,
)

CLOSE = "close"
# An answer is held in memory and sent at once.
LARGEST_FILE = 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
# What the framing decides, or a key of its own.
_NOT_HERE = {
    "connection",
    "content-length",
    "content-type",
    "keep-alive",
    "retry-after",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class WhenDownSection(Settings):
    """What clients get when no server is left: another pool, a redirect, or a fixed answer."""

    pool: PoolName | None = Field(default=None, description="this pool serves", examples=["sorry"])
    redirect: str = Field(
        default="",
        description="clients are sent there; may hold {host}, {uri}, {path}, {query}",
        examples=["https://status.example.org{uri}"],
    )
    status: Annotated[StrictInt, Field(ge=200, le=599)] | None = Field(
        default=None,
        description="of the redirect (default 302) or of the fixed answer (default 503)",
        examples=[503],
    )
    body: str = Field(
        default="", description="text of a fixed answer", examples=["We are back soon."]
    )
    file: str = Field(
        default="",
        description="file with the body of a fixed answer, at most 1 MiB, read at load",
        examples=["pages/sorry.html"],
    )
    content_type: str = Field(
        default="",
        description="of the body; else by the name of the file, or text/plain",
        examples=["text/html; charset=utf-8"],
    )
    headers: dict[Token, str] = Field(
        default={}, description="further ones of a fixed answer", examples=[{"X-Planned": "yes"}]
    )
    retry_after: Seconds = Field(
        default="0",  # type: ignore[assignment]
        description="what a fixed answer says in Retry-After; 0 says nothing",
        examples=["5m"],
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> WhenDownSection:
        given = self.model_fields_set
        fixed = given & {"body", "file", "content_type", "headers", "retry_after"}
        if self.pool is not None and given - {"pool"}:
            raise fault("`pool` excludes everything else", at=sorted(given - {"pool"})[:1])
        if self.redirect and fixed:
            raise fault("this is for a fixed answer, not for a redirect", at=sorted(fixed)[:1])
        if self.body and self.file:
            raise fault("`body` and `file` exclude each other", "keep one of them", ["file"])
        if not given:
            raise fault("expected `pool`, `redirect`, or a fixed answer with `status`")
        if self.redirect:
            self._check_redirect()
        for name, value in self.headers.items():
            if name.lower() in _NOT_HERE:
                raise fault(f"{name} cannot be set here", at=["headers", name])
            if not value.isprintable() or not value.isascii():
                raise fault("expected printable ASCII", at=["headers", name])
        if not self.content_type.isprintable() or not self.content_type.isascii():
            raise fault("expected a type such as text/html", at=["content_type"])
        return self

    def _check_redirect(self) -> None:
        target = self.redirect
        if not target.startswith(("http://", "https://", "/")) or target.startswith("//"):
            raise fault(
                f"expected http://, https:// or a path, got {shown(target)}", at=["redirect"]
            )
        if not target.isascii() or not target.isprintable() or " " in target:
            raise fault("a target is ASCII without spaces", at=["redirect"])
        for name in PLACEHOLDER.findall(target):
            if name not in PLACEHOLDERS:
                known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
                raise fault(f"unknown placeholder {{{name}}}", f"known: {known}", ["redirect"])
        if self.status is not None and self.status not in _REDIRECTS:
            known = ", ".join(map(str, _REDIRECTS))
            raise fault(f"a redirect has one of {known}, got {self.status}", at=["status"])

    def when_down(self, folder: Path) -> WhenDown:
        """The same for the data plane.

        Args:
            folder: where a relative path of the file begins.

        Raises:
            ValueError: the file cannot be read, or is too large.
        """
        if self.pool is not None:
            return SorryPool(self.pool)
        if self.redirect:
            return RedirectAway(self.redirect, self.status or 302)
        body = self._read(folder) if self.file else self.body.encode()
        fields: list[HeaderField] = [
            (name.encode(), value.encode()) for name, value in self.headers.items()
        ]
        if body:
            guessed = mimetypes.guess_type(self.file)[0] if self.file else None
            kind = self.content_type or guessed or "text/plain"
            if kind.startswith("text/") and "charset" not in kind:
                kind += "; charset=utf-8"
            fields.insert(0, (b"Content-Type", kind.encode()))
        if self.retry_after:
            fields.append((b"Retry-After", b"%d" % ceil(self.retry_after)))
        return FixedAnswer(self.status or 503, body, tuple(fields))

    def _read(self, folder: Path) -> bytes:
        path = folder / self.file
        try:
            with path.open("rb") as file:
                body = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from None
        if len(body) > LARGEST_FILE:
            raise ValueError(f"{path} is larger than 1MiB")
        return body


def _when_down(raw: object, info: ValidationInfo) -> str | WhenDownSection:
    if raw == CLOSE:
        return CLOSE
    if not isinstance(raw, Mapping):
        raise fault(f"expected close or a mapping, got {shown(raw)}")
    try:
        return WhenDownSection.model_validate(raw, context=info.context)
    except ValidationError as error:
        raise nested([Nested(error, WhenDownSection)]) from None


WhenDownChoice = Annotated[
    str | WhenDownSection,
    PlainValidator(_when_down, json_schema_input_type=Literal["close"] | WhenDownSection),
]
