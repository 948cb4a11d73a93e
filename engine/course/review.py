"""What a learner does, written to the log: look, lock, mark, undo, note, set, reset. Time is always given.

Before a mark is written, what others wrote meanwhile is read, under the lock of the log.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.course.cards import LearnState, replay
from engine.course.days import day_of
from engine.course.due import log_path
from engine.course.items import Item, PredictItem
from engine.course.log import LogEntry, append, appending, new_entry, read
from engine.course.marking import Marked, parse_answer
from engine.course.questions import Question, seed_of
from engine.course.questions import question as draw_question
from engine.course.queue import exam_day
from engine.errors import InputError, RunRefused


@dataclass(frozen=True, slots=True)
class Recorded:
    entry: LogEntry
    is_practice: bool
    """the card was marked on this day before, here or in another app: nothing is scheduled"""

    @property
    def due(self) -> str:
        """The day on which the card comes back, as 2026-12-02; empty for practice."""
        after = self.entry.get("after")
        return str(after["due"]) if isinstance(after, Mapping) else ""


class LearnLog:
    """The log of a home and all that follows from it, kept as new as the log is."""

    def __init__(self, learn: Path) -> None:
        self.path = log_path(learn)
        self._state, self._size, self._inode = LearnState(), 0, 0
        self._skipped = self._newer = 0

    @property
    def state(self) -> LearnState:
        """What the log says at this moment; only what is new in it is read. Raises CorruptRun."""
        try:
            found = os.stat(self.path)
            inode, size = found.st_ino, found.st_size
        except OSError:
            inode = size = 0
        if inode != self._inode or size < self._size:
            self._state, self._size, self._inode = LearnState(), 0, inode
            self._skipped = self._newer = 0
        if size > self._size:
            new = read(self.path, self._size)
            replay(new.entries, self._state)
            self._size = new.size
            self._skipped, self._newer = self._skipped + new.skipped, self._newer + new.newer
        return self._state

    def remarks(self) -> list[str]:
        """What of the log could not be used, in a line each."""
        _ = self.state
        found = []
        if self._skipped:
            found.append(f"{self.path.name}: {_lines(self._skipped)} could not be read and left out.")
        if self._newer:
            found.append(f"{self.path.name}: {_lines(self._newer)} of a newer dltui left out.")
        return found

    def question(self, item_id: str, item: Item) -> Question:
        """With the numbers of this review; those that were locked where a prediction waits for its run."""
        if (waiting := self.locked(item_id, item)) is not None:
            return draw_question(item, int(waiting.get("seed")))
        return draw_question(item, seed_of(item_id, item.rev, self.state.asked.get(item_id, 0)))

    def locked(self, item_id: str, item: Item) -> LogEntry | None:
        """The prediction that waits for its run; None also where its answer is none to this question."""
        waiting = self.state.locks.get(item_id)
        if waiting is None or waiting.get("rev") != item.rev or not isinstance(item, PredictItem):
            return None
        try:
            parse_answer(draw_question(item, int(waiting.get("seed"))), waiting.get("answer"))
        except InputError:
            return None
        return waiting

    def see(self, what: str, now: float) -> None:
        """A section, LECTURE.SECTION, or an aid, aid:NAME, was opened; written once."""
        if what not in self.state.seen:
            append(self.path, [new_entry("seen", now, what=what)])

    def lock(self, item_id: str, asked: Question, answer: Any, now: float, guessed: bool = False) -> LogEntry:
        """Keep a prediction before anything runs. Raises RunRefused where one waits for its run already."""
        with appending(self.path) as log:
            found = self.locked(item_id, asked.item)
            if found is not None:
                raise RunRefused(f"{item_id} is locked with {found.get('answer')!r}.", "It stays; run it.")
            entry = new_entry("lock", now, **_asked(item_id, asked), answer=answer, guessed=guessed)
            log.write(entry)
            return entry

    def record(
        self,
        item_id: str,
        asked: Question,
        answer: Any,
        marked: Marked,
        now: float,
        *,
        key: Any = None,
        ms: int = 0,
        guessed: bool = False,
        hinted: bool = False,
        run: str = "",
        seen: str = "",
    ) -> Recorded:
        """Mark an answer: the first of a day schedules its card, a later one is practice."""
        item, today = asked.item, day_of(now)
        facts = {
            **_asked(item_id, asked),
            "answer": answer,
            "key": list(key) if isinstance(key, tuple) else key,
            "rating": marked.rating,
            "right": marked.right,
            "ms": ms,
            **{name: value for name, value in (("guessed", guessed), ("hinted", hinted)) if value},
            **{name: value for name, value in (("run", run), ("seen", seen)) if value},
        }
        with appending(self.path) as log:
            state = self.state
            before, after = state.cards.get(item_id), None
            if item.is_scheduled and marked.rating is not None and not _is_marked(state, item_id, today):
                from engine.course.schedule import review  # it loads FSRS, which only marks need

                after = review(before, item_id, item.rev, marked.rating, today, retention(state, now))
            is_practice = item.is_scheduled and after is None
            if not is_practice:
                facts["before"] = before.to_json() if before else None
                facts["after"] = after.to_json() if after else None
            entry = new_entry("practice" if is_practice else "mark", now, **facts)
            log.write(entry)
        return Recorded(entry, is_practice)

    def undo(self, now: float) -> LogEntry | None:
        """Take back the newest mark; a lock is never taken back. Returns the mark, None for none."""
        with appending(self.path) as log:
            newest = self.state.newest_mark()
            if newest is not None:
                log.write(new_entry("undo", now, of=newest.id))
            return newest

    def note(self, lecture: str, words: int, now: float) -> None:
        """The notes of a lecture, kept in a file of their own, have so many words."""
        append(self.path, [new_entry("note", now, lecture=lecture, words=words)])

    def change_setting(self, name: str, value: Any, now: float) -> None:
        append(self.path, [new_entry("setting", now, name=name, value=value)])

    def reset(self, what: str, now: float) -> None:
        """Begin an item, a lecture or all once more; what was answered stays in the log."""
        append(self.path, [new_entry("reset", now, what=what)])


def _is_marked(state: LearnState, item_id: str, today: date) -> bool:
    """Whether its card was scheduled on this day."""
    return any(
        entry.get("item") == item_id and entry.kind == "mark" and entry.get("after") is not None
        for entry in state.marked_on(today)
    )


def retention(state: LearnState, now: float) -> float:
    """Higher until the day of an exam."""
    from engine.course.schedule import EXAM_RETENTION, RETENTION

    exam = exam_day(state)
    return EXAM_RETENTION if exam and day_of(now) <= exam else RETENTION


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _asked(item_id: str, asked: Question) -> dict[str, Any]:
    return {"item": item_id, "rev": asked.item.rev, "seed": asked.seed, "drawn": asked.drawn}
