"""Small readings of heads for the facade: a single field, targets, cookies, arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

from pointsman.model.message import Head, RequestHead

# They say where a message ends and how a connection goes on: only the framework may.
FRAMING = frozenset(
    ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]
)
# RFC 9110 section 9.2.2.
IDEMPOTENT = frozenset([b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"])
_TARGET = re.compile(r"[!-\"$-~\x80-\xff]+")
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@lru_cache(maxsize=1024)
def _begin(name: str) -> bytes:
    return b"\n" + name.lower().encode("latin-1") + b":"


def field(head: Head, name: str) -> str | None:
    """The first field of that name.

    A head that nobody has taken apart stays whole, so that its bytes can be passed on as they are.
    """
    wire = head.wire
    if wire is None:
        value = head.headers.get(name.encode("latin-1"))
        return value.decode("latin-1") if value is not None else None
    begin = _begin(name)
    low = wire.lower()  # as long as it was, so places in it are places in the original
    if low.startswith(begin[1:]):
        at = len(begin) - 1
    else:
        at = low.find(begin) + len(begin)
        if at < len(begin):
            return None
    return wire[at : wire.index(b"\r", at)].strip(b" \t").decode("latin-1")


def fields(head: Head, name: str) -> list[str]:
    """All fields of that name, in order."""
    return [value.decode("latin-1") for value in head.headers.get_all(name.encode("latin-1"))]


def query_of(head: RequestHead) -> str:
    """The query of its target."""
    return head.query.decode("latin-1")


def retarget(head: RequestHead, path: str | None = None, query: str | None = None) -> str | None:
    """Change path or query of the target; what is wrong with them, or None."""
    whole = head.target.decode("latin-1")
    old, mark, asked = whole.partition("?")
    if query is not None:
        mark, asked = ("?", query) if query else ("", "")
    if path is not None:
        if not path.startswith("/"):
            return f"a path begins with /, got {path[:60]!r}"
        if "?" in path:
            return "a path holds no ?: set req.query, or req.target"
        begin = ""
        if not old.startswith("/") and "://" in old:
            scheme, _, rest = old.partition("://")
            begin = f"{scheme}://{rest.partition('/')[0]}"
        old = begin + path
    return set_target(head, old + mark + asked)


def set_target(head: RequestHead, target: str) -> str | None:
    """Change the whole target; what is wrong with it, or None."""
    if not _TARGET.fullmatch(target):
        return f"a target has no blanks, control characters or #, got {target[:60]!r}"
    head.target = target.encode("latin-1")
    return None


def arguments(head: RequestHead) -> list[tuple[str, str]]:
    """The decoded arguments of the query, in order."""
    return parse_qsl(query_of(head), keep_blank_values=True, encoding="latin-1")


def argument(head: RequestHead, name: str) -> str | None:
    """The first argument of that name, decoded."""
    for part in query_of(head).split("&"):
        key, _, value = part.partition("=")
        if key == name or (("%" in key or "+" in key) and unquote_plus(key, "latin-1") == name):
            return unquote_plus(value, "latin-1")
    return None


def put_argument(head: RequestHead, name: str, value: str | None) -> str | None:
    """Replace an argument, or remove it; the others stay as they are, byte by byte."""
    kept: list[str] = []
    done = value is None
    for part in query_of(head).split("&"):
        key = part.partition("=")[0]
        if unquote_plus(key, "latin-1") != name:
            if part:
                kept.append(part)
        elif not done:
            kept.append(urlencode({name: value}, encoding="latin-1"))
            done = True
    if not done:
        kept.append(urlencode({name: value}, encoding="latin-1"))
    return retarget(head, query="&".join(kept))


def cookies(head: RequestHead) -> Iterator[tuple[str, str]]:
    """The cookies that a client sent, in order."""
    line = field(head, "Cookie")
    if line is None:
        return
    lines = [line] if head.wire is not None else fields(head, "Cookie")
    for one in lines:
        for part in one.split(";"):
            name, equals, value = part.partition("=")
            if equals:
                yield name.strip(), value.strip()


def cookie(head: RequestHead, name: str) -> str | None:
    """The first cookie of that name."""
    for key, value in cookies(head):
        if key == name:
            return value
    return None


def put_cookie(head: RequestHead, name: str, value: str | None) -> str | None:
    """Replace a cookie of the request, or remove it; what is wrong, or None."""
    problem = cookie_problem(name, value or "")
    if problem is not None:
        return problem
    kept = [(key, old) for key, old in cookies(head) if key != name]
    if value is not None:
        kept.append((name, value))
    if kept:
        line = "; ".join(f"{key}={old}" for key, old in kept)
        head.headers.set(b"Cookie", line.encode("latin-1"))
    else:
        head.headers.remove(b"Cookie")
    return None


def cookie_problem(name: str, value: str) -> str | None:
    """What keeps a cookie from being one (RFC 6265 section 4.1.1), or None."""
    if not _COOKIE_NAME.fullmatch(name):
        return f"the name of a cookie is a token, got {name[:60]!r}"
    if any(c in value for c in ";\r\n\0"):
        return f"the value of the cookie {name} holds a ; or a line end"
    return None


def percent(text: str) -> str:
    """Percent-encode all but unreserved characters (RFC 3986 section 2.3)."""
    return quote(text.encode("latin-1"), safe="")
