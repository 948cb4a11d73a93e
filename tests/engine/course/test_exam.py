"""Exams: drawn by a seed, left and resumed, reported; and progress by lecture."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.course.cards import LearnState, replay
from engine.course.days import start_of
from engine.course.deck import read_deck
from engine.course.due import log_path, read_learned
from engine.course.exam import (
    begin_entry,
    end_entry,
    exam_markdown,
    exam_state,
    open_exam,
    parse_lectures,
    plan_exam,
    report_exam,
    unended_exam,
)
from engine.course.index import index_of
from engine.course.log import LogEntry, append, new_entry
from engine.course.marking import Marked
from engine.course.progress import Part, foreseen, lecture_progress
from engine.course.review import LearnLog
from engine.course.schedule import known_card
from engine.errors import InputError

NOON = start_of(date(2026, 11, 30)) + 8 * 3600
DECK = read_deck()
INDEX = index_of(DECK)


def answered(plan_items: tuple[str, ...], exam: str, right: int, ms: int = 10_000) -> list[LogEntry]:
    return [
        new_entry("exam", NOON + n, exam=exam, event="answer", item=item, answer=1, right=n < right, ms=ms)
        for n, item in enumerate(plan_items)
    ]


def test_a_seed_draws_the_same_exam_and_another_one_another() -> None:
    one, same, other = (plan_exam(INDEX, ["l02"], seed, items=10) for seed in (1, 1, 2))
    assert one == same and one.items != other.items
    assert len(set(one.items)) == 10
    assert len({INDEX[item].concept for item in one.items}) == 10
    assert one.item_seed(one.items[0]) == same.item_seed(one.items[0]) != other.item_seed(one.items[0])


def test_an_exam_has_no_more_items_than_there_are_and_none_without_any() -> None:
    assert len(plan_exam(INDEX, ["l02"], 1, items=500).items) == sum(
        one.lecture == "l02" for one in INDEX.values()
    )
    with pytest.raises(InputError, match="expected one with questions"):
        plan_exam(INDEX, ["l99"], 1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1-3", "l01 l02 l03"), ("2", "l02"), ("1,3", "l01 l03"), ("all", "l01 l02 l03 l04")],
)
def test_lectures_are_given_as_numbers(text: str, wanted: str) -> None:
    assert parse_lectures(text, ["l01", "l02", "l03", "l04"]) == tuple(wanted.split())


@pytest.mark.parametrize("text", ["", "x", "9", "1-", "-", "1;2", "1-9999999999"])
def test_other_words_for_lectures_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="lectures: expected"):
        parse_lectures(text, ["l01", "l02"])


def test_an_exam_that_was_left_goes_on_with_the_time_that_was_left() -> None:
    plan = plan_exam(INDEX, ["l02"], 1, items=10)
    begin = begin_entry(plan, NOON)
    exam = str(begin.get("exam"))
    entries = [
        begin,
        *answered(plan.items[:3], exam, 3),
        new_entry("exam", NOON + 50, exam=exam, event="leave", seconds=20),
    ]
    state = replay(entries)
    resumed = open_exam(state)
    assert resumed is not None
    assert resumed.left_seconds == 25 * 60 - 30 - 20
    assert resumed.open_items == plan.items[3:]
    assert open_exam(replay([*entries, end_entry(resumed, INDEX, date(2026, 11, 30), NOON + 60)])) is None
    late = [*entries, new_entry("exam", NOON + 51, exam=exam, event="leave", seconds=9999)]
    assert open_exam(replay(late)) is None and exam_state(late).left_seconds == 0


def test_a_report_counts_by_lecture_and_concept_and_what_was_not_answered_is_wrong() -> None:
    plan = plan_exam(INDEX, ["l02"], 3, items=6)
    begin = begin_entry(plan, NOON)
    found = exam_state([begin, *answered(plan.items[:5], str(begin.get("exam")), 4)])
    report = report_exam(found, INDEX)
    assert (report.right, report.asked) == (4, 6)
    assert [(one.name, one.right, one.asked) for one in report.lectures] == [("l02", 4, 6)]
    assert set(report.missed) == set(plan.items[4:])
    assert {one.name for one in report.concepts[:2]} == {INDEX[item].concept for item in plan.items[4:]}
    text = exam_markdown(report, {"l02": "The perceptron"}, {plan.items[5]: "Because."})
    assert text.startswith("# 4 of 6") and "| The perceptron | 4 | 6 |" in text
    assert f"- `{plan.items[5]}`: Because." in text


def test_what_was_missed_is_due_today_and_nothing_else_is_scheduled(tmp_path: Path) -> None:
    learn = tmp_path / "learn"
    learner = LearnLog(learn)
    item = DECK.items["l02.bias.recall"]
    learner.record(item.id, learner.question(item.id, item), 3, Marked(3, True), NOON)
    card = learner.state.cards[item.id]
    append(log_path(learn), [new_entry("exam", NOON + 1, exam="a", event="end", missed=[item.id], known={})])
    assert learner.state.cards == {item.id: card}
    assert read_learned(learn).queue(NOON + 2).due == (item.id,)
    assert learner.record(item.id, learner.question(item.id, item), 3, Marked(3, True), NOON + 3).is_practice
    assert read_learned(learn).queue(NOON + 4).due == ()


def test_a_lecture_that_is_known_is_passed_by_its_exam() -> None:
    plan = plan_exam(INDEX, ["l02"], 1, items=10)
    begin = begin_entry(plan, NOON)
    for right, expected in ((9, True), (7, False)):
        exam = exam_state([begin, *answered(plan.items, str(begin.get("exam")), right)])
        end = end_entry(exam, INDEX, date(2026, 11, 30), NOON, known=True)
        state = replay([begin, end])
        assert bool(state.cards) == expected
        assert not set(state.cards) & set(report_exam(exam, INDEX).missed)
    known = known_card("l02.bias.recall", 1, date(2026, 11, 30))
    assert known.stability > 21 and 21 <= known.interval <= 23


def test_progress_counts_sections_aids_goals_essays_and_cards() -> None:
    lecture = DECK.lectures["l02"]
    state = LearnState()
    today = date(2026, 11, 30)
    empty = lecture_progress(DECK, lecture, state, today)
    assert empty.sections == Part(0, 8) and empty.aids == Part(0, 5) and empty.goals == Part(0, 3)
    assert (empty.learning, empty.known, empty.recalled) == (0, 0, 0) and empty.new >= 12
    state.seen = {f"l02.{lecture.sections[0].slug}": NOON, "aid:gate_lab": NOON}
    state.solved = {"l02.nand.build"}
    state.notes = {"l02": 40}
    state.cards = {"l02.bias.recall": known_card("l02.bias.recall", 1, today)}
    found = lecture_progress(DECK, lecture, state, today)
    assert (found.sections.done, found.aids.done, found.goals.done) == (1, 1, 1)
    assert found.essays == Part(2, 2)
    assert (found.new, found.learning, found.known, found.recalled) == (empty.new - 1, 0, 1, 1.0)


def test_predictions_are_counted_with_and_without_guesses() -> None:
    state = LearnState()
    facts = [(True, False), (True, True), (False, True), (False, False)]
    state.marks = [
        new_entry("mark", NOON + n, item="l02.scale.predict", right=right, guessed=guessed)
        for n, (right, guessed) in enumerate(facts)
    ]
    state.marks.append(new_entry("mark", NOON, item="l02.bias.recall", right=True))
    found = foreseen(state, NOON - 1)
    assert (found.right, found.all, found.right_not_guessed, found.not_guessed) == (2, 4, 1, 2)
    assert foreseen(state, NOON + 99).all == 0


def test_an_exam_whose_beginning_was_not_read_hides_no_other_one() -> None:
    plan = plan_exam(INDEX, ["l02"], 1)
    torn = new_entry("exam", 5.0, exam="other", event="leave", seconds=3)
    state = replay([begin_entry(plan, 1.0), torn])
    left = unended_exam(state)
    assert left is not None and left.plan.items == plan.items
    assert unended_exam(replay([torn])) is None
