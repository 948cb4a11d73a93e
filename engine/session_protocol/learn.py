"""`learn.*`: the course: what there is to read and to touch, what is due, how far one is.

Items, their marks and notes are in `learn_items`, exams and the files of the course in `learn_exams`.

`l02` is a lecture, `l02.SLUG` a section, `l02.bias.recall` an item, `aid:gate_lab` an aid that was
opened; ids of a user's deck begin with its folder and a colon, `mine:l01`. Days are those of learning, as
2026-12-02: one begins at 04:00 local time. A stream sends `Computing` while it computes, at least every
50 ms, then its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.course.due import LectureDue
from engine.course.progress import Foreseen as Foreseen
from engine.course.progress import LectureProgress, Part
from engine.course.queue import DayAhead
from engine.params import Value
from engine.session_protocol.request import Request, StreamRequest
from engine.typed_json import Number


@dataclass(frozen=True, slots=True)
class Computing:
    """It is being computed."""

    done: float
    """share, from 0 to 1"""


# --- lectures, words, aids ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LectureSection:
    id: str
    title: str
    words: int
    is_seen: bool
    items: Sequence[str]
    aids: Sequence[str]


@dataclass(frozen=True, slots=True)
class LectureLine:
    """A lecture and how far one is in it."""

    id: str
    minutes: int
    words: int
    due: int
    progress: LectureProgress
    sections: Sequence[LectureSection]
    """without its overview"""


@dataclass(frozen=True, slots=True)
class ListedLectures:
    lectures: Sequence[LectureLine]
    left_out: Mapping[str, str]
    """decks of the user's that cannot be used, each with a complaint"""


@dataclass(frozen=True, slots=True)
class LecturesRequest(Request[ListedLectures]):
    METHOD = "learn.lectures"


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as a lecture shows it."""

    id: str
    kind: str
    """recall, choice, number, order, predict, build, essay"""
    concept: str
    ask: str
    state: str
    """closed (nothing of it was opened, or what it needs is not solved), new, due, learning, known, locked,
    solved, open (a build item or an essay), broken (its key cannot be computed: it is in no queue)"""
    due: str
    """day; empty without a card"""


@dataclass(frozen=True, slots=True)
class LectureVideo:
    id: str
    title: str
    channel: str
    seconds: int
    """0: not known"""
    checked: str
    """day; empty: never opened"""


@dataclass(frozen=True, slots=True)
class LectureSource:
    id: str
    authors: str
    title: str
    year: int
    """0: none"""
    where: str


@dataclass(frozen=True, slots=True)
class OpenedLecture:
    """What belongs to a lecture beside its text, which `engine.course.reading` reads."""

    line: LectureLine
    title: str
    needs: Sequence[str]
    opens: Sequence[str]
    """items to try before reading; they are not marked"""
    items: Sequence[ItemLine]
    """of all kinds"""
    videos: Sequence[LectureVideo]
    sources: Sequence[LectureSource]


@dataclass(frozen=True, slots=True)
class LectureRequest(Request[OpenedLecture]):
    """`lecture` as `dltui learn show` takes it: 2, l02, mine:l01."""

    METHOD = "learn.lecture"

    lecture: str


@dataclass(frozen=True, slots=True)
class SeenPlaces:
    seen: Sequence[str]
    """those that had not been seen before"""


@dataclass(frozen=True, slots=True)
class SeenRequest(Request[SeenPlaces]):
    """Sections and aids were opened: their items may be asked from now on."""

    METHOD = "learn.seen"

    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class GlossaryWord:
    name: str
    aliases: Sequence[str]
    text: str
    lecture: str
    aid: str
    """empty: none shows it"""


@dataclass(frozen=True, slots=True)
class ListedWords:
    words: Sequence[GlossaryWord]


@dataclass(frozen=True, slots=True)
class WordsRequest(Request[ListedWords]):
    """A name or an alias has that word alone; other text those that have it in them. Raises InputError."""

    METHOD = "learn.words"

    word: str = ""


@dataclass(frozen=True, slots=True)
class AidControl:
    """A parameter of an aid, as `engine.params.Param` has it."""

    name: str
    kind: str
    """bool, int, float or str"""
    default: Value
    help: str
    expected: str
    """the accepted values, in words"""
    choices: Sequence[str]
    above: float | None = None
    """exclusive lower bound"""
    least: float | None = None
    most: float | None = None
    is_log: bool = False
    """steps are spread over orders of magnitude"""
    word: str = ""
    """for None"""


@dataclass(frozen=True, slots=True)
class AidLine:
    name: str
    title: str
    lecture: str
    kind: str
    """toy, run (looks into a run of the learner's) or background (is a run)"""
    drawing: str
    """one of `engine.aids.drawings.DRAWINGS`"""
    how: str
    """it is computed"""
    source: str
    """its authors, title and year, else empty"""
    lab: str
    """tab and view of the app that has the thing itself; empty: none"""
    is_seen: bool
    controls: Sequence[AidControl]
    meanings: Mapping[str, str]
    """of its values"""
    experiment: str = ""
    """a run of which it looks into; empty: none"""
    settings: Mapping[str, str] = field(default_factory=dict)
    """parameters of such a run that are not the usual ones"""


@dataclass(frozen=True, slots=True)
class ListedAids:
    aids: Sequence[AidLine]


@dataclass(frozen=True, slots=True)
class AidsRequest(Request[ListedAids]):
    """The aids of the course, in the order of its lectures; with `name` that one. Raises InputError."""

    METHOD = "learn.aids"

    name: str = ""


@dataclass(frozen=True, slots=True)
class ComputedAid:
    name: str
    params: Mapping[str, Value]
    """all of them"""
    seed: int
    values: Mapping[str, Number]
    data: Mapping[str, Any]
    """what its drawing draws: `engine.aids.drawings`; None where there is no finite number"""
    note: str = ""
    """where it comes from, if not from `params` alone: a run, or what is shown where there is none"""
    run: str = ""
    """id of the run that it looks into; empty for none"""


@dataclass(frozen=True, slots=True)
class AidRequest(StreamRequest[Computing | ComputedAid]):
    """Compute an aid for parameters, the others at their defaults. Raises InputError, also for those."""

    METHOD = "learn.aid"

    name: str
    params: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SearchHit:
    kind: str
    """section, item, word or aid"""
    id: str
    title: str
    text: str
    """the words around the place"""
    begin: int
    """of what was looked for, within `text`"""


@dataclass(frozen=True, slots=True)
class SearchHits:
    hits: Sequence[SearchHit]
    found: int
    """how many there are; `hits` has the first"""


@dataclass(frozen=True, slots=True)
class SearchRequest(Request[SearchHits]):
    """Text anywhere in the course, in any case; titles and names come first."""

    METHOD = "learn.search"

    text: str
    lecture: str = ""
    """only there"""
    limit: int = 100


# --- today, progress ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WeakSpot:
    item: str
    ask: str
    lapses: int
    lecture: str
    aid: str
    """empty: none shows it"""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Where reading goes on: the first section that was not seen."""

    lecture: str
    title: str
    section: str
    """its slug, empty for the beginning"""
    section_title: str
    minutes: int
    """of the lecture"""


@dataclass(frozen=True, slots=True)
class ActiveDay:
    day: str
    cards: int


@dataclass(frozen=True, slots=True)
class LearnToday:
    due: Sequence[str]
    """items in the order in which they are asked; those that were failed today come last"""
    new: Sequence[str]
    """asked after them"""
    failed: Sequence[str]
    """of `due`"""
    left: int
    """due, and left for another day because this one is full or a sibling was asked"""
    minutes: int
    seconds_a_card: float
    next: Sequence[DayAhead]
    lectures: Sequence[LectureDue]
    days: Sequence[ActiveDay]
    """the last 28, oldest first"""
    cards: int
    """marked in these days"""
    foreseen: Foreseen
    """of the last seven days"""
    weak: Sequence[WeakSpot]
    """the 20 that were forgotten most often"""
    go_on: GoOn | None
    """None: all is read"""
    is_begun: bool
    """whether anything was opened or answered"""
    exam: str
    """id of an exam that was left and has time left, else empty"""
    exam_on: str
    """day of an exam, else empty"""
    locked: Sequence[str]
    """items whose prediction waits for its run"""
    orphans: int
    """marks of items that the course and its decks do not have; they are kept"""
    notes: Sequence[str]
    """on the log and on decks: lines that could not be read, decks that are left out"""


@dataclass(frozen=True, slots=True)
class DueRequest(Request[LearnToday]):
    """`more` cards above what a day holds."""

    METHOD = "learn.due"

    more: int = 0


@dataclass(frozen=True, slots=True)
class LearnProgress:
    lectures: Sequence[LectureProgress]
    cards: Part
    """known, of all"""
    recalled: float
    """cards expected to be recalled now"""
    foreseen: Foreseen
    """of all time"""
    foreseen_week: Foreseen
    weak: Sequence[WeakSpot]
    orphans: Mapping[str, int]
    """items that are gone, with the number of their marks"""
    days: int
    """on which a card was marked"""
    marks: int


@dataclass(frozen=True, slots=True)
class ProgressRequest(Request[LearnProgress]):
    METHOD = "learn.progress"


@dataclass(frozen=True, slots=True)
class ChangedSetting:
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class SettingRequest(Request[ChangedSetting]):
    """cards, minutes or new (most of a day); exam_on (a day, or empty for none). Raises InputError."""

    METHOD = "learn.setting"

    name: str
    value: Value
