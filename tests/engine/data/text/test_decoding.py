"""Bytes that are text in some encoding, and bytes that are none."""

from __future__ import annotations

import codecs
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text.decoding import Decoder, detect
from engine.errors import DataError

TEXT = "A naïve café.\nZwei Füße: 猫 and 🐈.\n"


def decode(data: bytes, asked: str = "", piece: int = 5) -> str:
    encoding, mark = detect("f", data[:65536], asked)
    decoder = Decoder("f", encoding, mark)
    pieces = [data[first : first + piece] for first in range(mark, len(data), piece)] or [b""]
    return "".join(decoder.decode(part, is_last=n + 1 == len(pieces)) for n, part in enumerate(pieces))


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 mark", "utf-16 mark", "utf-16-be mark", "utf-32 mark", "utf-16-le", "utf-16-be"],
)
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_encodings_are_found_out(data: bytes, piece: int) -> None:
    assert decode(data, piece=piece) == TEXT


def test_latin_1_is_read_when_it_is_asked_for() -> None:
    assert decode("naïve\n".encode("latin-1"), "latin-1") == "naïve\n"
    assert decode("“it’s” – Ÿ\n".encode("cp1252"), "latin-1") == "“it’s” – Ÿ\n"
    assert decode(b"a\x81b", "latin-1") == "a b"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.integers(1, 9))
def test_line_ends_are_one_sign_however_the_pieces_fall(text: str, piece: int) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert decode(codecs.BOM_UTF8 + text.encode(), piece=piece) == plain


@pytest.mark.parametrize("piece", [1, 4, 1000])
def test_a_bad_byte_is_named_with_its_place(piece: int) -> None:
    with pytest.raises(DataError) as caught:
        decode("ä one\ntwo\nthr\xe9e\n".encode("latin-1").replace(b"\xe4", "ä".encode()), piece=piece)
    assert "byte 0xe9 at offset 14 (line 3) is not UTF-8" in caught.value.message
    assert "f:latin-1" in caught.value.remedy


def test_a_sign_that_is_cut_off_at_the_end_is_named() -> None:
    with pytest.raises(DataError, match=r"0xc3 at offset 3 \(line 1\)"):
        decode(b"abc\xc3")


def test_half_a_utf_16_sign_is_named() -> None:
    with pytest.raises(DataError, match=r"at offset 6 \(line 1\) is not UTF-16-LE"):
        decode(codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"\x00\xdc" + "c".encode("utf-16-le"))


@pytest.mark.parametrize("piece", [2, 1000])
def test_a_nul_byte_makes_a_file_binary(piece: int) -> None:
    with pytest.raises(DataError, match=r"NUL byte at offset 9 \(line 2\): this is a binary file"):
        decode(b"one two\nt\0o\n" + b"words " * 100, piece=piece)


def test_a_nul_byte_is_named_in_latin_1_too() -> None:
    with pytest.raises(DataError, match=r"NUL byte at offset 3 \(line 1\)"):
        decode(b"a\x93b\0c", "latin-1")


@pytest.mark.parametrize(
    ("data", "kind"),
    [(gzip.compress(b"words", mtime=0), "gzip"), (b"PK\x03\x04rest", "zip"), (b"%PDF-1.7", "PDF")],
)
def test_packed_files_are_called_what_they_are(data: bytes, kind: str) -> None:
    with pytest.raises(DataError, match=f"is a {kind} file, expected text"):
        decode(data)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_text_or_refused(data: bytes, piece: int) -> None:
    try:
        assert "\0" not in decode(data, piece=piece)
    except DataError as error:
        assert error.message.startswith("f")
