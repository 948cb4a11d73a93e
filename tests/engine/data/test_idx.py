"""The strict IDX reader: whatever is wrong is named with its file and offset; nothing is believed."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.data.idx import digest_idx, read_idx
from engine.errors import DataError
from tests.engine.data.idx_files import header, idx_bytes

LIMIT = 1 << 16
MANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PICTURES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def refuse(path: Path, content: bytes, limit: int = LIMIT) -> str:
    """The one line with which these bytes are refused."""
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_idx(path, max_items=limit)
    line = str(refused.value)
    assert str(path) in line and "\n" not in line
    return line


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_array_comes_back_as_it_was_written(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "file").write_bytes(pack(idx_bytes(PICTURES)))
    np.testing.assert_array_equal(read_idx(tmp_path / "file", max_items=LIMIT), PICTURES)


def test_the_array_may_be_written_to(tmp_path: Path) -> None:
    """Frameworks warn about memory they share but may not write."""
    (tmp_path / "file").write_bytes(idx_bytes(PICTURES))
    assert read_idx(tmp_path / "file", max_items=LIMIT).flags.writeable


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(idx_bytes(PICTURES))
    assert read_idx(tmp_path / "file.gz", max_items=LIMIT).shape == PICTURES.shape


def test_a_gzip_file_of_several_members_is_one_file(tmp_path: Path) -> None:
    content = idx_bytes(PICTURES)
    (tmp_path / "file").write_bytes(gzip.compress(content[:9]) + gzip.compress(content[9:]))
    np.testing.assert_array_equal(read_idx(tmp_path / "file", max_items=LIMIT), PICTURES)


def test_the_digest_is_that_of_the_unpacked_file() -> None:
    assert digest_idx(PICTURES) == hashlib.sha256(idx_bytes(PICTURES)).hexdigest()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends at offset 0, inside the header"),
        (b"\0", "ends at offset 1, inside the header"),
        (b"<!DOCTYPE html>", "magic number 0x3c21444f at offset 0"),
        (header(2, kind=0x0A), "data type 0x0a at offset 2"),
        (header(2, kind=0x0D), "data type 0x0d at offset 2"),
        (header(), "0 dimensions at offset 3"),
        (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"a", "255 dimensions at offset 3"),
        (b"\0\0\x08\x03\0\0\0\x01", "ends at offset 8, inside the header: expected at least 16"),
        (header(5, 0, 3), "dimension 1 at offset 8 is 0"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1), f"{(2**32 - 1) ** 3} items, more than the limit"),
        (header(2**16, 2**16, 2**16, 2**16), f"{2**64} items, more than the limit"),
        (header(7) + b"abc", "ends at offset 11, expected 15 bytes for 7 items"),
        (header(7), "ends at offset 8, expected 15 bytes"),
        (header(3) + b"abcd", "has more data after offset 11"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_wrong_content_is_named_with_its_offset(
    tmp_path: Path, content: bytes, words: str, pack: type[bytes]
) -> None:
    assert words in refuse(tmp_path / "file", pack(content))


def test_gzip_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(idx_bytes(PICTURES))
    for length in range(len(packed)):
        refuse(tmp_path / "file", packed[:length])


def test_gzip_with_any_bit_of_its_data_or_checksum_flipped_is_refused_or_means_the_same(
    tmp_path: Path,
) -> None:
    packed = gzip.compress(idx_bytes(PICTURES), mtime=0)
    path = tmp_path / "file"
    for position in range(10, len(packed)):
        for bit in range(8):
            damaged = bytearray(packed)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                np.testing.assert_array_equal(read_idx(path, max_items=LIMIT), PICTURES)
            except DataError as error:
                assert str(path) in str(error)


def test_damaged_gzip_names_the_offset_it_came_to(tmp_path: Path) -> None:
    random = np.random.default_rng(1).integers(0, 256, 50_000, dtype=np.uint8)
    packed = bytearray(gzip.compress(idx_bytes(random)))
    packed[-8] ^= 1
    assert "damaged gzip data after offset 50008: CRC check failed" in refuse(
        tmp_path / "file", bytes(packed)
    )


def test_bytes_after_the_gzip_data_are_refused(tmp_path: Path) -> None:
    assert "gzip" in refuse(tmp_path / "file", gzip.compress(idx_bytes(PICTURES)) + b"more")


def test_a_gzip_bomb_is_unpacked_no_further_than_its_header_allows(tmp_path: Path) -> None:
    bomb = gzip.compress(header(100) + bytes(1 << 28), compresslevel=6)
    (tmp_path / "bomb.gz").write_bytes(bomb)
    assert len(bomb) < 1 << 20
    del bomb
    tracemalloc.start()
    with pytest.raises(DataError, match="has more data after offset 108"):
        read_idx(tmp_path / "bomb.gz", max_items=LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_declared_size_beyond_the_limit_allocates_nothing(tmp_path: Path) -> None:
    tracemalloc.start()
    assert "more than the limit of 65536" in refuse(tmp_path / "file", header(LIMIT + 1) + b"abc")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LIMIT


def test_a_size_that_memory_cannot_hold_is_one_clear_line(tmp_path: Path) -> None:
    assert "no memory for 2147483648 x 1073741824 items" in refuse(
        tmp_path / "file", header(2**31, 2**30), limit=2**62
    )


def test_a_folder_or_a_pipe_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent"):
        with pytest.raises(DataError, match=str(path)):
            read_idx(path, max_items=LIMIT)


@MANY
@given(
    array=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, max_side=6)), pack=st.booleans()
)
def test_every_array_survives_the_round_trip(tmp_path: Path, array: np.ndarray, pack: bool) -> None:
    content = idx_bytes(array)
    (tmp_path / "file").write_bytes(gzip.compress(content) if pack else content)
    back = read_idx(tmp_path / "file", max_items=LIMIT)
    assert back.shape == array.shape and back.tobytes() == array.tobytes()


@MANY
@given(content=st.binary(max_size=64))
def test_whatever_the_bytes_the_answer_is_an_array_or_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        array = read_idx(path, max_items=LIMIT)
    except DataError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert idx_bytes(array) == content


@MANY
@given(
    shape=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4),
    body=st.binary(max_size=40),
    kind=st.sampled_from([0x08, 0x08, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 10, 0]),
)
def test_a_header_is_accepted_only_if_it_says_exactly_what_follows(
    tmp_path: Path, shape: list[int], body: bytes, kind: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(header(*shape, kind=kind) + body)
    honest = kind == 0x08 and 0 < math.prod(shape) == len(body)
    try:
        array = read_idx(path, max_items=LIMIT)
    except DataError:
        assert not honest
    else:
        assert honest and array.shape == tuple(shape)


@MANY
@given(flip=st.binary(min_size=1, max_size=8), where=st.integers(0, 60))
def test_a_damaged_gzip_header_never_escapes_as_another_error(
    tmp_path: Path, flip: bytes, where: int
) -> None:
    packed = bytearray(gzip.compress(idx_bytes(PICTURES)))
    packed[where : where + len(flip)] = flip
    path = tmp_path / "file"
    path.write_bytes(packed)
    try:
        read_idx(path, max_items=LIMIT)
    except DataError as error:
        assert str(path) in str(error)
