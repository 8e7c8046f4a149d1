"""Running sites with TLS: certificates on disk, clients and servers of TLS over real sockets."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit.certificates import Authority, Issued
from kit.plays import Conversation
from kit.raw_clients import RawClient
from kit.tls import show

NAME = "pool.example"
ROOT = Authority.root()
LEAF = ROOT.leaf(NAME, "localhost", "127.0.0.1")
OTHER = ROOT.leaf("other.example", kind="rsa")


def sections(folder: Path) -> dict[str, Any]:
    """Write certificates into a folder; the sections of a configuration that name them."""
    write_private(folder / "pool.pem", LEAF.pem)
    write_private(folder / "other.pem", OTHER.pem)
    (folder / "root.pem").write_bytes(ROOT.certificate_pem)
    return {
        "certificates": {"pool": {"pem": "pool.pem"}, "other": {"pem": "other.pem"}},
        "intermediates": {"root": {"file": "root.pem"}},
    }


def write_private(path: Path, data: bytes) -> None:
    """Write a key so that nobody else may read it."""
    path.touch(0o600)
    path.write_bytes(data)


def client_context() -> ssl.SSLContext:
    """A client that verifies us."""
    return ssl.create_default_context(cadata=ROOT.certificate_pem.decode())


class TlsClient(RawClient):
    """A raw client with TLS; an end without close_notify is an error to it."""

    def __init__(
        self, place: tuple[str, int], name: str = NAME, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(place)
        plain = self.sock
        self.sock = (context or client_context()).wrap_socket(
            plain, server_hostname=name, suppress_ragged_eofs=False
        )


def over_tls(
    plays: Callable[[Conversation], None], leaf: Issued = LEAF
) -> Callable[[Conversation], None]:
    """Let a real server play over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    show(context, leaf)

    def play(conversation: Conversation) -> None:
        with contextlib.suppress(OSError):  # whoever leaves early
            conversation.sock = context.wrap_socket(conversation.sock, server_side=True)
            plays(conversation)

    return play
