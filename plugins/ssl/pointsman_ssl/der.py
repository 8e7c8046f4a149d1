"""What a piece of DER is, told from its first elements (X.690), never from a file name."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30
_TAGGED = 0xA0
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 2315 section 9


class Form(StrEnum):
    """What a piece of DER can be, in words."""

    CERTIFICATE = "certificate"
    REQUEST = "certificate request"
    REVOCATION_LIST = "revocation list"
    PKCS7 = "PKCS#7"
    PKCS12 = "PKCS#12"
    PKCS8 = "PKCS#8 key"
    ENCRYPTED_PKCS8 = "encrypted PKCS#8 key"
    PKCS1 = "PKCS#1 key"
    SEC1 = "SEC1 key"
    DSA = "DSA key"
    PUBLIC_KEY = "public key"
    UNKNOWN = "unknown"


class _Element(NamedTuple):
    tag: int
    begin: int  # of its content
    end: int  # of its content, where its length says that it ends


def form(data: bytes) -> Form:
    """What this is, as far as its shape tells; reading it may still fail."""
    outer = _element(data, 0)
    if outer is None or outer.tag != _SEQUENCE:
        return Form.UNKNOWN
    first = _element(data, outer.begin)
    second = _element(data, first.end) if first else None
    if first is None:
        return Form.UNKNOWN
    if first.tag == _OID:
        signed = data[first.begin : first.end] == _SIGNED_DATA
        return Form.PKCS7 if signed else Form.UNKNOWN
    if first.tag == _INTEGER and second is not None:
        return _with_version(data, data[first.begin : first.end], second)
    if first.tag == _SEQUENCE and second is not None:
        return _with_sequence(data, first, second)
    return Form.UNKNOWN


def length(data: bytes) -> int | None:
    """How many bytes the outer element says it has, its head included; None if it does not say."""
    outer = _element(data, 0)
    return outer.end if outer and data[1] != 0x80 else None


def _with_version(data: bytes, version: bytes, second: _Element) -> Form:
    if version == b"\x03" and second.tag == _SEQUENCE:
        return Form.PKCS12  # RFC 7292 section 4
    if version in (b"\0", b"\x01") and second.tag == _SEQUENCE:
        return Form.PKCS8  # RFC 5958 section 2
    if version == b"\x01" and second.tag == _OCTETS:
        return Form.SEC1  # RFC 5915 section 3
    if version == b"\0" and second.tag == _INTEGER:
        # RFC 8017 appendix A.1.2 has nine numbers, an old DSA key six.
        numbers, following = 1, second
        while (after := _element(data, following.end)) and after.tag == _INTEGER:
            numbers, following = numbers + 1, after
        return Form.DSA if numbers == 5 else Form.PKCS1
    return Form.UNKNOWN


def _with_sequence(data: bytes, first: _Element, second: _Element) -> Form:
    if second.tag == _OCTETS:
        return Form.ENCRYPTED_PKCS8  # RFC 5958 section 3
    if second.tag == _BITS:
        return Form.PUBLIC_KEY  # RFC 5280 section 4.1, SubjectPublicKeyInfo
    inner = _element(data, first.begin)
    third = _element(data, inner.end) if inner else None
    if inner is None or third is None or second.tag != _SEQUENCE:
        return Form.UNKNOWN
    if inner.tag == _TAGGED:
        return Form.CERTIFICATE  # RFC 5280 section 4.1, with an explicit version
    if inner.tag == _INTEGER and third.tag == _SEQUENCE:
        after = _element(data, third.end)
        issuer = _element(data, after.end) if after else None
        # RFC 2986 section 4: version, name, key, attributes; a list and a certificate without
        # a version have an algorithm first, then a name, then a time or two.
        if issuer is not None and issuer.tag == _TAGGED:
            return Form.REQUEST
        is_list = inner.end - inner.begin == 1 and (issuer is None or issuer.tag != _SEQUENCE)
        return Form.REVOCATION_LIST if is_list else Form.CERTIFICATE
    if inner.tag == _SEQUENCE:
        return Form.REVOCATION_LIST  # RFC 5280 section 5.1, without a version
    return Form.UNKNOWN


def _element(data: bytes, at: int) -> _Element | None:
    """The element that begins there; its end may lie beyond the data."""
    if at + 2 > len(data):
        return None
    tag, size = data[at], data[at + 1]
    if size < 0x80:
        return _Element(tag, at + 2, at + 2 + size)
    count = size & 0x7F
    if count == 0:
        return _Element(tag, at + 2, len(data))  # BER, as some old exports are
    if count > 4 or at + 2 + count > len(data):
        return None
    begin = at + 2 + count
    return _Element(tag, begin, begin + int.from_bytes(data[at + 2 : begin], "big"))
