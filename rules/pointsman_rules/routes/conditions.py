"""Conditions as closures: each tells whether an exchange fulfils it, and what a pattern found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pointsman.contracts.rules import RuledExchange, RuledPool
from pointsman.model.headers import Field
from pointsman_rules.routes.expressions import Search, compiled, glob
from pointsman_rules.routes.fields import AddressSource, Patterns, ValuePattern
from pointsman_rules.routes.placeholders import Groups
from pointsman_rules.routes.surroundings import Around
from pointsman_rules.routes.texts import cookies_of, host_of, path_of, query_of, scheme_of
from pointsman_rules.routes.when import DAYS, ShareSettings, TimeSettings, WhenSettings

# Whether it holds: the groups of a pattern (perhaps none), or None.
Condition = Callable[[RuledExchange], Groups | None]
Test = Callable[[RuledExchange], bool]
Values = Callable[[RuledExchange], Sequence[tuple[str, str]]]

NO_GROUPS: Groups = ()
# A cookie that remembers a share lives this long; seconds.
_SHARE_LASTS = 30 * 24 * 3600


def condition(when: WhenSettings | None, around: Around) -> Condition:
    """What all of ``when`` asks; without it, everything fulfils it.

    Raises:
        ValueError: a file of addresses cannot be read.
    """
    tests = _tests(when, around) if when is not None else []
    searches = [compiled(pattern) for pattern in when.regex] if when is not None else []
    if searches:
        return _with_regex(tests, searches)
    if not tests:
        return lambda exchange: NO_GROUPS
    if len(tests) == 1:
        (test,) = tests
        return lambda exchange: NO_GROUPS if test(exchange) else None
    return lambda exchange: NO_GROUPS if all(test(exchange) for test in tests) else None


def _with_regex(tests: Sequence[Test], searches: Sequence[Search]) -> Condition:
    def holds(exchange: RuledExchange) -> Groups | None:
        if not all(test(exchange) for test in tests):
            return None
        path = _path(exchange)
        for search in searches:
            found = search(path)
            if found is not None:
                return found
        return None

    return holds


def _tests(when: WhenSettings, around: Around) -> list[Test]:
    tests: list[Test] = []
    # What is cheap comes first.
    if when.scheme is not None:
        scheme = when.scheme
        tests.append(lambda exchange: scheme_of(exchange) == scheme)
    if when.method:
        methods = frozenset(method.encode() for method in when.method)
        tests.append(lambda exchange: _method(exchange) in methods)
    if when.host:
        tests.append(_named(when.host, host_of))
    if when.sni:
        tests.append(_named(when.sni, lambda exchange: exchange.connection.server_name))
    if when.path or when.prefix or when.glob:
        tests.append(_on_path(when))
    if when.header:
        tests += _valued(when.header, _headers, lower=True)
    if when.query:
        tests += _valued(when.query, query_of)
    if when.cookie:
        tests += _valued(when.cookie, cookies_of)
    if when.source is not None:
        tests.append(_from(when.source, around))
    if when.time is not None:
        tests.append(_during(when.time, around))
    if when.pool_down is not None:
        tests.append(_down(when.pool_down, around))
    if when.any_of:
        any_of = [condition(each, around) for each in when.any_of]
        tests.append(lambda exchange: any(each(exchange) is not None for each in any_of))
    if when.all_of:
        all_of = [condition(each, around) for each in when.all_of]
        tests.append(lambda exchange: all(each(exchange) is not None for each in all_of))
    if when.none_of:
        none_of = [condition(each, around) for each in when.none_of]
        tests.append(lambda exchange: all(each(exchange) is None for each in none_of))
    if when.share is not None:
        tests.append(_shared(when.share, around))
    return tests


def _method(exchange: RuledExchange) -> bytes:
    request = exchange.request
    return request.method if request is not None else b""


def _path(exchange: RuledExchange) -> str:
    request = exchange.request
    return path_of(request.target) if request is not None else ""


def _named(names: Sequence[str], of: Callable[[RuledExchange], str]) -> Test:
    exact = frozenset(name.lower() for name in names if not name.startswith("*."))
    below = tuple(name[1:].lower() for name in names if name.startswith("*."))
    if not below:
        return lambda exchange: of(exchange) in exact

    def named(exchange: RuledExchange) -> bool:
        name = of(exchange)
        return name in exact or name.endswith(below)

    return named


def _on_path(when: WhenSettings) -> Test:
    exact = frozenset(when.path)
    prefixes = tuple(each if each.endswith("/") else f"{each}/" for each in when.prefix)
    roots = frozenset(each.rstrip("/") for each in when.prefix)
    globs = [glob(each) for each in when.glob]

    def on_path(exchange: RuledExchange) -> bool:
        path = _path(exchange)
        if path in exact or path in roots or (prefixes and path.startswith(prefixes)):
            return True
        return any(each(path) for each in globs)

    return on_path


def _headers(exchange: RuledExchange) -> list[tuple[str, str]]:
    request = exchange.request
    fields: Sequence[Field] = request.headers.fields if request is not None else ()
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in fields]


def _valued(patterns: Patterns, of: Values, *, lower: bool = False) -> list[Test]:
    return [
        _has_value(name.lower() if lower else name, pattern, of)
        for name, pattern in patterns.items()
    ]


def _has_value(name: str, pattern: ValuePattern, of: Values) -> Test:
    matches = _matches(pattern)
    wanted = pattern.present is not False

    def has(exchange: RuledExchange) -> bool:
        found = any(each == name and matches(value) for each, value in of(exchange))
        return found is wanted

    return has


def _matches(pattern: ValuePattern) -> Callable[[str], bool]:
    fold = pattern.ignore_case
    checks: list[Callable[[str], bool]] = []

    def folded(text: str) -> str:
        return text.lower() if fold else text

    if (exact := pattern.exact) is not None:
        checks.append(lambda value: folded(value) == folded(exact))
    if (prefix := pattern.prefix) is not None:
        checks.append(lambda value: folded(value).startswith(folded(prefix)))
    if (suffix := pattern.suffix) is not None:
        checks.append(lambda value: folded(value).endswith(folded(suffix)))
    if (contains := pattern.contains) is not None:
        checks.append(lambda value: folded(contains) in folded(value))
    if pattern.glob is not None:
        checks.append(glob(pattern.glob, fold))
    if pattern.regex is not None:
        search = compiled(pattern.regex, fold)
        checks.append(lambda value: search(value) is not None)
    return lambda value: all(check(value) for check in checks)


def _from(source: AddressSource, around: Around) -> Test:
    addresses = around.addresses(source)
    return lambda exchange: exchange.client_ip in addresses


def _during(span: TimeSettings, around: Around) -> Test:
    days = frozenset(DAYS.index(day) for day in span.days)
    since, until, zone = span.since, span.until, ZoneInfo(span.zone)

    def during(exchange: RuledExchange) -> bool:
        now = datetime.fromtimestamp(around.wall(), zone)
        minute, day = now.hour * 60 + now.minute, now.weekday()
        if since <= until:
            return day in days and since <= minute < until
        # Over midnight: what comes after it belongs to the day on which it began.
        return (day in days and minute >= since) or ((day - 1) % 7 in days and minute < until)

    return during


def _down(name: str, around: Around) -> Test:
    def down(exchange: RuledExchange) -> bool:
        pool: RuledPool | None = around.pools().get(name)
        return pool is not None and not pool.available

    return down


def _shared(share: ShareSettings, around: Around) -> Test:
    limit = round(share.percent * 100)
    salt = around.next_salt()

    def place(text: str) -> int:
        digest = hashlib.blake2b(text.encode("latin-1", "replace"), digest_size=8, key=salt)
        return int.from_bytes(digest.digest(), "big") % 10_000

    if share.cookie is None:
        return lambda exchange: place(exchange.client_ip) < limit
    name = share.cookie
    around.sets_cookies = True

    def remembered(exchange: RuledExchange) -> bool:
        for each, value in cookies_of(exchange):
            if each == name and value:
                return place(value) < limit
        notes = exchange.notes
        known = notes.get((around, name))
        if isinstance(known, str):
            return place(known) < limit
        token = around.token()
        notes[around, name] = token
        life = f"Path=/; Max-Age={_SHARE_LASTS}; HttpOnly; SameSite=Lax"
        around.set_cookie(exchange, f"{name}={token}; {life}")
        return place(token) < limit

    return remembered
