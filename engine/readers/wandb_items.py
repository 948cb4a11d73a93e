"""The items of many records of W&B's history and summary at once, with NumPy.

A record has an item for each value, in any order: the names of the value (`key`, or `nested_key` for each
level) and the value as JSON, or as a number. The first items of all records are found at once, then the
second ones, and so on. Items with the same bytes before their value have one name, which is decoded once.

A buffer has 8 more bytes behind its last record.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

NAMES_LIMIT = 20_000
KEY, NESTED_KEY, VALUE_JSON, NUMBER, WHOLE, BOOLEAN = 0x0A, 0x12, (0x82, 0x01), 0x31, 0x28, 0x20
"""tags of an item: the number of a field, and how it is written"""
ITEM, STEP, HISTORY, SUMMARY = 0x0A, 0x12, 0x12, 0x1A
"""tags of the contents of a record, items and the step of a history; of a record, its contents"""
VARINT, LENGTH = 0, 2
"""how the field of a tag is written, in its lowest bits"""
_TEXT_WIDTH = 24
"""bytes of a number: longer ones are read one by one"""
_WORDS = {b'"NaN"': np.nan, b'"Infinity"': np.inf, b'"-Infinity"': -np.inf}
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_SPACE = ord(" ")
_T, _F, _N, _I, _MINUS, _ZERO, _NINE, _QUOTE = b'tfNI-09"'


class Contents(NamedTuple):
    """Where the contents of records stand that have one of two kinds."""

    records: Places
    """their indices"""
    starts: Places
    ends: Places


class Items(NamedTuple):
    records: Places
    """of each item the index of its record among those that were given"""
    names: Places
    """its number in a NameTable; -1 where there are too many names"""
    values: Places
    """where its value begins"""
    ends: Places
    kinds: Bytes
    """the tag of its value; 0x82 for JSON"""

    def only(self, chosen: NDArray[np.bool_]) -> Items:
        records, names, values, ends = (column[chosen] for column in self[:4])
        return Items(records, names, values, ends, self.kinds[chosen])


def contents_of(buffer: Bytes, starts: Places, lengths: Places) -> tuple[Contents, Contents]:
    """(the histories, the summaries) among records; their fields stand in any order."""
    ends, at, active = starts + lengths, starts.copy(), np.flatnonzero(lengths > 0)
    found: dict[int, list[tuple[Places, Places, Places]]] = {HISTORY: [], SUMMARY: []}
    while len(active):
        tags, begin = _varints(buffer, at[active])
        is_long = tags & 7 == LENGTH
        size, behind = _varints(buffer, begin)
        begin = np.where(is_long, behind, begin)
        behind = np.where(is_long, behind + size, behind)
        known = (is_long | (tags & 7 == VARINT)) & (behind > at[active]) & (behind <= ends[active])
        for tag, parts in found.items():
            chosen = known & (tags == tag)
            parts.append((active[chosen], begin[chosen], behind[chosen]))
        at[active] = behind
        active = active[known & (tags != HISTORY) & (tags != SUMMARY) & (behind < ends[active])]
    return _in_order(found[HISTORY]), _in_order(found[SUMMARY])


def _in_order(parts: list[tuple[Places, Places, Places]]) -> Contents:
    if not parts:
        return Contents(*(np.empty(0, np.int64),) * 3)
    records, starts, ends = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(records)
    return Contents(records[order], starts[order], ends[order])


def without_repeats(summary: Contents, history: Contents) -> Contents:
    """The summaries but for those that repeat the items of the history that follows, in another order.

    W&B writes one of the same size before each history, which has its step besides, in 2 to 8 bytes.
    """
    following = np.searchsorted(history.records, summary.records)
    behind = np.minimum(following, max(0, len(history.records) - 1))
    if not len(history.records):
        return summary
    is_next = (following < len(history.records)) & (history.records[behind] == summary.records + 1)
    more = (history.ends - history.starts)[behind] - (summary.ends - summary.starts)
    kept = ~(is_next & (more >= 2) & (more <= 8))
    return Contents(*(column[kept] for column in summary))


def read_items(
    buffer: Bytes, contents: Contents, table: NameTable
) -> tuple[Items, Places, NDArray[np.bool_]]:
    """(items, the step of each record or -1, whether a record has to be read another way)."""
    steps, is_odd = np.full(len(contents.records), -1, np.int64), np.zeros(len(contents.records), bool)
    at, active, found = contents.starts.copy(), np.flatnonzero(contents.starts < contents.ends), []
    while len(active):
        tags = buffer[at[active]]
        size, begin = _varints(buffer, at[active] + 1)
        behind = begin + size
        known = ((tags == ITEM) | (tags == STEP)) & (size >= 0) & (behind <= contents.ends[active])
        is_odd[active[~known & (tags < 0x80)]] = True  # behind all items stands what is not read
        active, tags, begin, behind = active[known], tags[known], begin[known], behind[known]
        is_item = tags == ITEM
        found.append((active[is_item], begin[is_item], behind[is_item]))
        is_step = ~is_item & (behind > begin)
        steps[active[~is_item]] = 0
        steps[active[is_step]] = _varints(buffer, begin[is_step] + 1)[0]
        at[active] = behind
        active = active[behind < contents.ends[active]]
    records, starts, ends = (
        map(np.concatenate, zip(*found, strict=True)) if found else (np.empty(0, int),) * 3
    )
    items, odd = _split(buffer, records, starts, ends, table)
    is_odd[odd] = True
    return items, steps, is_odd


def _split(
    buffer: Bytes, records: Places, starts: Places, ends: Places, table: NameTable
) -> tuple[Items, Places]:
    """The items, and the records that have others."""
    at, active = starts.copy(), np.arange(len(starts))
    is_good = np.ones(len(starts), bool)
    while len(active):
        tags = buffer[at[active]]
        active = active[(tags == KEY) | (tags == NESTED_KEY)]
        sizes = buffer[at[active] + 1]
        is_good[active[sizes >= 0x80]] = False
        at[active] += 2 + sizes.astype(np.int64)
        active = active[(at[active] < ends[active]) & is_good[active]]
    is_empty = at == ends
    at = np.minimum(at, ends)
    kinds = buffer[at]
    values = at + 1
    is_json = (kinds == VALUE_JSON[0]) & (buffer[at + 1] == VALUE_JSON[1])
    size, begin = _varints(buffer, at[is_json] + 2)
    values[is_json] = begin
    behind = ends.copy()
    behind[is_json] = begin + size
    is_plain = is_json | (kinds == NUMBER) | (kinds == WHOLE) | (kinds == BOOLEAN)
    is_good &= (at < ends) & is_plain & (behind == ends)
    kept = np.flatnonzero(is_good)
    names = table.numbers(buffer, starts[kept], at[kept])
    items = Items(records[kept], names, values[kept], ends[kept], kinds[kept])
    return items, records[~is_good & ~is_empty]


class NameTable:
    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._hashes, self._found = np.empty(0, np.uint64), np.empty(0, np.int64)
        """the hashes of the bytes of names, sorted, and the number of each"""

    def number(self, name: str) -> int:
        """That of a name; -1 where there are too many."""
        if name not in self._numbers and len(self.names) < NAMES_LIMIT:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers.get(name, -1)

    def numbers(self, buffer: Bytes, starts: Places, ends: Places) -> Places:
        """Those of names in the bytes of items."""
        hashes = _hashes(buffer, starts, ends)
        places = self._places(hashes)
        if len(unknown := np.flatnonzero(places < 0)):
            new, firsts = np.unique(hashes[unknown], return_index=True)
            numbers = [self.number(_name(buffer, starts[at], ends[at])) for at in unknown[firsts]]
            hashed = np.append(self._hashes, new)
            order = np.argsort(hashed)
            self._hashes, self._found = hashed[order], np.append(self._found, numbers)[order]
            places = self._places(hashes)
        return self._found[places]

    def _places(self, hashes: NDArray[np.uint64]) -> Places:
        if not len(self._hashes):
            return np.full(len(hashes), -1)
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.where(self._hashes[places] == hashes, places, -1)


def numbers_of(buffer: Bytes, items: Items) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(the numbers of items, whether each is a number)."""
    values, is_number, digits = undecoded_numbers_of(buffer, items)
    values[digits], is_number[digits] = decimals(buffer, items.values[digits], items.ends[digits])
    return values, is_number


def undecoded_numbers_of(
    buffer: Bytes, items: Items
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """(the numbers of items, whether each is a number, whether it is in digits, which are not decoded)."""
    values = np.full(len(items.values), np.nan)
    is_number = np.zeros(len(values), bool)
    is_json = items.kinds == VALUE_JSON[0]
    for kind, read in ((NUMBER, _doubles), (WHOLE, _wholes), (BOOLEAN, _booleans)):
        chosen = items.kinds == kind
        if chosen.any():
            values[chosen], is_number[chosen] = read(buffer, items.values[chosen]), True
    first, second = buffer[items.values], buffer[items.values + 1]
    for begin, value in ((_T, 1.0), (_F, 0.0), (_N, np.nan), (_I, np.inf)):
        chosen = is_json & (first == begin)
        values[chosen], is_number[chosen] = value, True
    is_infinite = is_json & (first == _MINUS) & (second == _I)
    values[is_infinite], is_number[is_infinite] = -np.inf, True
    digits = is_json & ((first >= _ZERO) & (first <= _NINE) | (first == _MINUS)) & ~is_infinite
    for at in np.flatnonzero(is_json & (first == _QUOTE) & (items.ends - items.values < 12)):
        word = bytes(buffer[items.values[at] : items.ends[at]])
        if word in _WORDS:
            values[at], is_number[at] = _WORDS[word], True
    return values, is_number, digits


def texts_of(buffer: Bytes, starts: Places, ends: Places) -> NDArray[np.uint64] | None:
    """A row for each number in digits: its signs, zero bytes, and a space at the end of the last word; None
    where one is longer."""
    if np.any(ends - starts > _TEXT_WIDTH):
        return None
    words = np.empty((len(starts), _TEXT_WIDTH // 8 + 1), "<u8")
    for place in range(_TEXT_WIDTH // 8):
        words[:, place] = _word(buffer, starts, ends, 8 * place)
    words[:, -1] = _SPACE
    return words


def decimals(buffer: Bytes, starts: Places, ends: Places) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(numbers that are written in digits, whether each is one)."""
    words = np.empty((len(starts), _TEXT_WIDTH // 8), np.uint64)
    for place in range(words.shape[1]):
        words[:, place] = _word(buffer, starts, ends, 8 * place)
    texts = words.view(f"S{_TEXT_WIDTH}").reshape(-1)
    is_number = np.ones(len(starts), bool)
    for at in np.flatnonzero(ends - starts > _TEXT_WIDTH):
        texts[at] = repr(_decimal(bytes(buffer[starts[at] : ends[at]]))).encode()
    try:
        return texts.astype(np.float64), is_number
    except ValueError:
        values = np.array([_decimal(text) for text in texts.tolist()], float)
        return values, ~np.isnan(values)


def _decimal(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _doubles(buffer: Bytes, places: Places) -> NDArray[np.float64]:
    return _all_words(buffer)[places].view(np.float64)


def _wholes(buffer: Bytes, places: Places) -> NDArray[np.float64]:
    """Signed ones are written as 0, -1, 1, -2..."""
    found = _varints(buffer, places)[0]
    return ((found >> 1) ^ -(found & 1)).astype(np.float64)


def _booleans(buffer: Bytes, places: Places) -> NDArray[np.float64]:
    return buffer[places].astype(np.float64)


def _varints(buffer: Bytes, places: Places) -> tuple[Places, Places]:
    """(whole numbers of 7 bits a byte, the places behind them)."""
    first = buffer[places]
    values, behind = (first & 0x7F).astype(np.int64), places + 1
    active, shift = np.flatnonzero(first >= 0x80), 7
    while len(active) and shift < 64:
        byte = buffer[behind[active]]
        values[active] |= (byte & 0x7F).astype(np.int64) << shift
        behind[active] += 1
        active, shift = active[byte >= 0x80], shift + 7
    return values, np.minimum(behind, len(buffer) - 8)


def _all_words(buffer: Bytes) -> NDArray[np.uint64]:
    """The eight bytes from each place on."""
    return np.ndarray((len(buffer) - 7,), "<u8", buffer=buffer, strides=(1,))


def _word(buffer: Bytes, starts: Places, ends: Places, offset: int) -> NDArray[np.uint64]:
    """Eight bytes from `offset` on, zeros behind the end."""
    places = starts + offset
    words = _all_words(buffer)[np.minimum(places, len(buffer) - 8)]
    bits = np.clip(8 * (ends - places), 0, 64).astype(np.uint64)
    left = np.uint64(64) - bits
    return np.where(bits == 0, np.uint64(0), words << left >> left)


def _hashes(buffer: Bytes, starts: Places, ends: Places) -> NDArray[np.uint64]:
    hashes = (ends - starts).astype(np.uint64)
    active, offset = np.arange(len(starts)), 0
    while len(active):
        mixed = (hashes[active] ^ _word(buffer, starts[active], ends[active], offset)) * _MIX
        hashes[active] = mixed ^ (mixed >> np.uint64(32))
        offset += 8
        active = active[starts[active] + offset < ends[active]]
    return hashes


def _name(buffer: Bytes, start: int, end: int) -> str:
    """The names of each level, joined as W&B shows them."""
    parts, at = [], start
    while at < end:
        behind = at + 2 + int(buffer[at + 1])
        parts.append(bytes(buffer[at + 2 : behind]).decode("utf-8", "replace"))
        at = behind
    return ".".join(parts)
