"""What is wrong with certificates and keys: findings, and the error that carries one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Every kind of finding; the value is what the commands show as its code."""

    CANNOT_READ = "cannot-read"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    UNKNOWN_FORM = "unknown-form"
    CUT_OFF = "cut-off"
    DAMAGED = "damaged"
    NEEDS_PASSWORD = "needs-password"
    WRONG_PASSWORD = "wrong-password"
    UNKNOWN_CIPHER = "unknown-cipher"
    NO_CERTIFICATE = "no-certificate"
    NO_KEY = "no-key"
    KEY_MISMATCH = "key-mismatch"
    TWO_LEAVES = "two-leaves"
    KEY_KIND = "key-kind"
    WEAK_KEY = "weak-key"
    NO_RESPONDER = "no-responder"
    # From here on the certificate can be served nevertheless.
    WEAK_SIGNATURE = "weak-signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRES_SOON = "expires-soon"
    CHAIN_EXPIRED = "chain-expired"
    MISSING_ISSUER = "missing-issuer"
    LEAF_IS_CA = "leaf-is-ca"
    NO_NAMES = "no-names"
    NOT_FOR_SERVERS = "not-for-servers"
    SELF_SIGNED = "self-signed"
    OLDER_LEFT_OUT = "older-left-out"
    CA_KEY = "ca-key"
    UNRELATED = "unrelated"
    OPEN_FILE = "open-file"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in words, without any key or password.

    Attributes:
        trouble: which kind of thing.
        message: what is wrong, with the names of the certificates.
        hint: what to do about it, may be empty.
        part: which setting it is about: "" for the whole, "key" or "password".
    """

    trouble: Trouble
    message: str
    hint: str = ""
    part: str = ""

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class CertificateError(ValueError):
    """A certificate that cannot be used, or a file that cannot be read."""

    def __init__(self, trouble: Trouble, message: str, hint: str = "", part: str = "") -> None:
        self.finding = Finding(trouble, message, hint, part)
        super().__init__(str(self.finding))
