"""Set-Cookie fields of a response: found by name, changed attribute by attribute."""

from __future__ import annotations

from pointsman.model.headers import Headers
from pointsman_rules.facade_values import cookie_problem

_FIELD = b"Set-Cookie"
_ORDER = ("expires", "max-age", "domain", "path", "secure", "httponly", "samesite")


def _name(line: bytes) -> str:
    return line.partition(b"=")[0].strip().decode("latin-1")


def names(headers: Headers) -> list[str]:
    """The names of the cookies that are set, in order."""
    return [_name(line) for line in headers.get_all(_FIELD)]


def value(headers: Headers, name: str) -> str | None:
    """The value that a cookie is set to."""
    for line in headers.get_all(_FIELD):
        if _name(line) == name:
            pair = line.partition(b";")[0]
            return pair.partition(b"=")[2].strip().decode("latin-1")
    return None


def attribute(headers: Headers, name: str, which: str) -> str | None:
    """An attribute of a cookie; "" for one without a value, such as Secure."""
    for line in headers.get_all(_FIELD):
        if _name(line) == name:
            for part in line.decode("latin-1").split(";")[1:]:
                key, _, said = part.partition("=")
                if key.strip().lower() == which.lower():
                    return said.strip()
    return None


def put(headers: Headers, name: str, said: str, words: str) -> str | None:
    """Set a cookie in place of one of its name; ``words`` are attributes, one a line."""
    problem = cookie_problem(name, said) or _words_problem(words)
    if problem is not None:
        return problem
    _rewrite(headers, name, None)
    line = _changed(f"{name}={said}", words)
    headers.add(_FIELD, line.encode("latin-1"))
    return None


def change(headers: Headers, name: str, words: str) -> str | None:
    """Change attributes of a cookie, or of all for "*"; "!Secure" takes one away."""
    problem = _words_problem(words)
    if problem is None:
        _rewrite(headers, name, words)
    return problem


def remove(headers: Headers, name: str) -> str | None:
    """Do not set that cookie."""
    _rewrite(headers, name, None)
    return None


def _words_problem(words: str) -> str | None:
    for word in words.split("\n"):
        if any(c in word for c in ";\r\0"):
            return f"an attribute of a cookie holds a ; or a line end: {word[:60]!r}"
    return None


def _rewrite(headers: Headers, name: str, words: str | None) -> None:
    """Change the lines of a cookie by ``words``, or drop them for None; the others stay."""
    lines = headers.get_all(_FIELD)
    if not any(name in ("*", _name(line)) for line in lines):
        return
    headers.remove(_FIELD)
    for line in lines:
        if name not in ("*", _name(line)):
            headers.add(_FIELD, line)
        elif words is not None:
            headers.add(_FIELD, _changed(line.decode("latin-1"), words).encode("latin-1"))


def _changed(line: str, words: str) -> str:
    pair, *parts = [part.strip() for part in line.split(";")]
    for word in filter(None, words.split("\n")):
        gone = word.startswith("!")
        key = word.removeprefix("!").partition("=")[0].lower()
        parts = [part for part in parts if part.partition("=")[0].strip().lower() != key]
        if not gone:
            parts.append(word)
    return "; ".join([pair, *filter(None, parts)])
