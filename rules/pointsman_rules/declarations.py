"""The rule API as data: the facade, the manual and the editor's definitions come from here."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of an object: its type, what it is, and whether rules may write it.

    A ``part`` is an object of its own.
    """

    name: str
    kind: str
    doc: str
    writable: bool = False
    part: bool = False


class Event(NamedTuple):
    """When it happens, what a function for it is given, what it may return, if it may wait."""

    name: str
    arguments: str
    verbs: tuple[str, ...]
    waits: bool
    doc: str


class Function(NamedTuple):
    """A function or method: its parameters, what it returns, and what it does."""

    name: str
    parameters: str
    returns: str
    doc: str
    waits: bool = False


ANSWERS = ("respond", "redirect", "refuse")
_CUT = ("text", *ANSWERS, "close", "reset")
_BACK = (*ANSWERS, "retry", "pool", "server")

# In the order in which traffic meets them.
EVENTS = (
    Event("load", "", (), False,
          "all files of the service were loaded; an error refuses the configuration"),
    Event("connection", "client: Client, ctx: Ctx", ("pool", "server", "close", "reset"), True,
          "a client connected"),
    Event("client_hello", "client: Client, ctx: Ctx", ("pool", "server", "close", "reset"), True,
          "TLS that passes through has said what it wants (client.sni, client.alpn)"),
    Event("tls", "client: Client, ctx: Ctx", ("pool", "server", "close", "reset"), True,
          "the handshake with the client is done"),
    Event("data", "client: Client, ctx: Ctx, data: string, more: boolean",
          ("pool", "server", "replace", "more", "close", "reset"), True,
          "tcp mode: what the client has said before a server is chosen"),
    Event("request", "req: Req, ctx: Ctx", (*ANSWERS, "pool", "server", "close", "reset"), True,
          "the head of a request was read; all of it may be changed"),
    Event("request_body", "req: Req, body: string, ctx: Ctx", ("text", *ANSWERS), True,
          "the whole body of a request, up to limits.body; a string takes its place"),
    Event("request_chunk", "req: Req, chunk: string, last: boolean, ctx: Ctx", _CUT, True,
          "a part of the body of a request; a string takes its place"),
    Event("select", "req: Req, servers: string[], ctx: Ctx", ("text", "server", *ANSWERS), False,
          "no pin says where it belongs: the name of one of these servers, or nothing"),
    Event("selected", "req: Req, ctx: Ctx, server: string", _BACK, True,
          "a server was chosen, before it is connected"),
    Event("connect_failed", "req: Req, ctx: Ctx, failure: Failure", _BACK, True,
          "a server could not be reached"),
    Event("upstream_request", "req: Req, up: Up, ctx: Ctx", ANSWERS, True,
          "just before the request is sent, at each attempt; up is the copy for this server"),
    Event("response", "req: Req, res: Res, ctx: Ctx", (*ANSWERS, "retry", "close", "reset"), True,
          "the head of a response, whosesoever (res.source); nothing of it was sent on"),
    Event("response_body", "req: Req, res: Res, body: string, ctx: Ctx", ("text", *ANSWERS), True,
          "the whole body of a response, up to limits.body; a string takes its place"),
    Event("response_chunk", "req: Req, res: Res, chunk: string, last: boolean", _CUT, True,
          "a part of the body of a response; a string takes its place; a verb cuts what is sent"),
    Event("error", "req: Req, res: Res, ctx: Ctx", (*ANSWERS, "close", "reset"), True,
          "pointsman itself makes an error page, which is res"),
    Event("log", "req: Req, ctx: Ctx, record: Record", (), False,
          "the exchange is over: only log fields and metrics can be added"),
    Event("close", "client: Client, ctx: Ctx", (), False, "a client's connection is closed"),
    Event("server_state", "pool: string, server: string, old: string, new: string", (), True,
          "a server changed its state: up, down, checking, draining or disabled"),
    Event("health", "server: ProbedServer, probe: Probe", ("up", "down", "degraded"), True,
          "health checks of the kind `lua`: the server is connected; nothing returned is up"),
    Event("unload", "", (), False, "these rules are replaced, or the service stops"),
)  # fmt: skip


def _f(name: str, kind: str, doc: str) -> Field:
    return Field(name, kind, doc)


def _w(name: str, kind: str, doc: str) -> Field:
    return Field(name, kind, doc, writable=True)


def _p(name: str, kind: str, doc: str) -> Field:
    return Field(name, kind, doc, part=True)


# Objects whose fields are asked of the host.
OBJECTS: dict[str, tuple[Field, ...]] = {
    "req": (
        _w("method", "string", "GET and the like"),
        _w("path", "string", "path of the target, not decoded"),
        _w("query", "string", "what follows the ?, without it"),
        _w("target", "string", "the whole request target"),
        _w("host", "string", "value of Host; writing it changes the field as well"),
        _f("version", "string", "1.0 or 1.1"),
        _f("scheme", "string", "https if TLS was taken off this connection, else http"),
        _f("id", "string", "the request id, as in the access log"),
        _f("service", "string", "name of the virtual service"),
        _f("length", "integer|nil", "bytes of body, nil if that is not known beforehand"),
        _f("idempotent", "boolean", "GET, HEAD, PUT and the like: may be sent again"),
        _f("pool", "string", "name of the pool that it goes to"),
        _f("server", "string", "name of the server that has it, or had it last; empty before"),
        _f("pin", "string", "how that was chosen: pinned, new, none or rule"),
        _f("attempts", "integer", "how many servers were tried"),
        _f("may_retry", "boolean", "whether retry() would be done now without unsafe = true"),
        _f("ip", "string", "the same as req.client.ip"),
        _p("headers", "Headers", "header fields"),
        _p("cookies", "Cookies", "cookies that the client sent"),
        _p("args", "Arguments", "decoded arguments of the query"),
        _p("client", "Client", "the client"),
    ),
    "res": (
        _w("status", "integer", "of the response"),
        _f("reason", "string", "reason phrase"),
        _f("source", "string", "whose response it is: upstream, rule or proxy"),
        _f("server", "string", "name of the server"),
        _f("length", "integer|nil", "bytes of body, nil if that is not known beforehand"),
        _f("connect_time", "number|nil", "seconds until the server was connected"),
        _f("first_byte_time", "number|nil", "seconds until its response began"),
        _p("headers", "Headers", "header fields"),
        _p("cookies", "SetCookies", "cookies that are set"),
    ),
    "up": (
        _f("method", "string", "of the copy for this server"),
        _w("path", "string", "likewise"),
        _w("query", "string", "likewise"),
        _w("target", "string", "likewise"),
        _w("host", "string", "likewise"),
        _f("server", "string", "name of the server"),
        _p("headers", "Headers", "header fields of the copy"),
    ),
    "client": (
        _f("ip", "string", "its address, the real one behind trusted proxies"),
        _f("peer_ip", "string", "where the connection comes from"),
        _f("port", "integer", "likewise"),
        _f("local_ip", "string", "the address that it came to"),
        _f("local_port", "integer", "likewise"),
        _f("secure", "boolean", "whether TLS was taken off"),
        _f("sni", "string|nil", "the name that it asked for, in passthrough as well"),
        _f("alpn", "string", "protocols that it offers, with commas, if its TLS passes through"),
        _p("tls", "Tls|false", "what the handshake told, false without TLS"),
    ),
    "tls": (
        _f("sni", "string", "the name that the client asked for"),
        _f("summary", "string", "version and cipher"),
        _f("verified", "string|nil", "SUCCESS or NONE, if a certificate was asked for"),
        _f("subject", "string|nil", "of the client's certificate, if tls.client forwards it"),
        _f("issuer", "string|nil", "likewise"),
        _f("serial", "string|nil", "likewise"),
        _f("fingerprint", "string|nil", "likewise"),
        _f("certificate", "string|nil", "likewise: PEM, percent-encoded"),
    ),
    "record": (
        _f("status", "integer", "that the client got, 0 if none"),
        _f("source", "string", "whose response it was"),
        _f("server", "string", "who had it last"),
        _f("pool", "string", "where it went"),
        _f("pin", "string", "how the server was chosen"),
        _f("attempts", "integer", "how many servers were tried"),
        _f("termination", "string", "how it ended: ok, client_aborted and the like"),
        _f("bytes_in", "integer", "of the body of the request"),
        _f("bytes_out", "integer", "of the body of the response"),
        _f("connect_time", "number|nil", "seconds until the server was connected"),
        _f("first_byte_time", "number|nil", "seconds until its response began"),
        _f("total_time", "number", "seconds from the first byte to the end"),
    ),
}
