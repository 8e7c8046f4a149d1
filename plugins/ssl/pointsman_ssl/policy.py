"""Policies: which versions, ciphers and groups are allowed, by a name or piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from OpenSSL import SSL
from OpenSSL._util import ffi, lib
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from pointsman.contracts import Settings, Written

_VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}
# Frees what an idle connection does not need: 34 KiB each (OpenSSL ssl.h; pyOpenSSL names it not).
_MODE_RELEASE_BUFFERS = 0x10

# AES-128 first, as everywhere below: nobody breaks it, and it costs a quarter less than AES-256.
_SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
_AEAD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
_CBC = (
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:"
    "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA"
)
# The hybrid first, where this OpenSSL has it: what is recorded today must not be read tomorrow.
_GROUPS = ("X25519MLKEM768", "X25519", "P-256", "P-384")

Version = Literal["1.0", "1.1", "1.2", "1.3"]
# In YAML `1.2` without quotes is a number, which has become a text before it is looked at.
WrittenVersion = Annotated[
    Version,
    WithJsonSchema({"enum": [*get_args(Version), 1.0, 1.1, 1.2, 1.3]}),
    Written("`1.0`, `1.1`, `1.2` or `1.3`"),
]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed.

    Attributes:
        name: "modern", "intermediate", "legacy" or "custom".
        oldest, newest: versions of TLS.
        ciphers: for TLS 1.2 and older, as OpenSSL writes them, the preferred first.
        suites: for TLS 1.3.
        groups: for the key exchange; those that this OpenSSL does not have are left out.
    """

    name: str
    oldest: Version = "1.2"
    newest: Version = "1.3"
    ciphers: str = _AEAD
    suites: str = _SUITES
    groups: tuple[str, ...] = _GROUPS

    def apply(self, context: SSL.Context) -> None:
        """Let a context allow this and nothing else.

        Raises:
            ValueError: OpenSSL knows no such cipher or group.
        """
        context.set_min_proto_version(_VERSIONS[self.oldest])
        context.set_max_proto_version(_VERSIONS[self.newest])
        # Before TLS 1.2 signatures are made with SHA-1, which OpenSSL allows at level 0 only.
        level = ":@SECLEVEL=0" if self.oldest in ("1.0", "1.1") else ""
        try:
            context.set_cipher_list((self.ciphers + level).encode("ascii"))
        except (SSL.Error, UnicodeEncodeError):
            raise ValueError(f"OpenSSL knows no cipher of {self.ciphers!r}") from None
        try:
            context.set_tls13_ciphersuites(self.suites.encode("ascii"))
        except (SSL.Error, UnicodeEncodeError):
            raise ValueError(f"OpenSSL knows not all suites of {self.suites!r}") from None
        _set_groups(context, self.groups)
        context.set_options(
            SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE
        )
        context.set_mode(_MODE_RELEASE_BUFFERS)


POLICIES = {
    "modern": Policy("modern", oldest="1.3"),
    "intermediate": Policy("intermediate"),
    "legacy": Policy("legacy", oldest="1.0", ciphers=f"{_AEAD}:{_CBC}"),
}


class CustomPolicy(Settings):
    """Everything said in place; what is not said is that of ``intermediate``."""

    oldest: WrittenVersion = Field(
        default="1.2", description="the oldest version of TLS", examples=["1.3"]
    )
    newest: WrittenVersion = Field(
        default="1.3", description="the newest version of TLS", examples=["1.2"]
    )
    ciphers: str = Field(
        default=_AEAD,
        description="for TLS 1.2 and older, as OpenSSL writes them, the preferred first",
        examples=["ECDHE+AESGCM"],
    )
    suites: str = Field(
        default=_SUITES, description="for TLS 1.3", examples=["TLS_AES_256_GCM_SHA384"]
    )
    groups: tuple[str, ...] = Field(
        default=_GROUPS, description="for the key exchange", examples=[["X25519", "P-256"]]
    )

    @model_validator(mode="after")
    def _known(self) -> CustomPolicy:
        if self.oldest > self.newest:
            raise ValueError(f"oldest ({self.oldest}) is newer than newest ({self.newest})")
        self.policy().apply(SSL.Context(SSL.TLS_METHOD))
        return self

    def policy(self) -> Policy:
        """The same as a policy."""
        return Policy(
            "custom", self.oldest, self.newest, self.ciphers, self.suites, tuple(self.groups)
        )


def _version_text(raw: object) -> object:
    # In YAML 1.2 unquoted is a number.
    if isinstance(raw, dict):
        return {
            key: str(value) if key in ("oldest", "newest") and isinstance(value, float) else value
            for key, value in raw.items()
        }
    return raw


PolicySetting = Annotated[
    Literal["modern", "intermediate", "legacy"] | CustomPolicy,
    BeforeValidator(
        _version_text,
        json_schema_input_type=Literal["modern", "intermediate", "legacy"] | CustomPolicy,
    ),
]


def policy_of(setting: Any) -> Policy:
    """The policy that a setting means."""
    return setting.policy() if isinstance(setting, CustomPolicy) else POLICIES[setting]


def _set_groups(context: SSL.Context, groups: tuple[str, ...]) -> None:
    known = [group for group in groups if _takes(context, group)]
    if not known or not _takes(context, ":".join(known)):
        raise ValueError(f"OpenSSL knows none of the groups {', '.join(groups)}")


def _takes(context: SSL.Context, groups: str) -> bool:
    """Whether OpenSSL knows these; pyOpenSSL has a call for single curves of servers only."""
    if not groups.isascii():
        return False
    handle: Any = context._context
    taken: int = lib.SSL_CTX_set1_curves_list(handle, ffi.new("char[]", groups.encode("ascii")))
    if taken != 1:
        lib.ERR_clear_error()
    return taken == 1
