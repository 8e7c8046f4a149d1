"""The ``certificates`` and ``intermediates`` sections of the configuration."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from pointsman.contracts import SecretSetting, Settings
from pointsman_ssl.responder import responder_place

AUTO = "auto"


def _one_or_more(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


FilePath = Annotated[str, Field(min_length=1)]
Paths = Annotated[
    tuple[FilePath, ...],
    Field(min_length=1),
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
]


class OcspSettings(Settings):
    """Where the authority's word comes from that a certificate is not revoked (OCSP stapling)."""

    file: FilePath | None = Field(
        default=None,
        description="a file with the response, which somebody else keeps fresh",
        examples=["certs/site.ocsp"],
    )
    responder: str | None = Field(
        default=None,
        description="`auto` for the one that the certificate names, or its http URL",
        examples=["auto"],
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.responder is None):
            raise ValueError("expected one of file and responder")
        if self.responder not in (None, AUTO):
            responder_place(self.responder)
        return self


class CertificateSettings(Settings):
    """One certificate with its private key; what the files hold is found out by itself."""

    pfx: FilePath | None = Field(
        default=None,
        description="a PKCS#12 file, key and chain in one",
        examples=["certs/site.pfx"],
    )
    pem: Paths | None = Field(
        default=None,
        description="one or more files with certificates",
        examples=["certs/site.pem"],
    )
    file: Paths | None = Field(
        default=None, description="one or more files of any form", examples=["certs/site.any"]
    )
    key: FilePath | None = Field(
        default=None,
        description="file of the private key, if it is in none of them",
        examples=["certs/site.key"],
    )
    password: SecretSetting | None = Field(
        default=None, description="{env: NAME} or {file: PATH}, of the PKCS#12 file or the key"
    )
    watch: bool = Field(
        default=False, description="read the files again when they change, without a reload"
    )
    ocsp: OcspSettings | None = Field(
        default=None,
        description="send an OCSP response along, from {file: PATH} or {responder: auto}",
        examples=[{"responder": "auto"}],
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("pfx", "pem", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"got {' and '.join(given)}" if given else "got none of them"
            raise ValueError(f"expected one of pfx, pem and file, {found}")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the certificate; ``key`` is not among them."""
        named = (self.pfx, *(self.pem or ()), *(self.file or ()))
        return tuple(path for path in named if path is not None)


class IntermediateSettings(Settings):
    """Certificates of authorities: for chains to clients, and to verify real servers with."""

    file: FilePath = Field(
        description="PEM, DER or PKCS#7, found out by itself", examples=["certs/root.cer"]
    )
