"""Cookies as clients send them and as servers set them (RFC 6265), read from any bytes.

Nothing here raises for what it reads. Names are compared as they are, with regard to case; a value
is without the blanks around it and without one pair of quotes: some clients drop the quotes with
which a server has set it.
"""

from __future__ import annotations

import calendar
import math
import re
from typing import Final, NamedTuple

from pointsman.model.message import Head

_BLANKS: Final = b" \t"
_FIELD: Final = (b"Cookie:", b"cookie:")
_SESSION: Final = math.inf
# RFC 6265 section 5.1.1, the grammar of what stands between delimiters.
_DELIMITERS: Final = re.compile(rb"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_DAY: Final = re.compile(rb"([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_YEAR: Final = re.compile(rb"([0-9]{2,4})(?:[^0-9].*)?", re.DOTALL)
_MONTHS: Final = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun",
           b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")  # fmt: skip
_DIGITS: Final = re.compile(rb"-?[0-9]+")
# A Max-Age of more digits is longer than anybody waits, and slow to read as a number.
_MOST_DIGITS: Final = 15


class SetCookie(NamedTuple):
    """A cookie that a server sets, or takes back.

    Attributes:
        name: not empty.
        value: may be empty.
        lifetime: seconds from now that the client keeps it; infinite if it keeps it until its
            session ends, 0 or less if it is to forget it at once.
    """

    name: bytes
    value: bytes
    lifetime: float = _SESSION


def cookies_in(line: bytes) -> list[tuple[bytes, bytes]]:
    """All cookies of one Cookie field, in order; what has no name or no ``=`` is left out."""
    found: list[tuple[bytes, bytes]] = []
    for part in line.split(b";"):
        name, equals, value = part.partition(b"=")
        name = name.strip(_BLANKS)
        if equals and name:
            found.append((name, _bare(value)))
    return found


def first_cookie(line: bytes, name: bytes) -> bytes | None:
    """The value of the first cookie of that name in a Cookie field, None if there is none.

    The same as looking through ``cookies_in``, without taking the field apart.
    """
    length = len(name)
    begin = line.find(name)
    while begin >= 0:
        after = begin + length
        if _begins_there(line, begin):
            end = line.find(b";", after)
            rest = line[after:] if end < 0 else line[after:end]
            if rest[:1] != b"=":
                rest = rest.lstrip(_BLANKS)
            if rest[:1] == b"=":
                return _bare(rest[1:])
        begin = line.find(name, after)
    return None


def cookie_of(head: Head, name: bytes) -> bytes | None:
    """The value of the first cookie of that name that a request carries, None if there is none.

    Field lines are searched as they came, so that most requests need not be taken apart (hot).
    """
    wire = head.wire
    if wire is not None:
        place = wire.find(name)
        if place < 0:
            return None
        begin = wire.rfind(b"\n", 0, place) + 8  # after "Cookie:"
        after = place + len(name)
        if (
            wire[begin - 7 : begin] in _FIELD
            and wire[after : after + 1] == b"="
            and (wire[place - 2 : place] == b"; " or not wire[begin:place].strip(_BLANKS))
        ):
            # Nearly always: the name stands first where it is meant, written as browsers do.
            line_end = wire.find(b"\r", after)
            end = wire.find(b";", after, line_end)
            return _bare(wire[after + 1 : line_end if end < 0 else end])
    for line in head.headers.get_all(b"cookie"):
        found = first_cookie(line, name)
        if found is not None:
            return found
    return None


def cookies_set(head: Head, name: bytes, now: float) -> list[SetCookie]:
    """What a response says of the cookie of that name, in order.

    Args:
        head: of the response.
        name: of the cookie.
        now: seconds since the epoch, for Expires.
    """
    wire = head.wire
    if wire is not None and wire.find(name) < 0:
        return []
    if wire is None:
        lines = head.headers.get_all(b"set-cookie")
    else:
        lines = [line[11:] for line in wire.split(b"\r\n") if line[:11].lower() == b"set-cookie:"]
    found: list[SetCookie] = []
    for line in lines:
        if name in line:
            cookie = read_set_cookie(line, now)
            if cookie is not None and cookie.name == name:
                found.append(cookie)
    return found


def read_set_cookie(line: bytes, now: float) -> SetCookie | None:
    """The cookie of one Set-Cookie field, as a client reads it (RFC 6265 section 5.2).

    Args:
        line: value of the field.
        now: seconds since the epoch.

    Returns:
        None where a client ignores the whole field.
    """
    pair, _, attributes = line.partition(b";")
    name, equals, value = pair.partition(b"=")
    name = name.strip(_BLANKS)
    if not equals or not name:
        return None
    max_age: float | None = None
    expires: float | None = None
    for attribute in attributes.split(b";") if attributes else ():
        key, _, told = attribute.partition(b"=")
        key = key.strip(_BLANKS).lower()
        # Of several that can be read, the last counts (RFC 6265 section 5.3).
        if key == b"max-age":
            told = told.strip(_BLANKS)
            if _DIGITS.fullmatch(told):
                short = len(told) <= _MOST_DIGITS
                max_age = float(int(told)) if short else -1.0 if told[:1] == b"-" else _SESSION
        elif key == b"expires":
            date = read_date(told)
            if date is not None:
                expires = date
    if max_age is not None:  # it comes before Expires
        return SetCookie(name, _bare(value), max_age)
    if expires is not None:
        return SetCookie(name, _bare(value), expires - now)
    return SetCookie(name, _bare(value))


def read_date(text: bytes) -> float | None:
    """Seconds since the epoch of a date in Expires, None if it is none.

    It is read the way clients do (RFC 6265 section 5.1.1): whatever the order, the first part
    that can be a time is the time, and so on.
    """
    hour = minute = second = day = month = year = -1
    for part in _DELIMITERS.split(text):
        if hour < 0 and (match := _TIME.fullmatch(part)):
            hour, minute, second = int(match[1]), int(match[2]), int(match[3])
        elif day < 0 and (match := _DAY.fullmatch(part)):
            day = int(match[1])
        elif month < 0 and part[:3].lower() in _MONTHS:
            month = _MONTHS.index(part[:3].lower()) + 1
        elif year < 0 and (match := _YEAR.fullmatch(part)):
            year = int(match[1])
            if year < 100:
                year += 1900 if year >= 70 else 2000
    if hour < 0 or month < 0 or year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))


def _begins_there(line: bytes, place: int) -> bool:
    """Whether nothing but blanks stands between a place and the semicolon before it."""
    place -= 1
    while place >= 0:
        octet = line[place]
        if octet == 59:
            return True
        if octet != 32 and octet != 9:
            return False
        place -= 1
    return True


def _bare(value: bytes) -> bytes:
    value = value.strip(_BLANKS)
    if len(value) > 1 and value[0] == 34 == value[-1]:
        return value[1:-1]
    return value
