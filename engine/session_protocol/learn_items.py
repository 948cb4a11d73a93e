"""`learn.*`: items of the course: ask, try, lock, run, mark, undo; and notes of one's own.

What ids and days are, and `Computing`: `engine.session_protocol.learn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.params import Value
from engine.session_protocol.learn import Computing
from engine.session_protocol.request import Request, StreamRequest
from engine.typed_json import Number

# --- items: ask, lock, run, mark ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LockedAnswer:
    """A prediction that waits for its run: nothing changes it."""

    answer: Any
    said: str
    """in words"""
    at: float
    """seconds since 1970"""
    guessed: bool


@dataclass(frozen=True, slots=True)
class AskedItem:
    """An item with the numbers of this review."""

    JSON_OMITTED: ClassVar = ("scale",)

    id: str
    kind: str
    form: str
    """how it is answered: recall, number, choice, direction, order, curve, build or essay"""
    lecture: str
    concept: str
    ask: str
    choices: Sequence[str]
    """options, directions or rows as shown; an answer is a place among them from 0, of rows all places"""
    expected: str
    """what is typed, in words"""
    seed: int
    drawn: Mapping[str, Value]
    aid: str
    params: Mapping[str, Value]
    """of the aid"""
    over: str
    """parameter along a curve, and its eight values"""
    at: Sequence[float]
    hints: Sequence[str]
    answer: str
    """of a recall item"""
    points: Sequence[str]
    """of a recall item, to tick before one grades oneself; of an essay its rubric"""
    explain: str
    see: str
    """what a prediction shows, for those who do not want to type it"""
    state: str
    """as that of ItemLine"""
    due: str
    reviews: int
    lapses: int
    locked: LockedAnswer | None = None
    broken: str = ""
    """why its key cannot be computed; such an item is in no queue"""
    scale: Sequence[float] = ()
    """ends of the axis that a curve is drawn on"""


@dataclass(frozen=True, slots=True)
class ItemRequest(Request[AskedItem]):
    """`seed`: other numbers than those of the next review. Raises InputError."""

    METHOD = "learn.item"

    item: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class LockRequest(Request[LockedAnswer]):
    """Lock a prediction: a line in the log, on disk, before anything runs.

    Raises InputError for an answer that is none, RunRefused where one is locked.
    """

    METHOD = "learn.lock"

    item: str
    answer: Any
    """a number (also as text), a place among the choices or all places of rows, rises, falls or stays, eight
    numbers"""
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What happened, beside what was said; it is not marked yet."""

    item: str
    seed: int
    key: Any
    """in the form of an answer"""
    happened: str
    """in words"""
    said: str
    difference: str
    rating: int
    """that a mark would have: 1 again, 2 hard, 3 good"""
    is_right: bool
    seconds: float
    """that the run took"""
    values: Mapping[str, Number]
    data: Mapping[str, Any]
    """as those of ComputedAid"""
    stored: str
    """day of the run, where one of before is used because a new one takes longer than the item's budget;
    empty: it ran anew"""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """of the values, in words"""


@dataclass(frozen=True, slots=True)
class RunRequest(StreamRequest[Computing | RunOutcome]):
    """Run the aid for a locked prediction. Closing the stream ends it, without a mark: the lock stays.

    Raises RunRefused where nothing is locked.
    """

    METHOD = "learn.run"

    item: str


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """An answer and its mark; `id` is empty where a number may be tried once more, and nothing is marked."""

    id: str
    """of the line in the log"""
    item: str
    rating: int | None
    """1 again, 2 hard, 3 good, 4 easy; None for build and essay, and where it may be tried again"""
    is_right: bool
    key: Any
    happened: str
    """the right answer in words; empty where it may be tried once more"""
    difference: str
    why: str
    """the reason that this choice is wrong"""
    explain: str
    is_practice: bool
    """the card was marked on this day before, here or in another app: its day stays"""
    due: str
    """day on which the card comes back; empty where nothing is scheduled"""
    lapses: int
    values: Mapping[str, Number] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarkRequest(StreamRequest[Computing | MarkedItem]):
    """Mark an answer: a line in the log, on disk, when the answer comes.

    `answer` as that of LockRequest; of a recall item the rating that one gives oneself, of a build item the
    parameters of its aid, of an essay its ticks, true or false. A prediction is marked with what was locked,
    after its run; `answer` is not read. Raises InputError, RunRefused.
    """

    METHOD = "learn.mark"

    item: str
    answer: Any = None
    guessed: bool = False
    hinted: bool = False
    attempt: int = 1
    """at a number, from 1"""
    ms: int = 0
    """from the question to the answer"""
    seen: str = ""
    """what was seen in the run, in the learner's words"""
    seed: int | None = None
    """of AskedItem, so that it is this question that is marked"""


@dataclass(frozen=True, slots=True)
class TriedItem:
    """An answer that is not marked: before reading, or of a question that is not due."""

    is_right: bool
    happened: str
    difference: str
    why: str
    explain: str


@dataclass(frozen=True, slots=True)
class TryRequest(StreamRequest[Computing | TriedItem]):
    """Judge an answer and write nothing."""

    METHOD = "learn.try"

    item: str
    answer: Any
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    item: str
    """whose newest mark was taken back; empty: there is none"""
    was_practice: bool
    due: str
    """day of the card as it was before; empty: it is new once more"""


@dataclass(frozen=True, slots=True)
class UndoRequest(Request[Undone]):
    """Take back the newest mark, never a lock."""

    METHOD = "learn.undo"


@dataclass(frozen=True, slots=True)
class LectureNote:
    """Notes of one's own about a lecture, which essays are written in."""

    lecture: str
    path: str
    """of the file, for an editor"""
    text: str
    words: int
    ticks: Mapping[str, Sequence[bool]]
    """of the rubric of each essay, as they were set last"""


@dataclass(frozen=True, slots=True)
class NoteRequest(Request[LectureNote]):
    """Read the notes of a lecture, or with `text` write them; `count`: an editor has written them."""

    METHOD = "learn.note"

    lecture: str
    text: str | None = None
    count: bool = False
