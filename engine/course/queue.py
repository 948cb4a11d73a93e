"""What is asked today: cards that are due, then new ones, within what a day holds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from engine.course.cards import Card, LearnState
from engine.course.days import day_of
from engine.course.index import ItemFacts

CARDS_A_DAY, MINUTES_A_DAY, NEW_A_DAY = 30, 15, 12
USUAL_SECONDS = 40.0
"""for one card, until a learner's own pace is known"""
PACE_MARKS = 20
"""marks from which on it is"""
SHORTEST_SECONDS, LONGEST_SECONDS = 5.0, 180.0
EXAM_DAYS = 7
"""before the day of an exam, in which every card is asked once"""
LOOK_AHEAD = 5
"""cards of the same lecture that may be passed over to mix lectures"""
DAYS_AHEAD = 14
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Queue:
    due: tuple[str, ...]
    """ids of the items to ask, in their order; those that were failed today come last"""
    new: tuple[str, ...]
    failed: tuple[str, ...]
    """of `due`: marked "again" today and not passed since"""
    left: int
    """due, and not asked today because the day is full or a sibling was asked"""
    seconds: float
    """that one card takes"""

    @property
    def minutes(self) -> int:
        return math.ceil(len(self.due) * self.seconds / 60)


@dataclass(frozen=True, slots=True)
class DayAhead:
    day: str
    cards: int


def today_queue(state: LearnState, index: Mapping[str, ItemFacts], today: date, more: int = 0) -> Queue:
    """`more` cards above what a day holds are asked where the learner wants so."""
    marks = state.marked_on(today)
    scheduled = [entry for entry in marks if entry.kind == "mark" and entry.get("after") is not None]
    done = {str(entry.get("item")) for entry in scheduled}
    failed = tuple(
        item
        for item, rating in {str(one.get("item")): one.get("rating") for one in marks}.items()
        if rating == 1 and item in index
    )
    asked = {_siblings(index[item]) for item in done if item in index}
    seconds = seconds_a_card(state)
    room = _room(state, len(done), sum(_seconds(one.get("ms")) for one in scheduled), seconds) + more
    ready = [card for card in state.cards.values() if is_due(card, state, index, today, done)]
    first = sorted(ready, key=lambda card: (-_overdue(card, today), _shuffled(card.item, today)))
    missed = [card.item for card in first if card.item in state.asked_for]  # in an exam: siblings or not
    missed += [item for item in state.asked_for if _is_missed_without_card(item, state, index, today)]
    others = [card.item for card in first if card.item not in state.asked_for]
    due = [*missed, *_apart(others, index, asked | {_siblings(index[item]) for item in missed})]
    left = len(missed) + len(others) - len(due[:room])
    due = _mixed(due[: max(0, room)], index)
    asked |= {_siblings(index[item]) for item in due}
    introduced = sum(entry.get("before") is None for entry in scheduled)
    fresh = _apart([item for item in index if is_new(index[item], state, done)], index, asked)
    new = fresh[: max(0, min(int(setting(state, "new", NEW_A_DAY)) - introduced, room - len(due)))]
    again = tuple(item for item in failed if item not in due)
    return Queue((*due, *again), tuple(new), failed, left, seconds)


def _is_missed_without_card(
    item: str, state: LearnState, index: Mapping[str, ItemFacts], today: date
) -> bool:
    """Whether it was missed in an exam and never asked before."""
    card, facts = state.cards.get(item), index.get(item)
    is_fresh = card is None or (facts is not None and card.rev != facts.rev)
    return facts is not None and is_fresh and state.asked_for[item] <= today


def is_due(
    card: Card, state: LearnState, index: Mapping[str, ItemFacts], today: date, done: set[str]
) -> bool:
    facts = index.get(card.item)
    if facts is None or facts.rev != card.rev:
        return False
    if card.item in state.asked_for:  # missed in an exam, also where it was marked before on this day
        return state.asked_for[card.item] <= today
    if card.item in done:
        return False
    exam = exam_day(state)
    if exam and today <= exam and (exam - today).days < EXAM_DAYS <= (exam - card.last).days:
        return True
    return card.due <= today or (card.last > today + ONE_DAY and _is_due_by_its_mark(card, state, today))


def _is_due_by_its_mark(card: Card, state: LearnState, today: date) -> bool:
    """Of a card whose last day is in the future, because a clock was ahead then or is set back now: whether
    its interval is over since the newest mark that this clock has seen."""
    marks = (one for one in reversed(state.marks) if one.get("item") == card.item)
    newest = next((day_of(one.at) for one in marks if one.get("after") is not None), None)
    return newest is None or newest > today + ONE_DAY or newest + timedelta(days=card.interval) <= today


def is_new(facts: ItemFacts, state: LearnState, done: set[str]) -> bool:
    """Whether it was opened and is not known yet: its section or aid was seen, what it needs is solved."""
    card = state.cards.get(facts.id)
    is_fresh = card is None or card.rev != facts.rev
    is_open = any(place in state.seen for place in facts.opened_by)
    return is_fresh and is_open and facts.id not in done and all(need in state.solved for need in facts.needs)


def days_ahead(
    state: LearnState, index: Mapping[str, ItemFacts], today: date, queue: Queue
) -> list[DayAhead]:
    """The days to come on which cards are due; what is left over today comes tomorrow."""
    counts: dict[date, int] = {today + timedelta(days=1): queue.left} if queue.left else {}
    for card in state.cards.values():
        if card.item in index and today < card.due <= today + timedelta(days=DAYS_AHEAD):
            counts[card.due] = counts.get(card.due, 0) + 1
    return [DayAhead(day.isoformat(), counts[day]) for day in sorted(counts)]


def setting(state: LearnState, name: str, default: float) -> float:
    """A number that was set, or the default."""
    value = state.settings.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number and value >= 0 else default


def exam_day(state: LearnState) -> date | None:
    try:
        return date.fromisoformat(str(state.settings.get("exam_on", "")))
    except ValueError:
        return None


def seconds_a_card(state: LearnState) -> float:
    """The mean of the newest 100 marks, once there are 20."""
    times = [_seconds(entry.get("ms")) for entry in state.marks[-100:] if entry.get("ms")]
    return sum(times) / len(times) if len(times) >= PACE_MARKS else USUAL_SECONDS


def _seconds(ms: object) -> float:
    given = float(ms) / 1000 if isinstance(ms, int | float) else USUAL_SECONDS
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, given))


def _room(state: LearnState, done: int, spent: float, seconds: float) -> int:
    """How many cards more the day holds."""
    by_time = (setting(state, "minutes", MINUTES_A_DAY) * 60 - spent) / seconds
    return max(0, min(int(setting(state, "cards", CARDS_A_DAY)) - done, math.floor(by_time)))


def _siblings(facts: ItemFacts) -> tuple[str, str]:
    return facts.lecture, facts.concept


def _overdue(card: Card, today: date) -> float:
    return (today - card.last).days / card.interval


def _shuffled(item: str, today: date) -> bytes:
    return hashlib.sha256(f"{item}/{today}".encode()).digest()[:4]


def _apart(items: list[str], index: Mapping[str, ItemFacts], asked: set[tuple[str, str]]) -> list[str]:
    """Without siblings of what was asked, and one item only of each concept."""
    kept, seen = [], set(asked)
    for item in items:
        if _siblings(index[item]) not in seen:
            seen.add(_siblings(index[item]))
            kept.append(item)
    return kept


def _mixed(items: list[str], index: Mapping[str, ItemFacts]) -> list[str]:
    """In their order, but for neighbours of one lecture where another is near."""
    waiting, mixed, last = list(items), [], ""
    while waiting:
        other = next((item for item in waiting[:LOOK_AHEAD] if index[item].lecture != last), waiting[0])
        waiting.remove(other)
        mixed.append(other)
        last = index[other].lecture
    return mixed
