"""An LDAP check: a simple bind is answered (RFC 4511 section 4.2), anonymous or with a name."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import Misfit, SecretSetting, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Reply, Talk, exactly, shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption
from pointsman_healthcheck.setting_types import revealed

_LONGEST = 8192  # of an answer that is still read
_SEQUENCE, _INTEGER, _OCTETS, _ENUMERATED = 0x30, 0x02, 0x04, 0x0A
_BIND, _BIND_RESPONSE, _SIMPLE, _UNBIND = 0x60, 0x61, 0x80, 0x42

# RFC 4511 section 4.1.9: what a directory says that works, but wants nobody anonymous.
_ASKS_WHO = {7, 8, 13, 48, 49, 50, 53}
_WORDS = {
    0: "success",
    1: "operations error",
    2: "protocol error",
    3: "time limit exceeded",
    7: "authentication method not supported",
    8: "stronger authentication required",
    13: "confidentiality required",
    32: "no such object",
    48: "inappropriate authentication",
    49: "invalid credentials",
    50: "insufficient access rights",
    51: "busy",
    52: "unavailable",
    53: "unwilling to perform",
    80: "other",
}


class LdapSettings(TlsOption):
    """Who binds."""

    dn: str = Field(
        default="",
        description="name to bind with; else the bind is anonymous",
        examples=["cn=check,dc=example,dc=org"],
    )
    password: SecretSetting | None = Field(default=None, description="of that name")


@dataclass(frozen=True)
class LdapCheck(StreamCheck):
    """Binds, and unbinds."""

    dn: str
    password: str

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return self.with_tls(f"LDAP bind as {self.dn}" if self.dn else "anonymous LDAP bind")

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The password."""
        return (self.password.encode(),) if self.password else ()

    def __repr__(self) -> str:  # never the password
        return f"LdapCheck({self.describes})"

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self._talk())

    def _talk(self) -> Talk:
        message = yield from _message(self._bind())
        code = _result_code(message)
        if code < 0:
            return Verdict(False, f"not the answer to an LDAP bind: {shown(message)}")
        words = f"{_WORDS.get(code, 'result')} ({code})"
        farewell = _message_of(2, bytes([_UNBIND, 0]))
        if code == 0 or (not self.dn and code in _ASKS_WHO):
            return Verdict(True, f"it answers {words}", farewell=farewell)
        remedy = "the right `dn` and `password`" if code == 49 else "a bind that is answered 0"
        return Verdict(False, f"it answers {words}", remedy, farewell)

    def _bind(self) -> bytes:
        request = bytes([_INTEGER, 1, 3])
        request += _tagged(_OCTETS, self.dn.encode()) + _tagged(_SIMPLE, self.password.encode())
        return _message_of(1, _tagged(_BIND, request))


def _message_of(number: int, operation: bytes) -> bytes:
    return _tagged(_SEQUENCE, bytes([_INTEGER, 1, number]) + operation)


def _tagged(tag: int, content: bytes) -> bytes:
    """BER: tag, length, content."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 128 | len(length)]) + length + content


def _message(say: bytes) -> Reply:
    """The content of one LDAP message; what begins otherwise is returned as it is."""
    head = yield from exactly(2, say)
    size = head[1]
    if head[0] != _SEQUENCE:
        return head
    if size & 128:
        count = size & 127
        if not 1 <= count <= 4:
            return head
        size = int.from_bytes((yield from exactly(count)))
    if not 0 < size <= _LONGEST:
        return head
    return (yield from exactly(size))


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element and what follows it; tag -1 if there is none."""
    if len(data) < 2:
        return -1, b"", b""
    tag, size, at = data[0], data[1], 2
    if size & 128:
        at = 2 + (size & 127)
        size = int.from_bytes(data[2:at])
    if len(data) < at + size or at > 6:
        return -1, b"", b""
    return tag, data[at : at + size], data[at + size :]


def _result_code(message: bytes) -> int:
    """The result of a BindResponse to our message 1, -1 if it is none."""
    tag, number, rest = _element(message)
    if tag != _INTEGER or number != b"\x01":
        return -1
    tag, response, _ = _element(rest)
    code_tag, code, _ = _element(response)
    if tag != _BIND_RESPONSE or code_tag != _ENUMERATED or len(code) != 1:
        return -1
    return code[0]


def make(settings: LdapSettings, surroundings: Surroundings, /) -> LdapCheck:
    """The check that these settings describe."""
    if settings.password is not None and not settings.dn:
        raise Misfit("a password needs a name", "set `dn`", ("password",))
    if settings.dn and settings.password is None:
        # RFC 4513 section 5.1.2: a name without a password proves nothing, though it is answered 0.
        raise Misfit("a name needs a password", "set `password`, or bind without `dn`", ("dn",))
    password = revealed(settings.password, surroundings, "password")
    return LdapCheck(encryption(settings.tls, surroundings), settings.dn, password)
