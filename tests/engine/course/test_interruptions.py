"""A review that is killed, a log that another one replaces, clocks that move, zones that change."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.course.days import day_of, start_of
from engine.course.due import log_path, read_learned
from engine.course.log import append, merge_into, new_entry, read, to_line
from engine.course.marking import Marked
from engine.course.review import LearnLog
from tests.engine.course.test_review import BIAS, DAY, LIBRARY, NOON, answer

MAP = "l08.map.predict"
KILLS = 200


def review_until_killed(learn: Path, acknowledged: int, begin: float) -> None:
    """Lock and mark one card after the other; each mark is said once it has returned."""
    learner = LearnLog(learn)
    items = [name for name in LIBRARY.index() if name.endswith((".recall", ".predict"))]
    for number in range(10_000):
        item_id, now = items[number % len(items)], begin + number * DAY
        item = LIBRARY.find_item(item_id)
        assert item is not None
        asked = learner.question(item_id, item)
        if item_id.endswith(".predict") and item_id not in learner.state.locks:
            learner.lock(item_id, asked, 1, now)
        made = learner.record(item_id, asked, 3, Marked(3, True), now)
        os.write(acknowledged, f"{made.entry.id}\n".encode())
        if number % 5 == 0:
            read_learned(learn)


def killed_after(learn: Path, seconds: float, begin: float) -> list[str]:
    """The marks that a review has said before it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            review_until_killed(learn, writing, begin)
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read().split()


@pytest.mark.long
def test_two_hundred_kills_lose_no_mark_that_was_given(tmp_path: Path) -> None:
    learn, source, marked = tmp_path / "learn", random.Random(1), 0
    for number in range(KILLS):
        said = killed_after(learn, source.uniform(0, 0.04), NOON + number * 400 * DAY)
        found = read(log_path(learn))
        marks = [entry.id for entry in found.entries if entry.kind in ("mark", "practice")]
        assert marks[marked : marked + len(said)] == said
        assert len(marks) - marked - len(said) <= 1  # written, and killed before it was said
        assert found.skipped <= number + 1
        marked = len(marks)
        state = LearnLog(learn).state
        assert set(state.locks) <= {entry.get("item") for entry in found.entries if entry.kind == "lock"}
        assert len(state.locks) <= KILLS and read_learned(learn).state.cards == state.cards
    assert marked >= KILLS / 10


def test_who_has_the_log_open_goes_on_in_the_one_that_a_merge_put_in_its_place(tmp_path: Path) -> None:
    learn = tmp_path / "learn"
    one, two = LearnLog(learn), LearnLog(learn)
    answer(one, BIAS, 3, NOON)
    assert two.state.cards[BIAS].reviews == 1
    merge_into(log_path(learn), [to_line(new_entry("note", NOON - DAY, lecture="l01", words=7)).strip()])
    answer(two, BIAS, 3, NOON + 2 * DAY)
    assert [entry.kind for entry in read(log_path(learn)).entries] == ["note", "mark", "mark"]
    assert one.state.cards[BIAS].reviews == 2 and one.state.notes == {"l01": 7}


def test_a_merge_keeps_lines_of_a_newer_version_and_of_nobody(tmp_path: Path) -> None:
    path = tmp_path / "learn" / "log.jsonl"
    append(path, [new_entry("seen", NOON, what="l02.x")])
    newer = b'{"id":"a1","at":"2026-11-01T00:00:00.000Z","kind":"dream","of":"sheep"}'
    path.write_bytes(b"not a line\n" + path.read_bytes() + newer + b"\n")
    other = to_line(new_entry("seen", NOON + 1, what="l02.y")).strip()
    assert merge_into(path, [other, other, b"torn"]) == (1, 1, 1)
    lines = path.read_bytes().split(b"\n")
    assert lines[0] == b"not a line" and lines[1] == newer and lines[-1] == b""
    found = read(path)
    assert [entry.get("what") for entry in found.entries] == ["l02.x", "l02.y"] and found.newer == 1


def test_a_clock_set_back_for_a_while_leaves_what_was_marked_today_marked(tmp_path: Path) -> None:
    learner = LearnLog(tmp_path / "learn")
    answer(learner, BIAS, 3, NOON)
    answer(learner, "l02.threshold.recall", 3, NOON - 300 * DAY)
    assert answer(learner, BIAS, 1, NOON + 60).is_practice
    assert len(learner.state.marked_on(date(2026, 11, 30))) == 2
    assert read_learned(tmp_path / "learn").queue(NOON + 90).failed == (BIAS,)
    assert learner.state.cards["l02.threshold.recall"].due < date(2026, 11, 30)


def test_another_time_zone_reads_the_same_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC).timestamp()
    learner = LearnLog(tmp_path / "learn")
    try:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert day_of(late) == date(2026, 12, 1)
        made = answer(learner, BIAS, 3, late)
        assert made.due == "2026-12-03"
        monkeypatch.setenv("TZ", "America/Los_Angeles")
        time.tzset()
        assert day_of(late) == date(2026, 11, 30) and start_of(date(2026, 11, 30)) < late
        again = answer(LearnLog(tmp_path / "learn"), BIAS, 3, late + 3600)
        assert again.is_practice and b"2026-11-30T23:30:00.000Z" in learner.path.read_bytes()
        assert read_learned(tmp_path / "learn").queue(late + 4 * DAY).due == (BIAS,)
    finally:
        monkeypatch.undo()
        time.tzset()
