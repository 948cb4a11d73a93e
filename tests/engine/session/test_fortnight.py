"""Fourteen days by the clock of the test: what is due on each, beside FSRS asked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fsrs import Card, Rating, Scheduler

from engine.course.days import start_of
from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.learn_home import LearnHome
from tests.engine.session.requests import request

START, DAYS = date(2026, 11, 30), 14
SPREAD_FROM, SPREAD = 7, 0.05
"""days from which on an interval is spread, and by which part of it"""
SECTIONS = ("l02.one-line-four-corners", "l02.weights-turn-the-bias-moves")
MARKS = (3, 1, 3, 2, 3, 4)
"""that one gives oneself, in turn"""


def test_for_fourteen_days_the_dues_are_those_of_fsrs(tmp_path: Path) -> None:
    now = [0.0]
    cache = SessionCache(Places(tmp_path))
    cache.get(("learn",), lambda: LearnHome(cache.places.learn, lambda: now[0]))
    theirs: dict[str, Card] = {}
    dues: dict[str, date] = {}
    answered = 0
    recalls: list[str] = []
    for day in (START + timedelta(days=number) for number in range(DAYS)):
        now[0] = start_of(day) + 8 * 3600
        if day == START:
            request(cache, "learn.seen", places=list(SECTIONS))
        today = request(cache, "learn.due")
        recalls = recalls or [item for item in today["new"] if item.endswith(".recall")]
        assert {item for item in today["due"] if item in dues} == {
            item for item, due in dues.items() if due <= day
        }
        for item in recalls if day == START else [one for one in recalls if dues[one] <= day]:
            rating = MARKS[answered % len(MARKS)]
            answered += 1
            made = request(cache, "learn.mark", item=item, answer=rating)
            theirs[item] = by_hand(theirs.get(item), rating, day)
            dues[item] = date.fromisoformat(made["due"])
            wanted = (theirs[item].due.date() - day).days
            given = (dues[item] - day).days
            assert given == wanted if wanted < SPREAD_FROM else abs(given - wanted) <= SPREAD * wanted + 0.5
    assert len(recalls) >= 2 and answered >= 3 * len(recalls), "every card came back"


def by_hand(card: Card | None, rating: int, day: date) -> Card:
    """The card after a mark, by the library alone."""
    asked = Scheduler(
        desired_retention=0.9,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=365,
        enable_fuzzing=False,
    )
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    made, _ = asked.review_card(card or Card(card_id=1), Rating(rating), moment)
    return made
