"""Changes of heads: of the copy for the server, and of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointsman.contracts.rules import RuledExchange
from pointsman.model.headers import Headers
from pointsman.model.message import Head
from pointsman_rules.routes.expressions import Search, compiled
from pointsman_rules.routes.lines import adder, remover, setter
from pointsman_rules.routes.placeholders import Fill, Groups, template
from pointsman_rules.routes.settings import (
    HeadersSettings,
    LocationSettings,
    RewriteSettings,
    SecuritySettings,
    SetCookieSettings,
)

# Changes the copy for the server, or the answer.
Edit = Callable[[RuledExchange, Groups], None]
# The head that is to be changed.
Of = Callable[[RuledExchange], Head | None]

_LOCATIONS = (b"Location", b"Content-Location")


def outgoing(exchange: RuledExchange) -> Head | None:
    """What the server gets."""
    return exchange.outgoing


def answered(exchange: RuledExchange) -> Head | None:
    """The answer."""
    return exchange.answer


def _fields(head: Head | None) -> Headers | None:
    return head.headers if head is not None else None


def header_edits(settings: HeadersSettings, of: Of) -> list[Edit]:
    """Removals, replacements, settings and additions, in this order."""
    edits: list[Edit] = []
    for name in settings.remove:
        edits.append(_removal(name.encode(), of))
    for name, replace in settings.replace.items():
        edits.append(_replacement(name.encode(), replace.regex, replace.to, of))
    for name, text in settings.set.items():
        edits.append(_setting(name.encode(), text, of))
    for name, text in settings.add.items():
        edits.append(_setting(name.encode(), text, of, adds=True))
    return edits


def _removal(name: bytes, of: Of) -> Edit:
    remove = remover(name)

    def removed(exchange: RuledExchange, groups: Groups) -> None:
        head = of(exchange)
        if head is not None:
            remove(head)

    return removed


def _setting(name: bytes, text: str, of: Of, *, adds: bool = False) -> Edit:
    fill = template(text)
    change = adder(name) if adds else setter(name)

    def set_it(exchange: RuledExchange, groups: Groups) -> None:
        head = of(exchange)
        if head is not None:
            change(head, fill(exchange, groups).encode("latin-1", "replace"))

    return set_it


def _replacement(name: bytes, pattern: str, to: str, of: Of) -> Edit:
    search, fill = compiled(pattern), template(to)

    def replace(exchange: RuledExchange, groups: Groups) -> None:
        headers = _fields(of(exchange))
        values = headers.get_all(name) if headers is not None else []
        changed = [_replaced(value.decode("latin-1"), search, fill, exchange) for value in values]
        if headers is not None and changed != values:
            headers.remove(name)
            for value in changed:
                headers.add(name, value)

    return replace


def _replaced(text: str, search: Search, fill: Fill, exchange: RuledExchange) -> bytes:
    found = search(text)
    if found is not None and found[0]:
        text = text.replace(found[0], fill(exchange, found), 1)
    return text.encode("latin-1", "replace")


def rewriting(settings: RewriteSettings) -> Edit:
    """Another target or Host for the server."""
    search = compiled(settings.regex) if settings.regex is not None else None
    to = template(settings.to) if settings.to is not None else None
    path_fill = template(settings.path) if settings.path is not None else None
    query_fill = template(settings.query) if settings.query is not None else None
    host_fill = template(settings.host) if settings.host is not None else None
    strip = (settings.strip_prefix or "").rstrip("/")
    add = (settings.add_prefix or "").rstrip("/")

    def rewrite(exchange: RuledExchange, groups: Groups) -> None:
        head = exchange.outgoing
        if head is None or not head.target.startswith(b"/"):
            return  # * of OPTIONS
        raw, mark, query = head.target.decode("latin-1").partition("?")
        path = raw
        if strip and (path == strip or path.startswith(f"{strip}/")):
            path = path[len(strip) :] or "/"
        if search is not None and to is not None:
            found = search(path)
            if found is not None:
                path = path.replace(found[0], to(exchange, found), 1)
        if path_fill is not None:
            path = path_fill(exchange, groups)
        path = add + path
        if query_fill is not None:
            query = query_fill(exchange, groups)
            mark = "?" if query else ""
        target = f"{path}{mark}{query}"
        head.target = _visible(target if target.startswith("/") else f"/{target}")
        if host_fill is not None:
            head.headers.set(b"Host", _visible(host_fill(exchange, groups)))

    return rewrite


def _visible(text: str) -> bytes:
    """What else may stand there is percent-encoded: blanks and control characters would end it."""
    return b"".join(
        bytes([octet]) if 0x20 < octet < 0x7F and octet != 0x23 else b"%%%02X" % octet
        for octet in text.encode("latin-1", "replace")
    )


def locations(rules: Sequence[LocationSettings]) -> Edit:
    """Another beginning for the places that an answer names; the first that fits counts."""
    made = [(rule.starts, template(rule.to)) for rule in rules]

    def rewrite(exchange: RuledExchange, groups: Groups) -> None:
        headers = _fields(answered(exchange))
        for name in _LOCATIONS:
            value = headers.get(name) if headers is not None else None
            text = value.decode("latin-1") if value is not None else ""
            for starts, fill in made:
                if headers is not None and text.startswith(starts):
                    changed = fill(exchange, groups) + text[len(starts) :]
                    headers.set(name, changed.encode("latin-1", "replace"))
                    break

    return rewrite


def cookie_edits(settings: SetCookieSettings) -> Edit:
    """Other attributes for the cookies that an answer sets."""
    names = frozenset(settings.names)

    def change(line: str) -> str:
        pair, *attributes = [part.strip() for part in line.split(";")]
        if names and pair.partition("=")[0].strip() not in names:
            return line
        kept = [each for each in attributes if _of_attribute(each) not in replaced]
        for each in attributes:
            if _of_attribute(each) == "path" and settings.path_from is not None:
                path = each.partition("=")[2].strip()
                if path.startswith(settings.path_from):
                    path = (settings.path_to or "") + path[len(settings.path_from) :]
                kept.append(f"Path={path}")
        return "; ".join([pair, *kept, *added])

    replaced, added = _attributes(settings)

    def edit(exchange: RuledExchange, groups: Groups) -> None:
        headers = _fields(answered(exchange))
        lines = headers.get_all(b"set-cookie") if headers is not None else []
        if headers is None or not lines:
            return
        changed = [change(line.decode("latin-1")).encode("latin-1") for line in lines]
        if changed != lines:
            headers.remove(b"Set-Cookie")
            for line in changed:
                headers.add(b"Set-Cookie", line)

    return edit


def _of_attribute(text: str) -> str:
    return text.partition("=")[0].strip().lower()


def _attributes(settings: SetCookieSettings) -> tuple[frozenset[str], list[str]]:
    """Which attributes go, and which come."""
    replaced, added = set(), []
    if settings.domain is not None:
        replaced.add("domain")
        if settings.domain:
            added.append(f"Domain={settings.domain}")
    if settings.path_from is not None:
        replaced.add("path")
    if settings.secure is not None:
        replaced.add("secure")
        added += ["Secure"] if settings.secure else []
    if settings.http_only is not None:
        replaced.add("httponly")
        added += ["HttpOnly"] if settings.http_only else []
    if settings.same_site is not None:
        replaced.add("samesite")
        added.append(f"SameSite={settings.same_site}")
    return frozenset(replaced), added


def security(settings: SecuritySettings) -> list[Edit]:
    """What makes browsers careful."""
    fields = {
        "X-Frame-Options": settings.frame_options,
        "X-Content-Type-Options": settings.content_type_options,
        "Referrer-Policy": settings.referrer_policy,
        "Content-Security-Policy": settings.content_security_policy,
        "Permissions-Policy": settings.permissions_policy,
    }
    wanted = [(setter(name.encode()), value.encode()) for name, value in fields.items() if value]
    removed = [remover(name.encode()) for name in settings.remove]
    strict = setter(b"Strict-Transport-Security")
    hsts = b"max-age=%d" % settings.hsts if settings.hsts else b""

    def secure(exchange: RuledExchange, groups: Groups) -> None:
        head = answered(exchange)
        if head is None:
            return
        for remove in removed:
            remove(head)
        for change, value in wanted:
            change(head, value)
        # RFC 6797 section 7.2: not over plain HTTP.
        if hsts and exchange.connection.secure:
            strict(head, hsts)

    return [secure]
