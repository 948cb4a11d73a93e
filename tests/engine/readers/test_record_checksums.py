"""Tests of `engine.readers.record_checksums`."""

from __future__ import annotations

import os

import numpy as np
import pytest

from engine import tfrecord
from engine.readers.equal_records import checksums, equal_records
from engine.readers.record_checksums import masked_checksums


@pytest.mark.parametrize("size", [0, 1, 45, 4095, 4096, 5000])
@pytest.mark.parametrize("count", [1, 20])
def test_many_checksums_at_once_are_those_of_one_record_each(size: int, count: int) -> None:
    records = [os.urandom(size) for _ in range(count)]
    starts = np.arange(count) * (size + 3)
    buffer = np.frombuffer(b"".join(record + b"end" for record in records), np.uint8)
    found = masked_checksums(buffer, starts, np.full(count, size))
    assert found.tolist() == [tfrecord.checksum(record) for record in records]


def test_records_of_different_lengths_keep_their_order() -> None:
    records = [os.urandom(size) for size in (3, 5000, 0, 3, 41, *[17] * 12, 5001)]
    lengths = np.array([len(record) for record in records])
    starts = np.cumsum(lengths) - lengths
    buffer = np.frombuffer(b"".join(records), np.uint8)
    assert masked_checksums(buffer, starts, lengths).tolist() == [*map(tfrecord.checksum, records)]


@pytest.mark.parametrize("gap", [0, 16])
def test_records_that_differ_in_few_bytes_have_the_checksum_of_each(gap: int) -> None:
    begin = os.urandom(24)
    kinds = [begin[:20], begin]
    records = [kinds[n % 5 == 0][:-3] + os.urandom(3) for n in range(400)] + [b"another", os.urandom(5000)]
    lengths = np.array([len(record) for record in records])
    starts = np.cumsum(lengths + gap) - lengths - gap
    buffer = np.frombuffer(b"".join(record + bytes(gap) for record in records), np.uint8)
    equal = list(equal_records(buffer, starts, lengths))
    assert [one.rows.shape for one in equal] == [(320, 20), (80, 24)]
    assert checksums(buffer, starts, lengths, equal).tolist() == [*map(tfrecord.checksum, records)]
