"""The part of a log that is held: whole lines with their offsets, whatever the parts are cut at."""

from __future__ import annotations

import random
from itertools import pairwise

from engine.protocol import LogPart
from tui.data.log_window import LINES_KEPT, LogWindow, visible_part

TEXT = "".join(f"line {number} é\n" for number in range(200))
DATA = TEXT.encode()


def part(start: int, end: int, data: bytes = DATA) -> LogPart:
    return LogPart(data[start:end].decode(errors="replace"), start, end, len(data))


def is_true_to(window: LogWindow, data: bytes = DATA) -> bool:
    """Every line stands at its offset, and none is missing between the first and the last."""
    texts = [line.text for line in window.lines]
    found = data[window.start : window.end].decode(errors="replace").split("\n")
    at_offsets = all(
        data[line.offset :].startswith(line.text.encode())
        for line in window.lines
        if "\ufffd" not in line.text
    )
    return at_offsets and texts == (found[:-1] if found[-1] == "" else found)


def whole_characters(place: int) -> int:
    while 0 < place < len(DATA) and DATA[place] & 0xC0 == 0x80:
        place += 1
    return place


def test_parts_of_any_length_give_the_same_lines() -> None:
    chance = random.Random(4)
    for _ in range(50):
        cuts = sorted({whole_characters(chance.randrange(len(DATA))) for _ in range(8)} | {0, len(DATA)})
        window = LogWindow()
        window.replace(part(cuts[0], cuts[1]))
        for start, end in pairwise(cuts[1:]):
            window.append(part(start, end))
        assert window.is_at_end and is_true_to(window)


def test_what_begins_within_a_line_begins_with_the_next_one_and_grows_to_the_front() -> None:
    window = LogWindow()
    middle = DATA.index(b"line 100") + 3
    window.replace(part(middle, len(DATA)))
    assert window.lines[0].text.startswith("line 101") and not window.is_at_start
    window.prepend(part(window.start - 120, window.start))
    assert is_true_to(window) and not window.is_at_start
    window.prepend(part(0, window.start))
    assert is_true_to(window) and window.lines[0].text.startswith("line 0 ") and window.is_at_start


def test_lines_beyond_the_limit_go_at_the_other_end() -> None:
    data = b"".join(b"%d\n" % number for number in range(3 * LINES_KEPT))
    window = LogWindow()
    window.replace(part(0, len(data) // 2, data))
    window.append(part(len(data) // 2, len(data), data))
    assert len(window.lines) == LINES_KEPT and is_true_to(window, data) and window.is_at_end
    window.prepend(part(0, window.start, data))
    assert len(window.lines) == LINES_KEPT and is_true_to(window, data) and not window.is_at_end


def test_the_line_of_a_byte_is_found() -> None:
    window = LogWindow()
    window.replace(part(0, len(DATA)))
    place = DATA.index(b"line 42")
    assert window.lines[window.index_of(place + 2)].text.startswith("line 42")


def test_of_a_progress_bar_its_last_state_is_seen() -> None:
    assert visible_part("10%\r20%\r30%\r") == "30%"
