"""A review line by line, for plain terminals and screen readers: the same queue and marks as in the app."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.aids.computing_in_parts import Pieces, T, finish
from engine.course.days import day_of
from engine.course.due import read_learned
from engine.course.items import Item, PredictItem, RecallItem
from engine.course.library import Library, read_library
from engine.course.log import LogEntry
from engine.course.marking import Marked, answer_text, expected_text, form_of, mark, number_text, parse_answer
from engine.course.prediction_runs import running
from engine.course.questions import Computed, Question, computing
from engine.course.review import LearnLog
from engine.errors import DltuiError, InputError, RunRefused

HELP = "? hint, g ANSWER guessed, z not today, u undo the newest mark, q leave"


class BrokenKey(Exception):
    """The key of an item cannot be computed."""


class LeaveReview(Exception):
    """The learner leaves; what was marked stays."""


@dataclass(frozen=True, slots=True)
class _Typed:
    text: str
    guessed: bool
    hinted: bool


class LineReview:
    """`ask` shows a prompt and returns the line typed, None at the end of input; `tell` prints a line;
    `clock` is the time in seconds since 1970."""

    def __init__(
        self,
        learn: Path,
        ask: Callable[[str], str | None],
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.learn, self._ask, self._tell, self._clock = learn, ask, tell, clock
        self._library: Library = read_library(learn)
        self._log = LearnLog(learn)
        self._later: set[str] = set()
        self.marked = 0

    def run(self, limit: int | None = None) -> int:
        """Ask what is due, then what is new; returns how many cards were marked."""
        self._tell(HELP)
        try:
            while limit is None or self.marked < limit:
                waiting = self._waiting()
                if not waiting:
                    self._tell("Nothing more is due today.")
                    break
                self._one(waiting[0], len(waiting))
        except LeaveReview:
            pass
        return self.marked

    def _waiting(self) -> list[str]:
        queue = read_learned(self.learn).queue(self._clock())
        return [item for item in (*queue.due, *queue.new) if item not in self._later]

    def _one(self, item_id: str, left: int) -> None:
        item = self._library.find_item(item_id)
        assert item is not None
        asked = self._log.question(item_id, item)
        self._tell("")
        self._tell(f"{item.kind} · {item_id} · {left} left")
        self._tell(asked.ask)
        for number, choice in enumerate(asked.choices, 1):
            self._tell(f"  {number} {choice}")
        started = self._clock()
        try:
            if isinstance(item, RecallItem):
                self._recall(item_id, item, asked, started)
            elif isinstance(item, PredictItem):  # nothing runs before it is locked
                self._answered(item_id, item, asked, None, started)
            else:
                self._answered(item_id, item, asked, _computed(computing(asked)), started)
        except BrokenKey as error:
            self._tell(f"This item is broken and left out: {error}")
            self._later.add(item_id)

    def _recall(self, item_id: str, item: RecallItem, asked: Question, started: float) -> None:
        typed = self._line(item_id, item, "enter shows the answer> ", may_be_empty=True)
        if typed is None:
            return
        self._tell(item.answer)
        for point in item.points:
            self._tell(f"  - {point}")
        while (typed := self._line(item_id, item, "1 forgot, 2 hard, 3 knew, 4 at once> ")) is not None:
            try:
                rating = int(parse_answer(asked, typed.text))
            except InputError as error:
                self._tell(str(error))
                continue
            self._record(item_id, asked, rating, Marked(rating, rating > 1), started, typed, item.answer)
            return

    def _answered(
        self, item_id: str, item: Item, asked: Question, computed: Computed | None, started: float
    ) -> None:
        attempt, hinted, run = 1, False, ""
        waiting = self._locked(item_id, asked)
        answer = None if waiting is None else waiting.get("answer")
        guessed = waiting is not None and bool(waiting.get("guessed"))
        while True:
            typed = _Typed("", guessed, hinted)
            if answer is None:
                got = self._line(item_id, item, f"{expected_text(asked)}> ")
                if got is None:
                    return
                typed, hinted = got, hinted or got.hinted
                try:
                    answer = parse_answer(asked, typed_answer(form_of(item), asked.choices, typed.text))
                except InputError as error:
                    self._tell(str(error))
                    continue
                if isinstance(item, PredictItem):
                    asked, answer, typed = self._lock(item_id, asked, answer, typed)
            if computed is None:
                computed, run = self._run(item_id, asked)
            marked = mark(asked, computed, answer, guessed=typed.guessed, hinted=hinted, attempt=attempt)
            if marked.may_retry:
                self._tell(marked.difference)
                attempt, answer = attempt + 1, None
                continue
            self._record(item_id, asked, answer, marked, started, typed, computed.key, run)
            return

    def _run(self, item_id: str, asked: Question) -> tuple[Computed, str]:
        """What came of the run of a prediction, and the day of one of before where that is used."""
        made = _computed(running(self.learn, item_id, asked, day_of(self._clock())))
        if made.stored:
            self._tell(f"A run of {made.stored} is used: it takes {made.seconds:.0f} s.")
        return made.computed, made.stored

    def _locked(self, item_id: str, asked: Question) -> LogEntry | None:
        """What was predicted before, where it was locked and never marked."""
        waiting = self._log.locked(item_id, asked.item)
        if waiting is not None:
            self._tell(f"You locked {answer_text(asked, waiting.get('answer'))}; it is run now.")
        return waiting

    def _lock(
        self, item_id: str, asked: Question, answer: object, typed: _Typed
    ) -> tuple[Question, object, _Typed]:
        """Lock it; one that was locked elsewhere meanwhile stays, and takes the place of this one."""
        try:
            self._log.lock(item_id, asked, answer, self._clock(), typed.guessed)
            self._tell("Locked.")
        except RunRefused as error:
            self._tell(str(error))
            if (found := self._log.locked(item_id, asked.item)) is not None:
                typed = _Typed(typed.text, bool(found.get("guessed")), typed.hinted)
                return self._log.question(item_id, asked.item), found.get("answer"), typed
        return asked, answer, typed

    def _record(
        self,
        item_id: str,
        asked: Question,
        answer: object,
        marked: Marked,
        started: float,
        typed: _Typed,
        key: object,
        run: str = "",
    ) -> None:
        item, seen = asked.item, ""
        if not isinstance(item, RecallItem):
            self._tell(("Right. " if marked.right else "") + marked.difference)
        if marked.why:
            self._tell(marked.why)
        if isinstance(item, PredictItem):
            seen = (self._ask("What did you see? (enter: nothing to add)> ") or "").strip()
        made = self._log.record(
            item_id, asked, answer, marked, self._clock(), key=key, seen=seen[:200],
            ms=round((self._clock() - started) * 1000), guessed=typed.guessed, hinted=typed.hinted, run=run,
        )  # fmt: skip
        self._tell(item.explain)
        if item.aid:
            self._tell(f"To try it: dltui learn aid {item.aid}")
        self._tell(
            f"Next on {made.due}." if made.due else "Practice: it was marked today before, its day stays."
        )
        self.marked += 1

    def _line(self, item_id: str, item: Item, prompt: str, may_be_empty: bool = False) -> _Typed | None:
        """The line that answers; None where the item is put off. Hints and undo are dealt with here."""
        shown = 0
        while True:
            text = self._ask(prompt)
            if text is None or text.strip() == "q":
                raise LeaveReview
            text = text.strip()
            if text == "?":
                self._tell(item.hints[min(shown, len(item.hints) - 1)] if item.hints else "There is no hint.")
                shown += bool(item.hints)
            elif text == "z":
                self._later.add(item_id)
                return None
            elif text == "u":
                undone = self._log.undo(self._clock())
                self._tell(f"Taken back: {undone.get('item')}." if undone else "There is no mark.")
            elif text or may_be_empty:
                guessed = text.startswith("g ") or (text[:1] == "g" and text[1:].isdecimal())
                return _Typed(text[1:].strip() if guessed else text, guessed, shown > 0)


def _computed(pieces: Pieces[T]) -> T:
    """Computed to the end. Raises BrokenKey."""
    try:
        return finish(pieces)
    except DltuiError as error:
        raise BrokenKey(str(error)) from error


def typed_answer(form: str, choices: Sequence[str], text: str) -> object:
    """What was typed as an answer: numbers from 1, as choices are shown, become places from 0, that of a
    direction its word. Raises InputError."""
    if form not in ("choice", "direction", "order"):
        return text
    count = len(choices)
    places = [int(one) - 1 for one in text.replace(",", " ").split() if one.isdecimal() and len(one) < 9]
    if form == "order":
        if sorted(places) != list(range(count)):
            raise InputError(f"answer: expected the numbers 1 to {count}, largest first, got {text[:80]!r}.")
        return places
    if form == "direction" and text in choices:
        return text
    if len(places) != 1 or not 0 <= places[0] < count:
        raise InputError(f"answer: expected a number from 1 to {count}, got {text[:80]!r}.")
    return choices[places[0]] if form == "direction" else places[0]


def key_text(key: object) -> str:
    """A key for people."""
    if isinstance(key, float) and math.isfinite(key):
        return number_text(key)
    return str(key)
