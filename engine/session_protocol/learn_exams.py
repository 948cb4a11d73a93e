"""`learn.*`: exams of the course, and its files: reset, check, export, import.

What ids and days are, and `Computing`: `engine.session_protocol.learn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.course.problems import Problem
from engine.session_protocol.learn import Computing
from engine.session_protocol.learn_items import AskedItem
from engine.session_protocol.request import Request, StreamRequest

# --- exams ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExamShareLine:
    """A lecture or a concept."""

    name: str
    right: int
    asked: int


@dataclass(frozen=True, slots=True)
class MissedItem:
    item: str
    ask: str
    said: str
    happened: str
    explain: str
    aid: str


@dataclass(frozen=True, slots=True)
class ItemToGrade:
    item: str
    ask: str
    said: str
    answer: str
    points: Sequence[str]


@dataclass(frozen=True, slots=True)
class ExamPaper:
    """An exam: in its course without marks, at its end with its report."""

    id: str
    lectures: Sequence[str]
    seed: int
    minutes: int
    items: Sequence[str]
    answered: Sequence[str]
    left_seconds: float
    is_over: bool
    to_grade: Sequence[str]
    """recall items that were answered: one grades them oneself before the end"""
    grading: Sequence[ItemToGrade] = ()
    """what was answered to them, and what is right"""
    right: int = 0
    shares: Sequence[ExamShareLine] = ()
    """by lecture"""
    concepts: Sequence[ExamShareLine] = ()
    """those with a miss first"""
    seconds: Sequence[tuple[str, float]] = ()
    """of each item, the longest first"""
    missed: Sequence[MissedItem] = ()
    known: int = 0
    """cards that start as known, because the exam was passed"""
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class ExamBeginRequest(Request[ExamPaper]):
    """An exam of `lectures`, as 1-3,5 or all; the same seed draws the same items with the same numbers.

    Raises InputError.
    """

    METHOD = "learn.exam_begin"

    lectures: str = "all"
    seed: int | None = None
    """None: the next one"""
    items: int = 20
    minutes: int = 25


@dataclass(frozen=True, slots=True)
class ExamRequest(Request[ExamPaper]):
    """An exam by its id; without one the newest that was left, else the newest. Raises InputError for
    none."""

    METHOD = "learn.exam"

    exam: str = ""


@dataclass(frozen=True, slots=True)
class ExamItemRequest(Request[AskedItem]):
    """An item with the numbers of this exam, without hints, answer and explanation."""

    METHOD = "learn.exam_item"

    exam: str
    item: str


@dataclass(frozen=True, slots=True)
class ExamAnswerRequest(StreamRequest[Computing | ExamPaper]):
    """Answer an item: `answer` as that of MarkRequest, of a recall item any text or None. It replaces an
    answer of before. Raises RunRefused where the time is over."""

    METHOD = "learn.exam_answer"

    exam: str
    item: str
    answer: Any
    ms: int = 0


@dataclass(frozen=True, slots=True)
class ExamLeaveRequest(Request[ExamPaper]):
    """It was left `seconds` after its last answer, or looked at for so long: the rest of the time is kept."""

    METHOD = "learn.exam_leave"

    exam: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ExamEndRequest(Request[ExamPaper]):
    """End it: `grades` of the recall items, by oneself; `known`: if it is passed, cards of its lectures
    that have none yet start as known."""

    METHOD = "learn.exam_end"

    exam: str
    grades: Mapping[str, bool] = field(default_factory=dict)
    known: bool = False


# --- the log and decks ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResetItems:
    items: int
    """cards that begin once more"""


@dataclass(frozen=True, slots=True)
class ResetRequest(Request[ResetItems]):
    """Begin an item, a lecture or `all` once more; the log keeps what was answered. Raises InputError."""

    METHOD = "learn.reset"

    what: str


@dataclass(frozen=True, slots=True)
class CheckedDeck:
    ok: bool
    lectures: int
    items: int
    aids: int
    covered: int
    entries: int
    problems: Sequence[Problem]
    summary: str


@dataclass(frozen=True, slots=True)
class CheckRequest(StreamRequest[Computing | CheckedDeck]):
    """Check a deck, by the path of its folder or the name of one in the home; empty: the course."""

    METHOD = "learn.check"

    deck: str = ""


@dataclass(frozen=True, slots=True)
class ExportedLearning:
    path: str
    """of the file that was written; empty: `text` has it"""
    text: str
    lines: int


@dataclass(frozen=True, slots=True)
class ExportRequest(Request[ExportedLearning]):
    """`what` is log, anki (recall and choice items, as Anki's plain text) or notes (Markdown). Raises
    InputError, DltuiError where a file cannot be written."""

    METHOD = "learn.export"

    what: str
    path: str = ""
    """absolute; empty: as text"""


@dataclass(frozen=True, slots=True)
class ImportedLearning:
    added: int
    """lines, or cards of a deck"""
    known: int
    """there already"""
    skipped: int
    """that could not be read"""
    deck: str
    """name of the deck that Anki's text became; empty for a log"""


@dataclass(frozen=True, slots=True)
class ImportRequest(Request[ImportedLearning]):
    """A log of another machine, or Anki's plain text, which becomes a deck of recall items. Raises
    InputError."""

    METHOD = "learn.import"

    path: str
