"""How far a learner is, lecture by lecture, and how well predictions hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from engine.course.cards import KNOWN_DAYS, Card, LearnState

if TYPE_CHECKING:
    from engine.course.deck import Deck
    from engine.course.reading import Lecture


@dataclass(frozen=True, slots=True)
class Part:
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class LectureProgress:
    id: str
    title: str
    sections: Part
    """read"""
    aids: Part
    """touched"""
    goals: Part
    """solved"""
    essays: Part
    """lectures with notes count all of theirs"""
    new: int
    """cards never asked"""
    learning: int
    known: int
    """cards with a stability above 21 days"""
    recalled: float
    """cards expected to be recalled on this day"""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Predictions of a span of time."""

    right: int
    all: int
    right_not_guessed: int
    not_guessed: int


def lecture_progress(
    deck: Deck, lecture: Lecture, state: LearnState, today: date, prefix: str = ""
) -> LectureProgress:
    """`prefix` is that of the ids of the deck."""
    items, name = deck.items_of(lecture.id), prefix + lecture.id
    aids = {name for section in lecture.all_sections for name in section.named("aid")}
    goals = [prefix + item.id for item in items if item.kind == "build"]
    essays = sum(item.kind == "essay" for item in items)
    cards = _cards(state, [prefix + item.id for item in items if item.is_scheduled])
    known = sum(card.stability > KNOWN_DAYS for card in cards)
    sections = [f"{name}.{section.slug}" for section in lecture.sections]
    return LectureProgress(
        name,
        lecture.title,
        Part(sum(name in state.seen for name in sections), len(sections)),
        Part(sum(f"aid:{name}" in state.seen for name in aids), len(aids)),
        Part(sum(item in state.solved for item in goals), len(goals)),
        Part(essays if state.notes.get(name) else 0, essays),
        sum(item.is_scheduled for item in items) - len(cards),
        len(cards) - known,
        known,
        sum(card.recall(today) for card in cards),
    )


def foreseen(state: LearnState, since: float) -> Foreseen:
    """Predictions marked since a moment, the first of each day."""
    marks = [
        entry
        for entry in state.marks
        if entry.kind == "mark" and entry.at >= since and str(entry.get("item", "")).endswith(".predict")
    ]
    sure = [entry for entry in marks if not entry.get("guessed")]
    return Foreseen(
        sum(bool(entry.get("right")) for entry in marks),
        len(marks),
        sum(bool(entry.get("right")) for entry in sure),
        len(sure),
    )


def _cards(state: LearnState, items: Iterable[str]) -> list[Card]:
    return [state.cards[item] for item in items if item in state.cards]
