"""A cookie of ours on its way: written into answers, taken out of requests."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.model.cookies import cookie_of
from pointsman.model.message import RequestHead, ResponseHead
from pointsman_persistence.privacy import mark_private


@dataclass(frozen=True)
class Inserted:
    """How the cookie is called and written.

    Attributes:
        name: of the cookie.
        attributes: what follows its value, such as ``; Path=/; HttpOnly``.
        secure: whether Secure is among them always (True), never (False), or where the client
            uses TLS (None).
        caches: what the answer says to caches: "private", "no_store" or "untouched".
        strip: whether servers are not to see it.
    """

    name: bytes
    attributes: bytes = b"; Path=/; HttpOnly"
    secure: bool | None = None
    caches: str = "private"
    strip: bool = False

    def put_in(self, head: ResponseHead, value: bytes, *, secure: bool) -> None:
        """Let the answer set the cookie; ``secure`` if the client uses TLS."""
        if self.caches != "untouched":
            mark_private(head, store=self.caches == "private")
        with_tls = secure if self.secure is None else self.secure
        line = b"%b=%b%b%b" % (
            self.name, value, self.attributes, b"; Secure" if with_tls else b""
        )  # fmt: skip
        head.headers.add(b"Set-Cookie", line)

    def take_out(self, head: RequestHead) -> None:
        """Let the request be without the cookie."""
        if cookie_of(head, self.name) is None:
            return
        lines = head.headers.get_all(b"cookie")
        head.headers.remove(b"cookie")
        for line in lines:
            others = [
                part.strip(b" \t")
                for part in line.split(b";")
                if part.partition(b"=")[0].strip(b" \t") != self.name
            ]
            if rest := b"; ".join(part for part in others if part):
                head.headers.add(b"Cookie", rest)
