"""An exam: items of chosen lectures, drawn by a seed, with a time that stops while one is away.

It schedules nothing; what was missed is due on its day. Its entries in the log: begin (lectures, items, seed,
minutes), answer (item, answer, right, ms), leave (seconds that were used) and end (missed, known).
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.course.cards import LearnState
from engine.course.index import ItemFacts
from engine.course.log import LogEntry, new_entry
from engine.course.questions import seed_of
from engine.errors import InputError

ITEMS, MINUTES = 20, 25
PASSED = 0.8
"""share of right answers from which on a lecture counts as known"""


@dataclass(frozen=True, slots=True)
class ExamPlan:
    id: str
    seed: int
    lectures: tuple[str, ...]
    items: tuple[str, ...]
    minutes: int

    def item_seed(self, item: str) -> int:
        """That of the numbers of an item, the same for the same seed of the exam."""
        return seed_of(item, 0, self.seed)


@dataclass(frozen=True, slots=True)
class ExamAnswer:
    item: str
    answer: Any
    right: bool | None
    """None for a recall that is not graded yet: at the end one grades oneself"""
    ms: int
    key: Any = None


@dataclass(frozen=True, slots=True)
class ExamState:
    plan: ExamPlan
    answers: dict[str, ExamAnswer]
    used_seconds: float
    is_over: bool

    @property
    def left_seconds(self) -> float:
        return max(0.0, self.plan.minutes * 60 - self.used_seconds)

    @property
    def open_items(self) -> tuple[str, ...]:
        return tuple(item for item in self.plan.items if item not in self.answers)


@dataclass(frozen=True, slots=True)
class ExamShare:
    name: str
    right: int
    asked: int


@dataclass(frozen=True, slots=True)
class ExamReport:
    right: int
    asked: int
    lectures: tuple[ExamShare, ...]
    concepts: tuple[ExamShare, ...]
    """those with a miss first"""
    seconds: tuple[tuple[str, float], ...]
    """by item, the longest first"""
    missed: tuple[str, ...]
    """wrong and not answered"""


def parse_lectures(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """`1-3,5` or `all` as ids of lectures. Raises InputError."""
    numbers: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if part.strip() == "all":
            return tuple(known)
        if not low.isdecimal() or (dash and not high.isdecimal()) or len(part) > 9:
            raise InputError(f"lectures: expected numbers such as 1-3,5 or all, got {text[:80]!r}.")
        numbers.update(range(int(low), int(high if dash else low) + 1))
    wanted = tuple(name for name in known if name[1:].isdecimal() and int(name[1:]) in numbers)
    if not wanted:
        raise InputError(f"lectures: expected some of {', '.join(known)}, got {text[:80]!r}.")
    return wanted


def plan_exam(
    index: Mapping[str, ItemFacts],
    lectures: Sequence[str],
    seed: int,
    *,
    items: int = ITEMS,
    minutes: int = MINUTES,
) -> ExamPlan:
    """Items spread evenly over the lectures, of different concepts as far as there are enough.

    Raises InputError where the lectures have no item.
    """
    source = random.Random(f"exam/{seed}")
    pools = {name: _pool(index, name, source) for name in lectures}
    chosen: list[str] = []
    while len(chosen) < items and any(pools.values()):
        for pool in pools.values():
            if pool and len(chosen) < items:
                chosen.append(pool.pop(0))
    if not chosen:
        raise InputError(f"lectures: expected one with questions, got {', '.join(lectures) or 'none'}.")
    source.shuffle(chosen)
    name = f"{'-'.join(lectures)}/{seed}"
    return ExamPlan(name, seed, tuple(lectures), tuple(chosen), minutes)


def _pool(index: Mapping[str, ItemFacts], lecture: str, source: random.Random) -> list[str]:
    """The items of a lecture in a drawn order, a second one of a concept behind all first ones."""
    names = [name for name, one in index.items() if one.lecture == lecture]
    source.shuffle(names)
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(index[name].concept, name)
    return [*first.values(), *(name for name in names if name not in first.values())]


def begin_entry(plan: ExamPlan, now: float) -> LogEntry:
    return new_entry(
        "exam", now, exam=f"{plan.id}/{now:.3f}", event="begin", seed=plan.seed, minutes=plan.minutes,
        lectures=list(plan.lectures), items=list(plan.items),
    )  # fmt: skip


def exam_state(entries: Iterable[LogEntry]) -> ExamState:
    """From the entries of one exam. Raises InputError where its beginning is missing."""
    plan, answers, used, is_over = None, {}, 0.0, False
    for entry in entries:
        event = entry.get("event")
        if event == "begin":
            plan = ExamPlan(
                str(entry.get("exam")),
                int(entry.get("seed", 0)),
                tuple(map(str, entry.get("lectures", ()))),
                tuple(map(str, entry.get("items", ()))),
                int(entry.get("minutes", MINUTES)),
            )
        elif event == "answer":
            one = ExamAnswer(
                str(entry.get("item")),
                entry.get("answer"),
                entry.get("right"),
                int(entry.get("ms", 0)),
                entry.get("key"),
            )
            answers[one.item] = one
            used += one.ms / 1000
        elif event == "leave":
            used += float(entry.get("seconds", 0))
        elif event == "end":
            is_over = True
            answers = _graded(answers, entry.get("grades", {}))
    if plan is None:
        raise InputError("exam: expected its beginning in the log, got none.")
    return ExamState(plan, answers, used, is_over)


def with_grades(exam: ExamState, grades: Mapping[str, bool]) -> ExamState:
    """The exam with the grades that one gave oneself for its recall items; one without a grade is wrong."""
    return dataclasses.replace(exam, answers=_graded(exam.answers, grades))


def _graded(answers: Mapping[str, ExamAnswer], grades: Any) -> dict[str, ExamAnswer]:
    given = grades if isinstance(grades, Mapping) else {}
    return {
        name: one if one.right is not None else dataclasses.replace(one, right=bool(given.get(name)))
        for name, one in answers.items()
    }


def answer_entry(
    exam: str, item: str, answer: Any, right: bool | None, key: Any, ms: int, now: float
) -> LogEntry:
    return new_entry(
        "exam", now, exam=exam, event="answer", item=item, answer=answer, right=right, key=key, ms=ms
    )


def leave_entry(exam: str, seconds: float, now: float) -> LogEntry:
    """It was looked at for `seconds` since the last answer."""
    return new_entry("exam", now, exam=exam, event="leave", seconds=round(seconds, 3))


def open_exam(state: LearnState) -> ExamState | None:
    """The newest exam that was left and has time left."""
    return next((one for one in _newest_first(state) if not one.is_over and one.left_seconds > 0), None)


def unended_exam(state: LearnState) -> ExamState | None:
    """The newest exam where it is not ended, also without time left; else one that was left before it."""
    newest = next(_newest_first(state), None)
    return newest if newest is not None and not newest.is_over else open_exam(state)


def _newest_first(state: LearnState) -> Iterator[ExamState]:
    """Without those whose beginning was in a line that could not be read."""
    for entries in reversed(list(state.exams.values())):
        if any(entry.get("event") == "begin" for entry in entries):
            yield exam_state(entries)


def report_exam(exam: ExamState, index: Mapping[str, ItemFacts]) -> ExamReport:
    """What was not answered counts as wrong."""
    right = {item for item, one in exam.answers.items() if one.right}
    missed = tuple(item for item in exam.plan.items if item not in right)
    lectures, concepts = (_shares(exam.plan.items, right, index, name) for name in ("lecture", "concept"))
    times = sorted(((item, one.ms / 1000) for item, one in exam.answers.items()), key=lambda one: -one[1])
    return ExamReport(
        len(right),
        len(exam.plan.items),
        tuple(sorted(lectures, key=lambda one: one.name)),
        tuple(sorted(concepts, key=lambda one: (one.right - one.asked, one.name))),
        tuple(times),
        missed,
    )


def _shares(
    items: Sequence[str], right: set[str], index: Mapping[str, ItemFacts], name: str
) -> list[ExamShare]:
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(getattr(index[item], name) if item in index else item, []).append(item)
    return [
        ExamShare(group, sum(one in right for one in found), len(found)) for group, found in groups.items()
    ]


def end_entry(
    exam: ExamState, index: Mapping[str, ItemFacts], today: date, now: float, *, known: bool = False
) -> LogEntry:
    """`known`: where 8 of 10 or more are right, cards of its lectures that have none yet start as known."""
    report = report_exam(exam, index)
    cards = {}
    if known and report.right >= PASSED * report.asked:
        from engine.course.schedule import known_card  # it loads FSRS

        for name, facts in index.items():
            if facts.lecture in exam.plan.lectures and name not in report.missed:
                cards[name] = known_card(name, facts.rev, today).to_json()
    return new_entry(
        "exam", now, exam=exam.plan.id, event="end", right=report.right, asked=report.asked,
        missed=list(report.missed), known=cards,
        grades={name: one.right for name, one in exam.answers.items() if name.endswith(".recall")},
    )  # fmt: skip


def exam_markdown(
    report: ExamReport,
    titles: Mapping[str, str],
    explain: Mapping[str, str],
    aids: Mapping[str, str] | None = None,
) -> str:
    """The report as Markdown: `titles` of lectures; of each missed item its explanation, and its aid."""
    aids = aids or {}
    lines = [f"# {report.right} of {report.asked}", "", "| lecture | right | of |", "|---|---|---|"]
    lines += [f"| {titles.get(one.name, one.name)} | {one.right} | {one.asked} |" for one in report.lectures]
    if report.missed:
        lines += ["", "## Missed", ""]
        for item in report.missed:
            shown = f" (`dltui learn aid {aids[item]}`)" if aids.get(item) else ""
            lines.append(f"- `{item}`: {explain.get(item, '')}{shown}".rstrip())
    if report.seconds:
        lines += ["", "## Time", ""]
        lines += [f"- `{item}`: {seconds:.0f} s" for item, seconds in report.seconds]
    return "\n".join(lines) + "\n"
