"""How many cards are due: read from `learn/cards.json`, a cache of what the log says, in a few milliseconds.

Standard library only; texts of lectures are read where the cache is stale. Losing the cache loses nothing.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.course.cards import LearnState, card_from_json, replay
from engine.course.days import day_of as day_of
from engine.course.deck_files import stamp
from engine.course.index import ItemFacts, index_from_json, index_to_json
from engine.course.log import LogEntry, LogRead, read
from engine.course.queue import DayAhead as DayAhead
from engine.course.queue import Queue, days_ahead, today_queue
from engine.errors import CorruptRun
from engine.files import read_json, write_json

FORMAT = 1
KEPT_MARKS = 200
"""newest marks that the cache has: those of today, and the pace"""


@dataclass(frozen=True, slots=True)
class LectureDue:
    id: str
    due: int


@dataclass(frozen=True, slots=True)
class Due:
    due: int
    new: int
    minutes: int
    next: tuple[DayAhead, ...]
    lectures: tuple[LectureDue, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """The log of a home, replayed, with what the queue has to know of the items."""

    state: LearnState
    index: dict[str, ItemFacts]

    def queue(self, now: float, more: int = 0) -> Queue:
        return today_queue(self.state, self.index, day_of(now), more)


def log_path(learn: Path) -> Path:
    return learn / "log.jsonl"


def count_due(learn: Path, now: float) -> Due:
    """What is due at `now`, of the folder `learn` of a home; zeros where there is none. Raises CorruptRun."""
    learned = read_learned(learn)
    queue = learned.queue(now)
    lectures: dict[str, int] = {}
    for item in queue.due:
        lecture = learned.index[item].lecture
        lectures[lecture] = lectures.get(lecture, 0) + 1
    return Due(
        len(queue.due),
        len(queue.new),
        queue.minutes,
        tuple(days_ahead(learned.state, learned.index, day_of(now), queue)),
        tuple(LectureDue(name, lectures[name]) for name in sorted(lectures)),
    )


def read_learned(learn: Path) -> Learned:
    """From the cache where it is as new as the log and the texts; else replayed, and cached again.

    Of the marks the newest 200 are there. Raises CorruptRun for a log that cannot be read.
    """
    log, content = _facts(log_path(learn)), stamp(learn)
    if not log[0]:
        return Learned(LearnState(), {})
    state, index = _from_cache(learn, log, content)
    if state is not None and index is not None:
        return Learned(state, index)
    made = replay_all(learn) if index is None else Learned(replay(read_log(learn).entries), index)
    _write_cache(learn, made, log, content)
    return made


def replay_all(learn: Path) -> Learned:
    """All of the log, replayed."""
    from engine.course.library import read_library  # it reads texts, which a fresh cache saves

    return Learned(replay(read_log(learn).entries), read_library(learn).index())


def read_log(learn: Path) -> LogRead:
    return read(log_path(learn))


def _facts(path: Path) -> list[int]:
    """Size and time of the newest write of the log."""
    try:
        found = os.stat(path)
        return [found.st_size, found.st_mtime_ns]
    except OSError:
        return [0, 0]


def _from_cache(
    learn: Path, log: list[int], content: str
) -> tuple[LearnState | None, dict[str, ItemFacts] | None]:
    """What the log says, None where it has grown; the index, None where a text has changed."""
    try:
        made = read_json(learn / "cards.json")
        if made is None or (made["format"], made["content"]) != (FORMAT, content):
            return None, None
        index = index_from_json(made["index"])
        if made["log"] != log:
            return None, index
        state = LearnState()
        cards = [card_from_json(item, one) for item, one in made["cards"].items()]
        state.cards = {card.item: card for card in cards if card}
        state.seen, state.settings = dict(made["seen"]), dict(made["settings"])
        state.solved = set(made["solved"])
        state.asked_for = {item: date.fromisoformat(day) for item, day in made["asked_for"].items()}
        state.marks = [LogEntry("", at, kind, fields) for at, kind, fields in made["marks"]]
        state.is_in_order = False
        return state, index
    except (CorruptRun, KeyError, TypeError, ValueError, AttributeError):
        return None, None  # it is made anew


def _write_cache(learn: Path, learned: Learned, log: list[int], content: str) -> None:
    state = learned.state
    made: dict[str, Any] = {
        "format": FORMAT,
        "log": log,
        "content": content,
        "cards": {item: card.to_json() for item, card in state.cards.items()},
        "seen": state.seen,
        "settings": state.settings,
        "solved": sorted(state.solved),
        "asked_for": {item: day.isoformat() for item, day in state.asked_for.items()},
        "marks": [[entry.at, entry.kind, _brief(entry)] for entry in state.marks[-KEPT_MARKS:]],
        "index": index_to_json(learned.index),
    }
    if learn.is_dir():
        with contextlib.suppress(OSError, ValueError):  # a cache: a folder that cannot be written has none
            write_json(learn / "cards.json", made)


def _brief(entry: LogEntry) -> dict[str, Any]:
    """What the queue reads of a mark; a card before or after is there or not."""
    brief = {name: entry.get(name) for name in ("item", "rating", "ms")}
    return brief | {name: None if entry.get(name) is None else {} for name in ("before", "after")}
