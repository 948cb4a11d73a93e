"""When cards come back: FSRS by the days of learning, against intervals that are known."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from fsrs import Card as FsrsCard
from fsrs import Rating, Scheduler

from engine.course import schedule
from engine.course.cards import Card, card_from_json
from engine.course.days import day_of, start_of

START = date(2026, 11, 30)


@pytest.fixture
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def intervals(ratings: list[int], retention: float = 0.9) -> list[int]:
    """Each interval, when a card is always answered on its day."""
    card, day, found = None, START, []
    for rating in ratings:
        card = schedule.review(card, "x", 1, rating, day, retention)
        found.append((card.due - day).days)
        day = card.due
    return found


@pytest.fixture
def unspread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "spread", lambda days, item, reviews: days)


@pytest.mark.usefixtures("unspread")
@pytest.mark.parametrize(
    ("ratings", "retention", "wanted"),
    [
        ([3, 3, 3, 3], 0.90, [2, 11, 46, 163]),
        ([3, 3, 3, 3, 3, 3], 0.95, [1, 3, 8, 19, 43, 89]),
        ([1, 3, 3], 0.90, [1, 2, 6]),
        ([3, 3, 3, 1, 3], 0.90, [2, 11, 46, 3, 8]),
    ],
)
def test_intervals_are_those_of_the_algorithm(
    ratings: list[int], retention: float, wanted: list[int]
) -> None:
    assert intervals(ratings, retention) == wanted


@pytest.mark.usefixtures("unspread")
@pytest.mark.parametrize("ratings", [[3, 3, 2, 1, 3, 4], [1, 1, 3, 2, 3], [4, 3, 1, 3, 3, 3]])
def test_a_fortnight_and_more_is_that_of_fsrs_by_hand(ratings: list[int]) -> None:
    by_hand = Scheduler(
        desired_retention=0.9,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=365,
        enable_fuzzing=False,
    )
    theirs, ours, day = FsrsCard(card_id=1), None, START
    for rating in ratings:
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        theirs, _ = by_hand.review_card(theirs, Rating(rating), moment)
        ours = schedule.review(ours, "x", 1, rating, day)
        assert ours.due == theirs.due.date()
        assert (ours.stability, ours.difficulty) == pytest.approx(
            (theirs.stability, theirs.difficulty), abs=1e-4
        )
        assert ours.recall(ours.due) == pytest.approx(
            by_hand.get_card_retrievability(theirs, theirs.due), abs=1e-5
        )
        day = ours.due


def test_long_intervals_are_spread_by_a_twentieth_at_most_and_always_alike() -> None:
    days = {schedule.spread(100, f"item {number}", 3) for number in range(500)}
    assert min(days) >= 95 and max(days) <= 105 and len(days) == 11
    assert schedule.spread(100, "a", 3) == schedule.spread(100, "a", 3)
    assert [schedule.spread(days, "a", 1) for days in range(1, 7)] == [1, 2, 3, 4, 5, 6]
    assert schedule.spread(365, "item 1", 9) <= 365


def test_a_clock_that_was_set_back_never_moves_a_card_into_the_past() -> None:
    card = schedule.review(None, "x", 1, 3, START)
    again = schedule.review(card, "x", 1, 3, START - timedelta(days=400))
    assert again.last == START and again.due > START


def test_a_raised_revision_starts_anew_and_a_lapse_is_counted() -> None:
    card = schedule.review(schedule.review(None, "x", 1, 3, START), "x", 1, 1, START + timedelta(days=2))
    assert (card.reviews, card.lapses) == (2, 1)
    fresh = schedule.review(card, "x", 2, 3, START + timedelta(days=3))
    assert (fresh.rev, fresh.reviews, fresh.lapses, fresh.interval) == (2, 1, 0, 2)
    assert schedule.review(None, "x", 1, 1, START).lapses == 0


def test_a_card_is_the_same_through_json_and_other_json_is_none() -> None:
    card = schedule.review(None, "x", 1, 3, START)
    assert card_from_json("x", card.to_json()) == card
    for wrong in (
        None,
        {},
        {**card.to_json(), "due": "tomorrow"},
        {**card.to_json(), "stability": float("nan")},
        {**card.to_json(), "difficulty": float("nan")},
        {**card.to_json(), "due": "9999-12-31"},
        {**card.to_json(), "reviews": float("inf")},
    ):
        assert card_from_json("x", wrong) is None


@pytest.mark.usefixtures("berlin")
def test_a_day_begins_at_four_by_the_clock_on_the_wall_in_summer_and_winter() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 7, 1)):
        begin = start_of(day)
        assert day_of(begin) == day and day_of(begin - 1) == day - timedelta(days=1)
        assert datetime.fromtimestamp(begin).hour == 4
    assert start_of(date(2026, 3, 29)) - start_of(date(2026, 3, 28)) == 23 * 3600


def test_a_card_number_has_48_bits() -> None:
    assert 0 < schedule.card_number("l02.bias.recall") < 2**48
    assert schedule.card_number("a") != schedule.card_number("b")


def test_recall_falls_from_one_to_the_wanted_retention_when_it_is_due() -> None:
    card = Card("x", 1, 10.0, 5.0, START + timedelta(days=10), START, 1, 0)
    assert card.recall(START) == 1
    assert card.recall(START + timedelta(days=10)) == pytest.approx(0.9)
