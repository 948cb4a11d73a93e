"""Two weeks with the course on a clock of the test: what is due, marked, undone, reset, failed and spread."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.course import due as due_module
from engine.course.cards import Card, LearnState
from engine.course.days import day_of, start_of
from engine.course.due import count_due, read_learned, replay_all
from engine.course.index import ItemFacts
from engine.course.library import read_library
from engine.course.log import append, new_entry, to_line
from engine.course.marking import Marked, mark
from engine.course.questions import compute
from engine.course.queue import is_due, today_queue
from engine.course.review import LearnLog, retention
from engine.errors import RunRefused

NOON = start_of(date(2026, 11, 30)) + 8 * 3600
DAY = 86400.0
BIAS, DISTANCE = "l02.bias.recall", "l02.distance.number"
SECTION = "l02.weights-turn-the-bias-moves"


@pytest.fixture
def learn(tmp_path: Path) -> Path:
    return tmp_path / "learn"


@pytest.fixture
def learner(learn: Path) -> LearnLog:
    return LearnLog(learn)


LIBRARY = read_library(Path("/nowhere"))
INDEX = LIBRARY.index()


def facts_of(lecture: str, concept: str, rev: int = 1, opened_by: tuple[str, ...] = ()) -> ItemFacts:
    return ItemFacts(f"{lecture}.{concept}.recall", rev, "recall", lecture, concept, opened_by, (), "")


def answer(learner: LearnLog, item_id: str, rating: int, now: float) -> Any:
    item = LIBRARY.find_item(item_id)
    assert item is not None
    marked = Marked(rating, rating > 1)
    return learner.record(item_id, learner.question(item_id, item), rating, marked, now, ms=8000)


def test_nothing_is_due_and_nothing_is_new_before_a_section_was_opened(
    learn: Path, learner: LearnLog
) -> None:
    assert count_due(learn, NOON) == due_module.Due(0, 0, 0, (), ())
    assert not learn.exists()
    learner.see(SECTION, NOON)
    found = count_due(learn, NOON)
    assert (found.due, found.new) == (0, 1), "recall and number of one concept are not asked on one day"


def test_opening_an_aid_opens_its_items_too_and_builds_unlock_others(learn: Path, learner: LearnLog) -> None:
    learner.see("aid:builder", NOON)
    new = read_learned(learn).queue(NOON).new
    assert new == ("l02.units.number",)


def test_at_most_twelve_new_cards_come_a_day(learn: Path, learner: LearnLog) -> None:
    for name in {place for facts in INDEX.values() for place in facts.opened_by}:
        learner.see(name, NOON)
    queue = read_learned(learn).queue(NOON)
    assert len(queue.new) == 12
    concepts = [(INDEX[item].lecture, INDEX[item].concept) for item in queue.new]
    assert len(set(concepts)) == 12
    for item in queue.new[:5]:
        answer(learner, item, 3, NOON)
    left = read_learned(learn).queue(NOON)
    assert len(left.new) <= 7 and left.due == ()


def test_a_card_comes_back_after_two_and_eleven_days(learn: Path, learner: LearnLog) -> None:
    answer(learner, BIAS, 3, NOON)
    days = []
    for day in range(20):
        now = NOON + day * DAY
        if BIAS in read_learned(learn).queue(now).due:
            days.append(day)
            answer(learner, BIAS, 3, now)
    assert days[0] == 2 and days[1] - 2 in (10, 11, 12) and len(days) == 2


def test_a_failed_card_returns_until_it_is_passed_and_only_its_first_mark_counts(
    learn: Path, learner: LearnLog
) -> None:
    first = answer(learner, BIAS, 1, NOON)
    assert not first.is_practice and first.due == "2026-12-01"
    assert read_learned(learn).queue(NOON + 60).due == (BIAS,)
    second = answer(learner, BIAS, 3, NOON + 60)
    assert second.is_practice and second.due == ""
    assert read_learned(learn).queue(NOON + 120).due == ()
    assert learner.state.cards[BIAS].due == date(2026, 12, 1)


def test_siblings_are_not_asked_on_one_day(learn: Path, learner: LearnLog) -> None:
    answer(learner, BIAS, 3, NOON)
    answer(learner, DISTANCE, 3, NOON)
    queue = read_learned(learn).queue(NOON + 5 * DAY)
    assert len(set(queue.due) & {BIAS, DISTANCE}) == 1 and queue.left == 1
    answer(learner, queue.due[0], 3, NOON + 5 * DAY)
    assert read_learned(learn).queue(NOON + 5 * DAY + 60).due == ()
    assert count_due(learn, NOON + 5 * DAY + 60).next[0].cards == 1


def test_an_undo_restores_the_card_as_it_was_and_the_one_before(learn: Path, learner: LearnLog) -> None:
    answer(learner, BIAS, 3, NOON)
    before = learner.state.cards[BIAS]
    answer(learner, BIAS, 1, NOON + 2 * DAY)
    assert learner.state.cards[BIAS].lapses == 1
    undone = learner.undo(NOON + 2 * DAY + 5)
    assert undone is not None and undone.get("rating") == 1
    assert learner.state.cards[BIAS] == before
    assert read_learned(learn).queue(NOON + 2 * DAY).due == (BIAS,)
    learner.undo(NOON + 2 * DAY + 6)
    assert BIAS not in learner.state.cards and learner.undo(NOON) is None


def test_a_prediction_is_on_disk_before_anything_runs_and_cannot_be_locked_twice(
    learn: Path, learner: LearnLog
) -> None:
    item_id = "l02.scale.predict"
    item = LIBRARY.find_item(item_id)
    assert item is not None
    asked = learner.question(item_id, item)
    learner.lock(item_id, asked, 0.3, NOON)
    assert '"kind":"lock"' in due_module.log_path(learn).read_text()
    with pytest.raises(RunRefused, match=r"locked with 0\.3"):
        LearnLog(learn).lock(item_id, asked, 0.4, NOON + 1)
    assert LearnLog(learn).question(item_id, item) == asked, "the numbers stay those that were locked"
    assert learner.undo(NOON + 2) is None and item_id in learner.state.locks
    computed = compute(asked)
    learner.record(item_id, asked, 0.3, mark(asked, computed, 0.3), NOON + 9, key=computed.key)
    assert item_id not in learner.state.locks
    assert learner.question(item_id, item).seed != asked.seed, "the next review has numbers of its own"


def test_two_apps_on_one_card_make_one_mark_and_one_practice(learn: Path) -> None:
    one, two = LearnLog(learn), LearnLog(learn)
    assert one.state.cards == two.state.cards == {}
    assert not answer(one, BIAS, 3, NOON).is_practice
    assert answer(two, BIAS, 1, NOON + 1).is_practice
    assert one.state.cards == two.state.cards and one.state.cards[BIAS].lapses == 0


def test_a_reset_begins_a_lecture_once_more_and_keeps_the_log(learn: Path, learner: LearnLog) -> None:
    learner.see(SECTION, NOON)
    answer(learner, BIAS, 3, NOON)
    learner.reset("l02", NOON + 1)
    assert learner.state.cards == {} and learner.state.seen == {} and learner.state.marks == []
    assert due_module.log_path(learn).read_text().count("\n") == 3


def test_replay_says_what_the_cache_says(learn: Path, learner: LearnLog) -> None:
    learner.see(SECTION, NOON)
    for number, item in enumerate(list(INDEX)[:12]):
        answer(learner, item, 1 + number % 4, NOON + number)
    for now in (NOON, NOON + DAY, NOON + 9 * DAY):
        fresh = replay_all(learn)
        (learn / "cards.json").unlink(missing_ok=True)
        assert read_learned(learn).queue(now) == fresh.queue(now)
        assert (learn / "cards.json").exists()
        assert read_learned(learn).queue(now) == fresh.queue(now), "from the cache"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format":1}', b"[]", b"\xff" * 10])
def test_a_damaged_cache_loses_nothing(learn: Path, learner: LearnLog, damage: bytes) -> None:
    answer(learner, BIAS, 1, NOON)
    assert count_due(learn, NOON).due == 1
    (learn / "cards.json").write_bytes(damage)
    assert count_due(learn, NOON).due == 1


def test_a_day_holds_thirty_cards_and_the_most_overdue_come_first() -> None:
    items = [facts_of(f"l{n % 5 + 1:02}", f"c{n}") for n in range(80)]
    index = {one.id: one for one in items}
    state = LearnState()
    today = date(2026, 11, 30)
    for number, one in enumerate(items):
        last = today - timedelta(days=10 + number)
        state.cards[one.id] = Card(one.id, 1, 10.0, 5.0, last + timedelta(days=10), last, 3, 0)
    state.settings["minutes"] = 600
    queue = today_queue(state, index, today)
    assert len(queue.due) == 30 and queue.left == 50
    assert set(queue.due) == {one.id for one in items[50:]}
    lectures = [index[item].lecture for item in queue.due]
    assert all(one != other for one, other in itertools.pairwise(lectures))
    assert len(today_queue(state, index, today, more=10).due) == 40
    state.settings["minutes"] = 4
    assert len(today_queue(state, index, today).due) == 6, "40 seconds a card"


def test_a_week_before_an_exam_every_card_comes_once_and_retention_is_higher(learner: LearnLog) -> None:
    answer(learner, BIAS, 4, NOON)
    assert retention(learner.state, NOON) == 0.90
    learner.change_setting("exam_on", "2026-12-10", NOON)
    card, today = learner.state.cards[BIAS], date(2026, 12, 4)
    assert card.due > today
    assert is_due(card, learner.state, INDEX, today, set())
    assert not is_due(card, learner.state, INDEX, date(2026, 12, 1), set())
    assert retention(learner.state, NOON) == 0.95 and retention(learner.state, NOON + 30 * DAY) == 0.90


def test_a_card_of_a_raised_revision_is_new_and_one_whose_item_is_gone_is_in_no_queue(
    learn: Path, learner: LearnLog
) -> None:
    answer(learner, BIAS, 3, NOON)
    learner.see(SECTION, NOON)
    state = learner.state
    raised = {BIAS: facts_of("l02", "bias", 2, (SECTION,))}
    queue = today_queue(state, raised, date(2026, 12, 5))
    assert (queue.due, queue.new) == ((), (BIAS,))
    assert today_queue(state, {}, date(2026, 12, 5)).due == ()
    assert BIAS in state.cards


def test_a_clock_years_ahead_does_not_hide_a_card(learn: Path, learner: LearnLog) -> None:
    answer(learner, BIAS, 3, NOON + 2000 * DAY)
    assert read_learned(learn).queue(NOON).due == (BIAS,)


def test_a_card_of_a_clock_years_ahead_is_asked_after_its_interval_and_not_every_day(
    learn: Path, learner: LearnLog
) -> None:
    answer(learner, BIAS, 3, NOON + 2000 * DAY)
    answer(learner, BIAS, 3, NOON)
    days = learner.state.cards[BIAS].interval
    asked = [day for day in range(1, days + 2) if read_learned(learn).queue(NOON + day * DAY).due == (BIAS,)]
    assert asked == [days, days + 1] and days > 1


def test_a_lock_whose_answer_is_none_to_its_question_is_passed_over(learner: LearnLog) -> None:
    item_id = "l08.map.predict"
    item = LIBRARY.find_item(item_id)
    assert item is not None
    odd = new_entry("lock", NOON, item=item_id, rev=item.rev, seed=1, drawn={}, answer=["x"])
    append(learner.path, [odd])
    assert learner.locked(item_id, item) is None
    learner.lock(item_id, learner.question(item_id, item), 100, NOON + 1)
    waiting = learner.locked(item_id, item)
    assert waiting is not None and waiting.get("answer") == 100


def test_an_answer_after_midnight_belongs_to_the_evening() -> None:
    late = start_of(date(2026, 12, 1)) - 3600
    assert day_of(late) == date(2026, 11, 30) and day_of(late + 3600) == date(2026, 12, 1)


def test_due_loads_neither_numpy_nor_fsrs_nor_typer(learn: Path, learner: LearnLog) -> None:
    answer(learner, BIAS, 1, NOON)
    count_due(learn, NOON)
    script = (
        "import sys, pathlib, json; from engine.course.due import count_due;"
        f"print(count_due(pathlib.Path({str(learn)!r}), {NOON}).due);"
        "print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, modules = done.stdout.splitlines()
    assert count == "1"
    assert not {"numpy", "fsrs", "typer", "markdown_it", "textual", "asyncio"} & set(json.loads(modules))


def test_a_deck_of_the_users_own_is_asked_beside_the_course(learn: Path, learner: LearnLog) -> None:
    from tests.engine.course.test_formats import make

    learn.mkdir(mode=0o700)
    (learn / "decks" / "broken").mkdir(parents=True)
    make(learn / "decks" / "mine")
    library = read_library(learn)
    assert list(library.left_out) == ["broken"]
    assert "mine:l01.own.recall" in library.index()
    learner.see("mine:l01.first", NOON)
    assert read_learned(learn).queue(NOON).new == ("mine:l01.own.recall",)


def test_many_marks_replay_to_the_cards_of_their_last_ones(learn: Path) -> None:
    card = {
        "rev": 1,
        "stability": 5.0,
        "difficulty": 5.0,
        "due": "2026-12-09",
        "last": "2026-12-01",
        "lapses": 0,
    }
    entries = [
        new_entry(
            "mark", NOON + number, item=f"l02.c{number % 140}.recall", after={**card, "reviews": number}
        )
        for number in range(3000)
    ]
    learn.mkdir(mode=0o700)
    due_module.log_path(learn).write_bytes(b"".join(map(to_line, entries)))
    state = replay_all(learn).state
    assert len(state.marks) == 3000 and len(state.cards) == 140
    assert {card.reviews for card in state.cards.values()} == set(range(2860, 3000))


def test_the_index_is_in_the_order_of_the_text() -> None:
    lecture = [name for name in INDEX if name.startswith("l02")]
    assert lecture[:2] == ["l02.threshold.recall", "l02.crossing.number"]
    assert all(INDEX[name].opened_by for name in lecture)
