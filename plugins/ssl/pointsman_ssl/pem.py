"""PEM text to its blocks (RFC 7468), tolerant of everything that stands around and between."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from pointsman_ssl.problems import CertificateError, Trouble

_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"
_WIDTH = 64
_CAN_COPY = "copy it again from its BEGIN line to its END line"


@dataclass(frozen=True, slots=True)
class Block:
    """One armoured block.

    Attributes:
        label: such as "CERTIFICATE".
        der: what is in it, still encrypted if ``encrypted``.
        encrypted: whether its own header says that it is (RFC 1421, as OpenSSL writes it).
        text: the block anew, without odd spaces, for readers of PEM; in no repr.
    """

    label: str
    der: bytes
    encrypted: bool
    text: bytes

    def __repr__(self) -> str:
        return f"Block({self.label!r}, {len(self.der)} bytes)"


def is_pem(data: bytes) -> bool:
    """Whether there is a PEM block in it."""
    return _BEGIN in data


def blocks(data: bytes) -> Iterator[Block]:
    """All blocks in their order.

    Raises:
        CertificateError: a block has no end, or is no base64.
    """
    begin = data.find(_BEGIN)
    while begin >= 0:
        line_end = data.find(_DASHES, begin + len(_BEGIN))
        label = data[begin + len(_BEGIN) : line_end] if line_end >= 0 else b""
        if line_end < 0 or len(label) > 64 or b"\n" in label:
            raise CertificateError(
                Trouble.CUT_OFF, "a BEGIN line of a PEM block is cut off", _CAN_COPY
            )
        shown = label.decode("ascii", "replace")
        following = data.find(_BEGIN, line_end)
        end = data.find(_END + label + _DASHES, line_end)
        if end < 0 or -1 < following < end:
            raise CertificateError(
                Trouble.CUT_OFF, f"a PEM block {shown!r} has no END line of its own", _CAN_COPY
            )
        yield _block(shown, data[line_end + len(_DASHES) : end])
        begin = data.find(_BEGIN, end)


def armoured(label: str, der: bytes) -> bytes:
    """A block as text."""
    coded = base64.b64encode(der)
    lines = [coded[at : at + _WIDTH] for at in range(0, len(coded), _WIDTH)]
    name = label.encode()
    return b"\n".join([_BEGIN + name + _DASHES, *lines, _END + name + _DASHES, b""])


def _block(label: str, inside: bytes) -> Block:
    lines = [line.strip() for line in inside.splitlines()]
    headers = [line for line in lines if b":" in line]
    coded = b"".join(line for line in lines if b":" not in line)
    try:
        der = base64.b64decode(b"".join(coded.split()), validate=True)
    except binascii.Error:
        message = f"what stands in the PEM block {label!r} is no base64"
        raise CertificateError(Trouble.DAMAGED, message, _CAN_COPY) from None
    if not der:
        raise CertificateError(Trouble.DAMAGED, f"the PEM block {label!r} is empty", _CAN_COPY)
    text = armoured(label, der)
    if headers:
        first, _, rest = text.partition(b"\n")
        text = b"\n".join([first, *headers, b"", rest])
    encrypted = any(b"ENCRYPTED" in header for header in headers)
    return Block(label, der, encrypted, text)
