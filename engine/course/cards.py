"""What follows from the log: cards, what was seen, solved, noted. Replay copies cards, it never schedules."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from engine.course.days import day_of, start_of
from engine.course.log import LogEntry

KNOWN_DAYS = 21.0
"""a stability above it makes a card known"""
WEAK_LAPSES = 5
MOST_STABLE, HARDEST = 1e6, 10.0
"""bounds of stability, in days, and of difficulty"""
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9900, 1, 1)
"""of a card: what lies beyond was not written by dltui"""
_DECAY = -0.1542
"""of FSRS 6, as its formula of retrievability has it"""
_FACTOR = 0.9 ** (1 / _DECAY) - 1


@dataclass(frozen=True, slots=True)
class Card:
    item: str
    rev: int
    stability: float
    difficulty: float
    due: date
    last: date
    reviews: int
    lapses: int

    @property
    def interval(self) -> int:
        """Days from the last review to the next."""
        return max(1, (self.due - self.last).days)

    def recall(self, day: date) -> float:
        """The probability that it is recalled on a day."""
        days = max(0, (day - self.last).days)
        return float((1 + _FACTOR * days / self.stability) ** _DECAY)

    def to_json(self) -> dict[str, Any]:
        return {
            "rev": self.rev,
            "stability": self.stability,
            "difficulty": self.difficulty,
            "due": self.due.isoformat(),
            "last": self.last.isoformat(),
            "reviews": self.reviews,
            "lapses": self.lapses,
        }


def card_from_json(item: str, made: Any) -> Card | None:
    """None where it is no card."""
    try:
        card = Card(
            item,
            int(made["rev"]),
            float(made["stability"]),
            float(made["difficulty"]),
            date.fromisoformat(made["due"]),
            date.fromisoformat(made["last"]),
            int(made["reviews"]),
            int(made["lapses"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    is_possible = 0 < card.stability < MOST_STABLE and 0 <= card.difficulty <= HARDEST
    return card if is_possible and FIRST_DAY <= card.last <= card.due <= LAST_DAY else None


def _moment(entry: LogEntry) -> float:
    return entry.at


@dataclass(slots=True)
class LearnState:
    """All that the log says."""

    cards: dict[str, Card] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    """sections (LECTURE.SECTION) and aids (aid:NAME), with the time of the first look"""
    solved: set[str] = field(default_factory=set)
    """build items"""
    notes: dict[str, int] = field(default_factory=dict)
    """words of the notes of each lecture"""
    marks: list[LogEntry] = field(default_factory=list)
    """marks and practice that were not undone, in the order of the log"""
    asked: dict[str, int] = field(default_factory=dict)
    """how many of `marks` each item has"""
    is_in_order: bool = True
    """whether no mark is older than one before it, as a clock that was set back writes them"""
    locks: dict[str, LogEntry] = field(default_factory=dict)
    """predictions that were locked and not marked yet, by item"""
    settings: dict[str, Any] = field(default_factory=dict)
    exams: dict[str, list[LogEntry]] = field(default_factory=dict)
    asked_for: dict[str, date] = field(default_factory=dict)
    """items missed in an exam, with its day"""

    def marked_on(self, day: date) -> list[LogEntry]:
        begin, end = start_of(day), start_of(day + timedelta(days=1))
        first, last = 0, len(self.marks)
        if self.is_in_order:
            first = bisect.bisect_left(self.marks, begin, key=_moment)
            last = bisect.bisect_left(self.marks, end, key=_moment)
        return [entry for entry in self.marks[first:last] if begin <= entry.at < end]

    def newest_mark(self) -> LogEntry | None:
        return self.marks[-1] if self.marks else None

    def weak_spots(self) -> list[Card]:
        """Cards with five lapses or more, the most first."""
        weak = [card for card in self.cards.values() if card.lapses >= WEAK_LAPSES]
        return sorted(weak, key=lambda card: (-card.lapses, card.item))


def replay(entries: Iterable[LogEntry], state: LearnState | None = None) -> LearnState:
    """Entries in the order of the log, or by time where logs were merged; `state` is carried on."""
    state = LearnState() if state is None else state
    for entry in entries:
        _APPLY[entry.kind](state, entry)
    return state


def _seen(state: LearnState, entry: LogEntry) -> None:
    state.seen.setdefault(str(entry.get("what", "")), entry.at)


def _lock(state: LearnState, entry: LogEntry) -> None:
    state.locks[str(entry.get("item", ""))] = entry


def _mark(state: LearnState, entry: LogEntry) -> None:
    item = str(entry.get("item", ""))
    state.is_in_order &= not state.marks or entry.at >= state.marks[-1].at
    state.marks.append(entry)
    state.asked[item] = state.asked.get(item, 0) + 1
    state.locks.pop(item, None)
    state.asked_for.pop(item, None)
    if entry.get("after") is not None:
        card = card_from_json(item, entry.get("after"))
        if card is not None:
            state.cards[item] = card
    elif entry.kind == "mark" and entry.get("right"):
        state.solved.add(item)


def _undo(state: LearnState, entry: LogEntry) -> None:
    of = entry.get("of")
    place = next((i for i in range(len(state.marks) - 1, -1, -1) if state.marks[i].id == of), None)
    if place is None:
        return
    item = str(state.marks[place].get("item", ""))
    if any(later.get("item") == item and later.kind == "mark" for later in state.marks[place + 1 :]):
        return  # only the newest mark of a card can be taken back
    mark = state.marks.pop(place)
    state.asked[item] -= 1
    if mark.kind != "mark":
        return
    if mark.get("after") is None:
        state.solved.discard(item)
        return
    before = card_from_json(item, mark.get("before")) if mark.get("before") else None
    if before is None:
        state.cards.pop(item, None)
    else:
        state.cards[item] = before


def _note(state: LearnState, entry: LogEntry) -> None:
    words = entry.get("words", 0)
    state.notes[str(entry.get("lecture", ""))] = words if isinstance(words, int) else 0


def _exam(state: LearnState, entry: LogEntry) -> None:
    state.exams.setdefault(str(entry.get("exam", "")), []).append(entry)
    if entry.get("event") != "end":
        return
    for item in entry.get("missed", ()):
        state.asked_for[str(item)] = day_of(entry.at)
    for item, made in _items(entry.get("known", {})):
        card = card_from_json(item, made)
        if card is not None:
            state.cards.setdefault(item, card)


def _items(made: Any) -> Iterable[tuple[str, Any]]:
    return made.items() if isinstance(made, Mapping) else ()


def _setting(state: LearnState, entry: LogEntry) -> None:
    state.settings[str(entry.get("name", ""))] = entry.get("value")


def _reset(state: LearnState, entry: LogEntry) -> None:
    what = str(entry.get("what", ""))

    def is_meant(name: str) -> bool:
        return what == "all" or name == what or name.startswith(f"{what}.")

    for group in (state.cards, state.locks, state.asked_for, state.seen, state.asked):
        for name in [name for name in group if is_meant(name)]:
            del group[name]
    state.solved = {item for item in state.solved if not is_meant(item)}
    state.marks = [entry for entry in state.marks if not is_meant(str(entry.get("item", "")))]


_APPLY = {
    "seen": _seen,
    "lock": _lock,
    "mark": _mark,
    "practice": _mark,
    "undo": _undo,
    "note": _note,
    "exam": _exam,
    "setting": _setting,
    "reset": _reset,
}
