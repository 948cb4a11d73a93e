"""When a card is due next: FSRS, asked once for each mark; replay copies what it said.

Days are those of `engine.course.days`: FSRS gets noon of a day, so it counts nights and not hours.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from fsrs import Card as FsrsCard
from fsrs import Rating, Scheduler, State

from engine.course.cards import Card

RETENTION, EXAM_RETENTION = 0.90, 0.95
LONGEST_DAYS = 365
KNOWN_START_DAYS = 22
SPREAD_FROM_DAYS = 7
SPREAD = 0.05
"""part of an interval by which it is made longer or shorter, so that cards of one day do not stay together"""


def scheduler(retention: float = RETENTION) -> Scheduler:
    return Scheduler(
        desired_retention=retention,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST_DAYS,
        enable_fuzzing=False,
    )


def card_number(item: str) -> int:
    """48 bits of a hash of the id of an item."""
    return int.from_bytes(hashlib.sha256(item.encode()).digest()[:6], "big")


def review(
    before: Card | None, item: str, rev: int, rating: int, today: date, retention: float = RETENTION
) -> Card:
    """The card after a mark of 1 (again) to 4 (easy); a new one where there is none of this `rev` before.

    A day before the last review, from a clock that was set back, counts as the day of that review.
    """
    old = before if before is not None and before.rev == rev else None
    day = max(today, old.last) if old else today
    now = _noon(day)
    given = FsrsCard(card_id=card_number(item), due=now)
    if old:
        given.state, given.step = State.Review, None
        given.stability, given.difficulty, given.last_review = old.stability, old.difficulty, _noon(old.last)
    made, _ = scheduler(retention).review_card(given, Rating(rating), now)
    assert made.stability is not None and made.difficulty is not None
    reviews = old.reviews + 1 if old else 1
    days = spread((made.due - now).days, item, reviews)
    return Card(
        item=item,
        rev=rev,
        stability=round(made.stability, 6),
        difficulty=round(made.difficulty, 6),
        due=day + timedelta(days=days),
        last=day,
        reviews=reviews,
        lapses=(old.lapses if old else 0) + (1 if old and rating == 1 else 0),
    )


def known_card(item: str, rev: int, today: date) -> Card:
    """The card of an item that was known before the course: it counts as known, and is asked in weeks."""
    days = spread(KNOWN_START_DAYS, item, 1)
    return Card(item, rev, float(KNOWN_START_DAYS), 5.0, today + timedelta(days=days), today, 1, 0)


def spread(days: int, item: str, reviews: int) -> int:
    """An interval from a week on, longer or shorter by up to a twentieth, by a hash of card and review."""
    if days < SPREAD_FROM_DAYS:
        return days
    drawn = hashlib.sha256(f"{item}/{reviews}".encode()).digest()[0] / 255 * 2 - 1
    return min(LONGEST_DAYS, max(SPREAD_FROM_DAYS, round(days * (1 + SPREAD * drawn))))


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
