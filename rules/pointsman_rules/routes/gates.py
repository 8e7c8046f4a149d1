"""What may keep a request from going on: networks, rates, passwords, and CORS preflights."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import ceil

from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from pointsman.contracts.rules import RuledExchange
from pointsman.model.decision import Answer, Decision, Pending, Refuse, Respond
from pointsman.model.headers import Field
from pointsman_rules.routes.expressions import glob
from pointsman_rules.routes.fields import AddressSource
from pointsman_rules.routes.passwords import Check, check_of, htpasswd
from pointsman_rules.routes.placeholders import Groups, template
from pointsman_rules.routes.settings import BasicAuthSettings, CorsSettings, RateLimitSettings
from pointsman_rules.routes.surroundings import Around

Gate = Callable[[RuledExchange, Groups], Answer]

# Passwords that were right are remembered, so that a slow hash costs a client once.
_REMEMBERED = 1000


def denying(source: AddressSource, around: Around) -> Gate:
    """403 for these networks."""
    addresses = around.addresses(source)
    return lambda exchange, groups: Refuse(403) if exchange.client_ip in addresses else None


def allowing(source: AddressSource, around: Around) -> Gate:
    """403 for all other networks."""
    addresses = around.addresses(source)
    return lambda exchange, groups: None if exchange.client_ip in addresses else Refuse(403)


class RateLimit:
    """A bucket of tokens for each key; it fills with time, and a request takes one."""

    def __init__(self, settings: RateLimitSettings, around: Around) -> None:
        self._rate = settings.requests / settings.per
        self._most = float(settings.burst or settings.requests)
        self._by = template(settings.by)
        self._keys = settings.keys
        self._status = settings.status
        self._clock = around.clock
        self._buckets = around.buckets(settings)
        self._table = None if settings.table is None else around.table(settings.table)
        # Others count in that table as well.
        self._own = f"{around.service}/{len(around.limits)}/"

    def __call__(self, exchange: RuledExchange, groups: Groups) -> Answer:
        """Let it pass, or say when to come back."""
        key, now, buckets = self._by(exchange, groups)[:256], self._clock(), self._buckets
        if self._table is not None:
            passes, late = self._table.take(self._own + key, self._rate, self._most, now)
            return None if passes else self._refusal(max(1, ceil(late)))
        tokens, then = buckets.pop(key, (self._most, now))
        tokens = min(self._most, tokens + (now - then) * self._rate)
        passes = tokens >= 1.0
        buckets[key] = (tokens - 1.0 if passes else tokens, now)
        if len(buckets) > self._keys:
            buckets.popitem(last=False)
        if passes:
            return None
        return self._refusal(max(1, -int(-(1.0 - tokens) // self._rate)))

    def _refusal(self, wait: int) -> Respond:
        text = b"%d too many requests, try again in %d s\n" % (self._status, wait)
        return Respond(
            self._status, text, ((b"Content-Type", b"text/plain"), (b"Retry-After", b"%d" % wait))
        )


class BasicAuth:
    """Asks for a name and a password. Hashes are made in threads: a good one takes long."""

    def __init__(self, settings: BasicAuthSettings, around: Around) -> None:
        stored: dict[str, str] = {}
        if settings.file is not None:
            try:
                stored.update(htpasswd(around.read(settings.file).decode("utf-8")))
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                raise ValueError(f"cannot use {settings.file}: {why}") from None
        folder = around.path("")
        stored.update({name: each.reveal(folder) for name, each in settings.users.items()})
        around.depends_on(*(word for pair in stored.items() for word in pair))
        self._checks: Mapping[str, Check] = {name: check_of(each) for name, each in stored.items()}
        # As long is looked for a name that is not there: its absence cannot be measured.
        self._nobody = next(iter(self._checks.values()))
        self._around = around
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        realm = settings.realm.encode("utf-8")
        wants: Field = (b"WWW-Authenticate", b'Basic realm="%b", charset="UTF-8"' % realm)
        self._refusal = Respond(
            401, b"401 Unauthorized\n", (wants, (b"Content-Type", b"text/plain"))
        )

    def __call__(self, exchange: RuledExchange, groups: Groups) -> Answer:
        """Let it pass, refuse it, or find out."""
        request = exchange.request
        header = request.headers.get(b"authorization") if request is not None else None
        scheme, _, coded = (header or b"").partition(b" ")
        if scheme.lower() != b"basic":
            return self._refusal
        try:
            name, colon, password = base64.b64decode(coded.strip(), validate=True).partition(b":")
        except binascii.Error:
            return self._refusal
        if not colon:
            return self._refusal
        seal = hmac.digest(self._key, name + b"\0" + password, hashlib.sha256)
        if seal in self._right:
            self._right.move_to_end(seal)
            return None
        return self._find_out(name, password, seal)

    def _find_out(self, name: bytes, password: bytes, seal: bytes) -> Pending:
        known = self._checks.get(name.decode("utf-8", "replace"))
        check = known or self._nobody
        pending = Pending()
        reactor = self._around.reactor

        def found(right: bool) -> None:
            if right and known is not None:
                self._right[seal] = None
                if len(self._right) > _REMEMBERED:
                    self._right.popitem(last=False)
                pending.decide(None)
            else:
                pending.decide(self._refusal)

        def failed(failure: Failure) -> None:
            pending.decide(Refuse(500))

        deferToThreadPool(reactor, reactor.getThreadPool(), check, password).addCallbacks(
            found, failed
        )
        return pending


class Cors:
    """Cross-origin requests: preflights are answered, answers are marked."""

    def __init__(self, settings: CorsSettings) -> None:
        self._all = "*" in settings.origins
        self._exact = frozenset(each for each in settings.origins if "*" not in each)
        self._globs = [glob(each) for each in settings.origins if "*" in each]
        self._credentials = settings.credentials
        expose = ", ".join(settings.expose).encode()
        self._expose: tuple[Field, ...] = (
            ((b"Access-Control-Expose-Headers", expose),) if expose else ()
        )
        self._preflight: tuple[Field, ...] = (
            (b"Access-Control-Allow-Methods", ", ".join(settings.methods).encode()),
            (b"Access-Control-Max-Age", b"%d" % settings.max_age),
        )
        if settings.headers:
            allowed = ", ".join(settings.headers).encode()
            self._preflight += ((b"Access-Control-Allow-Headers", allowed),)

    def _origin(self, exchange: RuledExchange) -> bytes:
        """The origin, b"" if it has none or one that is not allowed."""
        request = exchange.request
        origin = (request.headers.get(b"origin") if request is not None else None) or b""
        text = origin.decode("latin-1")
        allowed = self._all or text in self._exact or any(each(text) for each in self._globs)
        return origin if allowed else b""

    def _marks(self, origin: bytes) -> tuple[Field, ...]:
        fields: tuple[Field, ...] = (
            (b"Access-Control-Allow-Origin", b"*" if self._all else origin),
        )
        if self._credentials:
            fields += ((b"Access-Control-Allow-Credentials", b"true"),)
        return fields

    def __call__(self, exchange: RuledExchange, groups: Groups) -> Decision | None:
        """Answer a preflight."""
        request = exchange.request
        if request is None or request.method != b"OPTIONS":
            return None
        if b"access-control-request-method" not in request.headers or not request.headers.get(
            b"origin"
        ):
            return None
        origin = self._origin(exchange)
        if not origin:
            return Respond(403, b"403 this origin is not allowed\n")
        return Respond(204, b"", self._preflight)

    def mark(self, exchange: RuledExchange, groups: Groups) -> None:
        """Mark the answer; caches must keep those for other origins apart."""
        answer = exchange.answer
        assert answer is not None
        headers = answer.headers
        if not self._all:
            headers.add(b"Vary", b"Origin")
        origin = self._origin(exchange)
        if not origin:
            return
        for name in (b"Access-Control-Allow-Origin", b"Access-Control-Allow-Credentials"):
            headers.remove(name)
        for name, value in (*self._marks(origin), *self._expose):
            headers.set(name, value)
