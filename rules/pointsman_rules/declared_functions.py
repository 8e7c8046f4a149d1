"""The functions and methods of the rule API as data, beside its events and objects."""

from __future__ import annotations

from pointsman_rules.declarations import Function

_f = Function


def _w(name: str, parameters: str, returns: str, doc: str) -> Function:
    return Function(name, parameters, returns, doc, waits=True)


_HEADERS = "table<string, string|string[]>"

# What rules return. Which event takes which verb is told with the events.
# The lines are long: each is a row of a table.
# ruff: noqa: E501

VERBS = (
    _f("respond", f"status: integer, body?: string, headers?: {_HEADERS}", "Verb",
       "answer; no server is asked, or what one has said is thrown away"),
    _f("redirect", "url: string, status?: 301|302|303|307|308", "Verb", "send the client elsewhere (302)"),
    _f("refuse", "status: integer", "Verb", "answer with an error page of pointsman"),
    _f("pool", "name: string", "Verb", "send it to that pool"),
    _f("server", "name: string, required?: boolean", "Verb",
       "send it to that server of its pool; required: 503 rather than another one"),
    _f("retry", "options?: {exclude?: string, pool?: string, unsafe?: boolean}", "Verb",
       "try another server, if that can be done without doing something twice"),
    _f("close", "", "Verb", "close the connection without an answer"),
    _f("reset", "", "Verb", "likewise, and let the client see an error"),
    _f("replace", "data: string", "Verb", "tcp mode: send this instead of what the client said"),
    _f("more", "", "Verb", "tcp mode: ask again when the client has said more"),
    _f("up", "reason?: string", "Verb", "health: this server is well"),
    _f("down", "reason?: string", "Verb", "health: it is not"),
    _f("degraded", "percent: integer, reason?: string", "Verb", "health: it is, for so much of its weight, 1 to 100"),
)  # fmt: skip

# Global functions that are no verbs.
GLOBALS = (
    _f("options", "declared: table", "table", "declare and check what the configuration may tell this rule"),
    _w("sleep", "duration: string|number", "", "wait"),
    _f("every", "duration: string|number, f: fun()", "", "call it again and again, once the service runs"),
    _f("after", "duration: string|number, f: fun()", "", "call it once"),
    _f("print", "...: any", "", "the same as log.info"),
    _f("unpack", "list: any[], i?: integer, j?: integer", "any ...", "the elements of a list"),
)  # fmt: skip

LIBRARIES: dict[str, tuple[Function, ...]] = {
    "text": (
        _f("contains", "s: string, part: string", "boolean", "whether one text is in another"),
        _f("starts", "s: string, start: string", "boolean", "whether it begins so"),
        _f("ends", "s: string, last: string", "boolean", "whether it ends so"),
        _f("trim", "s: string", "string", "without blanks around it"),
        _f("split", "s: string, sep: string, most?: integer", "string[]", "its parts; sep is plain text"),
        _f("replace", "s: string, old: string, new: string, most?: integer", "string, integer", "plain text by plain text; and how often"),
        _f("glob", "pattern: string, s: string", "boolean", "a pattern of the shell: * ? [set]"),
        _f("re", "pattern: string", "Expression", "a regular expression (RE2: linear time), made once"),
    ),
    "json": (
        _f("encode", "value: any", "string", "names are sorted; an empty table is an object"),
        _f("decode", "s: string", "any, string|nil", "the value, or nil and what is wrong; null is json.null"),
    ),
    "base64": (
        _f("encode", "s: string", "string", "with padding"),
        _f("decode", "s: string", "string|nil, string|nil", "or nil and what is wrong"),
        _f("encode_url", "s: string", "string", "as URLs have it, without padding"),
        _f("decode_url", "s: string", "string|nil, string|nil", "padding is optional"),
    ),
    "url": (
        _f("encode", "s: string", "string", "percent-encode all but unreserved characters"),
        _f("decode", "s: string", "string", "percent-decode"),
        _f("parse", "s: string", "Url|nil, string|nil", "scheme, host, port, path, query, fragment"),
    ),
    "hash": (
        _f("sha256", "s: string", "string", "hexadecimal"),
        _f("sha1", "s: string", "string", "hexadecimal; not for security"),
        _f("md5", "s: string", "string", "hexadecimal; not for security"),
        _f("crc32", "s: string", "integer", "of zlib"),
        _f("number", "s: string, below?: integer", "integer", "0 to below: the same in all processes and for all time"),
    ),
    "crypto": (
        _f("hmac", "key: string, s: string, digest?: string", "string", "hexadecimal; sha256, or sha384, sha512, sha1"),
        _f("equal", "a: string, b: string", "boolean", "compare secrets"),
        _f("seal", "key: string, s: string, about?: string", "string", "encrypt and sign (AES-256-GCM), as URL-safe text"),
        _f("open", "key: string, sealed: string, about?: string", "string|nil, string|nil", "what was sealed, or nil and why not"),
        _f("hex", "s: string", "string", "bytes in hexadecimal"),
    ),
    "jwt": (
        _f("verify", "token: string, key: string, options?: {algorithms?: string[], audience?: string, issuer?: string, leeway?: string|number}",
           "table|nil, string|nil", "the claims, or nil and why it is not good; HS256 unless said otherwise"),
    ),
    "ip": (
        _f("valid", "s: string", "boolean", "whether it is an address"),
        _f("within", "address: string, network: string", "boolean", "whether it is in 10.0.0.0/8 and the like"),
        _f("version", "s: string", "integer|nil", "4, 6 or nil"),
    ),
    "time": (
        _f("now", "", "number", "seconds since 1970"),
        _f("monotonic", "", "number", "seconds of a clock that is never set"),
        _f("format", "form: string, seconds?: number", "string", "in UTC, by the letters of strftime"),
        _f("http", "seconds?: number", "string", "an HTTP date"),
        _f("parse_http", "s: string", "number|nil, string|nil", "seconds of an HTTP date"),
        _f("seconds", "duration: string|number", "number", "of 10s, 5m and the like"),
    ),
    "random": (
        _f("number", "low?: integer, high?: integer", "number", "whole, both included; without limits from 0 to 1"),
        _f("token", "bytes?: integer", "string", "URL-safe text that nobody guesses (16 bytes)"),
        _f("bytes", "count: integer", "string", "likewise, raw"),
    ),
    "log": (
        _f("debug", "message: string, fields?: table", "", "a line for the program's log"),
        _f("info", "message: string, fields?: table", "", "likewise"),
        _f("warn", "message: string, fields?: table", "", "likewise"),
        _f("error", "message: string, fields?: table", "", "likewise"),
        _f("field", "name: string, value: string|number|boolean", "", "a field of the access log, at most 32 for an exchange"),
    ),
    "metrics": (
        _f("counter", "name: string, labels?: table<string, string>", "Counter", "made once; then counter:add(1)"),
        _f("gauge", "name: string, labels?: table<string, string>", "Gauge", "made once; then gauge:set(5)"),
    ),
    "http": (
        _w("fetch", "pool: string, options?: FetchOptions", "Fetched", "one request to a server of a pool; with `tls` in HTTPS, to the certificate of that name or of its address"),
        _w("get", "pool: string, path: string, headers?: table<string, string>", "Fetched", "likewise"),
        _w("post", "pool: string, path: string, body: string, headers?: table<string, string>", "Fetched", "likewise"),
    ),
    "bit": (
        _f("band", "...: integer", "integer", "and"),
        _f("bor", "...: integer", "integer", "or"),
        _f("bxor", "...: integer", "integer", "exclusive or"),
        _f("bnot", "a: integer", "integer", "not"),
        _f("lshift", "a: integer, n: integer", "integer", "to the left"),
        _f("rshift", "a: integer, n: integer", "integer", "to the right, zeros come in"),
    ),
}  # fmt: skip

# Methods, called with a colon. The first name is that of the type for editors.
METHODS: dict[str, tuple[Function, ...]] = {
    "RuleTable": (
        _f("get", "key: string", "string|number|boolean|nil", "the value of a key"),
        _f("set", "key: string, value: string|number|boolean, ttl?: string|number", "", "set it; ttl 0 is for ever"),
        _f("add", "key: string, value: string|number|boolean, ttl?: string|number", "boolean", "set it if there is none; whether it was set"),
        _f("incr", "key: string, by?: number, ttl?: string|number", "number", "count up; the ttl runs from when the key was made"),
        _f("rate", "key: string, window: string|number", "number", "count one; how many there were in the last window"),
        _f("take", "key: string, per_second: number, burst?: number", "boolean, number", "take a token; and seconds until there is one again"),
        _f("ttl", "key: string", "number|nil", "seconds that a value still has"),
        _f("delete", "key: string", "", "forget it"),
        _f("size", "", "integer", "how many keys there are"),
    ),
    "RuleList": (
        _f("has", "value: string|nil", "boolean", "whether an entry fits"),
        _f("get", "value: string|nil", "string|nil", "the value of the entry that fits best"),
        _f("size", "", "integer", "how many entries there are"),
    ),
    "Pool": (
        _f("servers", "", "Server[]", "all of them, in the order of the configuration"),
        _f("server", "name: string", "Server|nil", "the one of that name"),
        _f("size", "", "integer", "how many there are"),
        _f("healthy", "", "integer", "how many may take new clients"),
    ),
    "Server": (
        _f("drain", "", "", "no new clients"),
        _f("maint", "", "", "no clients at all"),
        _f("ready", "", "", "all clients again"),
        _f("set_weight", "weight: integer", "", "its share of new work, 0 to 65535"),
    ),
    "Probe": (
        _f("send", "data: string", "", "say something to the server"),
        _w("read", "bytes?: integer", "string|nil", "what it says next, or so many bytes of it; nil once it has closed"),
        _w("read_line", "", "string|nil", "its next line, without the line end; nil if it closes before"),
        _w("http", "request?: ProbeRequest", "ProbeAnswer|nil, string|nil", "ask it in HTTP/1.1 and read the answer, at most 64 KiB; or nil and what is wrong"),
    ),
    "Expression": (
        _f("test", "s: string", "boolean", "whether it is found anywhere"),
        _f("match", "s: string", "string|nil ...", "its groups where it is found first, or all of it"),
        _f("replace", "s: string, by: string", "string", "all that is found; \\1 is a group"),
    ),
    "Headers": (
        _f("get", "name: string", "string|nil", "the same as headers[name]"),
        _f("all", "name: string", "string[]", "all values of that name"),
        _f("set", "name: string, value: string|number|boolean", "", "the same as headers[name] = value"),
        _f("add", "name: string, value: string|number|boolean", "", "one more, after the others"),
        _f("remove", "name: string", "", "the same as headers[name] = nil"),
        _f("each", "", "fun(): string, string", "for name, value in headers:each(); changing them is fine"),
    ),
    "Cookies": (
        _f("get", "name: string", "string|nil", "the same as cookies[name]"),
        _f("set", "name: string, value: string", "", "the same as cookies[name] = value"),
        _f("remove", "name: string", "", "the same as cookies[name] = nil"),
    ),
    "Arguments": (
        _f("get", "name: string", "string|nil", "the same as args[name]"),
        _f("all", "name: string", "string[]", "all values of that name"),
        _f("set", "name: string, value: string", "", "the same as args[name] = value"),
        _f("remove", "name: string", "", "the same as args[name] = nil"),
    ),
    "SetCookies": (
        _f("get", "name: string", "string|nil", "the value that it is set to"),
        _f("names", "", "string[]", "of all that are set"),
        _f("attribute", "name: string, attribute: string", "string|nil", "an attribute, empty if it has no value"),
        _f("set", "name: string, value: string, attributes?: CookieAttributes", "", "set one in place of those of its name"),
        _f("change", "name: string, attributes: CookieAttributes", "", "change attributes; \"*\" is all cookies"),
        _f("remove", "name: string", "", "do not set it"),
    ),
}  # fmt: skip

# Objects that are plain: name of the type -> its fields with their types.
PLAIN: dict[str, dict[str, str]] = {
    "Ctx": {
        "pool": "string|nil", "server": "string|nil", "request_body": "boolean|nil",
        "request_chunk": "boolean|nil", "response_body": "boolean|nil",
        "response_chunk": "boolean|nil", "[string]": "any",
    },
    "Failure": {"server": "string", "attempt": "integer", "phase": "string", "message": "string"},
    "Fetched": {"status": "integer", "body": "string", "headers": "table<string, string>"},
    "FetchOptions": {
        "method": "string|nil", "path": "string|nil", "body": "string|nil",
        "headers": "table<string, string>|nil", "tls": "boolean|string|nil",
    },
    "ProbedServer": {"name": "string", "address": "string"},
    "ProbeRequest": {
        "method": "string|nil", "path": "string|nil", "host": "string|nil",
        "headers": "table<string, string>|nil", "body": "string|nil",
    },
    "ProbeAnswer": {"status": "integer", "body": "string", "headers": "table<string, string>"},
    "CookieAttributes": {
        "secure": "boolean|nil", "httponly": "boolean|nil", "samesite": "string|nil",
        "domain": "string|false|nil", "path": "string|nil", "max_age": "number|nil",
    },
    "Url": {
        "scheme": "string", "host": "string|nil", "port": "integer|nil", "path": "string",
        "query": "string", "fragment": "string",
    },
    "Server": {
        "name": "string", "address": "string", "weight": "integer", "state": "string",
        "active": "integer", "healthy": "boolean",
    },
    "Counter": {"add": "fun(self: Counter, by?: number)"},
    "Gauge": {"set": "fun(self: Gauge, value: number)"},
    "Verb": {},
}  # fmt: skip
