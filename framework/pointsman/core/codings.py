"""Content codings that can be taken off a body, in pieces of bounded size (RFC 9110 8.4.1)."""

from __future__ import annotations

import importlib
import zlib
from functools import lru_cache
from typing import Any, Final

# What comes out at a time; whoever reads slowly has no more than this waiting for him.
PIECE: Final = 64 * 1024

_GZIP: Final = 16 + zlib.MAX_WBITS


class CodingError(Exception):
    """The body is not what its Content-Encoding says, or breaks off."""


class Decoder:
    """Takes gzip or deflate off a body.

    Args:
        gzip: or deflate, with or without the header of zlib: servers send both.
    """

    __slots__ = ("_begun", "_ended", "_gzip", "_in", "_inflate", "_last")

    def __init__(self, gzip: bool) -> None:
        self._gzip = gzip
        self._inflate: Any = zlib.decompressobj(_GZIP) if gzip else None
        self._in = b""
        self._last = False
        self._begun = False
        self._ended = False

    def feed(self, data: bytes, last: bool) -> None:
        """More coded bytes."""
        self._in = self._in + data if self._in else data
        self._last = last
        self._begun = self._begun or bool(data)

    def piece(self) -> bytes:
        """The next decoded bytes, at most PIECE; b"" if more has to be fed first, or at the end.

        Raises:
            CodingError: it is not what it should be.
        """
        if self._inflate is None and not self._know_header():
            return b""
        while self._in and not self._is_over():
            inflate = self._inflate
            try:
                found: bytes = inflate.decompress(self._in, PIECE)
            except zlib.error as error:
                raise CodingError(f"the coding is broken: {error}") from None
            self._in = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            self._ended = inflate.eof
            if found:
                return found
        if self._last and self._begun and not self._ended:
            return self._rest()
        return b""

    def _rest(self) -> bytes:
        """What zlib itself still holds back when all input is there."""
        inflate = self._inflate
        found: bytes = inflate.decompress(b"", PIECE)
        if not found and not inflate.eof:
            raise CodingError("the coded body breaks off")
        self._ended = inflate.eof
        return found

    def _is_over(self) -> bool:
        # RFC 1952 section 2.2: further members may follow; some writers pad with zeros.
        if self._ended and self._gzip and self._in.startswith(b"\x1f"):
            self._inflate = zlib.decompressobj(_GZIP)
            self._ended = False
        return self._ended

    def _know_header(self) -> bool:
        """Find out whether deflate comes with a header (RFC 1950 section 2.2) or without."""
        if len(self._in) < 2 and not (self._last and self._in):
            return False
        start = self._in[:2]
        headed = len(start) == 2 and start[0] & 15 == 8 and int.from_bytes(start, "big") % 31 == 0
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)
        return True


class BrotliDecoder(Decoder):
    """Takes Brotli (RFC 7932) off a body.

    Args:
        brotli: the module of that name.
    """

    __slots__ = ("_broken", "_brotli", "_out")

    def __init__(self, brotli: Any) -> None:
        super().__init__(False)
        self._brotli: Any = brotli.Decompressor()
        self._broken: Any = brotli.error
        self._out = b""

    def piece(self) -> bytes:
        """The next decoded bytes; see ``Decoder``.

        Raises:
            CodingError: it is not what it should be.
        """
        out = self._out or self._more()
        self._out = out[PIECE:]
        return out[:PIECE]

    def _more(self) -> bytes:
        brotli = self._brotli
        while not brotli.is_finished():
            data = b""
            if brotli.can_accept_more_data():
                data, self._in = self._in, b""
            try:
                # It may give somewhat more than it is asked for, and never much more.
                found: bytes = brotli.process(data, output_buffer_limit=PIECE)
            except self._broken as error:
                raise CodingError(f"the coding is broken: {error}") from None
            if found:
                return found
            if not data:
                break  # it wants more than there is
        if brotli.is_finished():
            self._in = b""
        elif self._last and self._begun:
            raise CodingError("the coded body breaks off")
        return b""


@lru_cache(maxsize=1)
def _brotli() -> Any:
    """The module, if it is installed."""
    try:
        return importlib.import_module("brotli")
    except ImportError:
        return None


def decoder_for(codings: list[bytes]) -> Decoder | None:
    """A decoder for the value of Content-Encoding, or None if nobody here can decode that.

    Args:
        codings: in lower case, in the order in which they were applied.
    """
    if codings in ([b"gzip"], [b"x-gzip"]):
        return Decoder(True)
    if codings == [b"br"]:
        brotli = _brotli()
        return None if brotli is None else BrotliDecoder(brotli)
    return Decoder(False) if codings == [b"deflate"] else None
