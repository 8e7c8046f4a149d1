"""Taking a coding off: in any pieces, of bounded size, and never believing a broken one."""

from __future__ import annotations

import gzip
import itertools
import sys
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core import codings as codings_module
from pointsman.core.codings import PIECE, BrotliDecoder, CodingError, Decoder, decoder_for

TEXT = b"a line of text, again and again\n" * 40


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def decoded(decoder: Decoder, coded: bytes, cuts: list[int]) -> bytes:
    places = sorted({0, len(coded), *(cut % (len(coded) + 1) for cut in cuts)})
    parts = [coded[a:b] for a, b in itertools.pairwise(places)] or [b""]
    found = b""
    for number, part in enumerate(parts):
        decoder.feed(part, number == len(parts) - 1)
        while piece := decoder.piece():
            assert len(piece) <= PIECE
            found += piece
    return found


@given(st.binary(max_size=3000), st.lists(st.integers(0, 5000)), st.sampled_from(["g", "z", "r"]))
def test_any_split_gives_the_same(data: bytes, cuts: list[int], how: str) -> None:
    coded = gzip.compress(data) if how == "g" else zlib.compress(data)
    if how == "r":
        coded = raw_deflate(data)
    assert decoded(Decoder(how == "g"), coded, cuts) == data


@given(st.lists(st.integers(0, 500)))
def test_gzip_may_have_several_members_and_padding(cuts: list[int]) -> None:
    coded = gzip.compress(TEXT) + gzip.compress(b"more") + b"\0\0\0"
    assert decoded(Decoder(True), coded, cuts) == TEXT + b"more"


def test_a_bomb_comes_out_in_pieces() -> None:
    decoder = Decoder(True)
    decoder.feed(gzip.compress(b"\0" * 3_000_000), True)
    assert len(decoder.piece()) == PIECE


@pytest.mark.parametrize("cuts", [[], [1], [5, 9], list(range(60))])
@pytest.mark.parametrize(
    ("gzipped", "coded"),
    [
        (True, gzip.compress(TEXT)[:-5]),
        (True, gzip.compress(TEXT)[:4]),
        (True, b"no gzip at all"),
        (False, zlib.compress(TEXT)[:-5]),
        (False, zlib.compress(TEXT)[:1]),
        (False, b"\xff\xff\xff\xff"),
    ],
)
def test_what_is_broken_or_breaks_off_is_an_error(
    gzipped: bool, coded: bytes, cuts: list[int]
) -> None:
    with pytest.raises(CodingError):
        decoded(Decoder(gzipped), coded, cuts)


def test_a_body_of_nothing_is_nothing() -> None:
    assert decoded(Decoder(True), b"", []) == b""
    assert decoded(Decoder(False), b"", []) == b""


def test_only_some_codings_can_be_taken_off() -> None:
    assert decoder_for([b"gzip"]) is not None
    assert decoder_for([b"x-gzip"]) is not None
    assert decoder_for([b"deflate"]) is not None
    assert decoder_for([b"zstd"]) is None
    assert isinstance(decoder_for([b"br"]), BrotliDecoder)
    assert decoder_for([b"gzip", b"gzip"]) is None


@given(st.binary(max_size=3000), st.lists(st.integers(0, 5000)))
def test_brotli_comes_out_as_it_went_in(data: bytes, cuts: list[int]) -> None:
    assert decoded(BrotliDecoder(brotli), brotli.compress(data), cuts) == data


def test_a_bomb_of_brotli_comes_out_in_pieces() -> None:
    decoder = BrotliDecoder(brotli)
    decoder.feed(brotli.compress(b"\0" * 30_000_000), True)
    count = 0
    while piece := decoder.piece():
        assert len(piece) <= PIECE
        count += len(piece)
    assert count == 30_000_000


@pytest.mark.parametrize("cuts", [[], [1], [5, 9]])
@pytest.mark.parametrize("coded", [brotli.compress(TEXT)[:-3], b"no brotli at all" * 9])
def test_broken_brotli_is_told(coded: bytes, cuts: list[int]) -> None:
    with pytest.raises(CodingError):
        decoded(BrotliDecoder(brotli), coded, cuts)


def test_without_the_library_brotli_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    codings_module._brotli.cache_clear()
    monkeypatch.setitem(sys.modules, "brotli", None)
    assert decoder_for([b"br"]) is None
    codings_module._brotli.cache_clear()
