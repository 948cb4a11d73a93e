"""`dltui learn exam`: an exam line by line; questions on stderr, the report on stdout."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.client.session import Session
from engine.course.line_review import typed_answer
from engine.errors import InputError
from engine.session_protocol.learn import SettingRequest
from engine.session_protocol.learn_exams import (
    ExamAnswerRequest,
    ExamBeginRequest,
    ExamEndRequest,
    ExamItemRequest,
    ExamLeaveRequest,
    ExamPaper,
    ExamRequest,
)
from engine.session_protocol.learn_items import AskedItem
from tui.cli.engine_call import print_stderr
from tui.cli.language import last_part

WIDTH = 76
HELP = "z another one first, q leave: the time that is left is kept"


@dataclass(slots=True)
class ExamLines:
    """An exam on stdin and stderr."""

    session: Session
    left: bool = False
    """before its end"""

    async def begin(self, lectures: str, seed: int | None) -> ExamPaper:
        """The exam that was left, unless lectures or a seed are given. Raises InputError."""
        if not lectures and seed is None:
            try:
                found = await self.session.ask(ExamRequest())
            except InputError:
                found = None
            if found is not None and not found.is_over:
                print_stderr(f"The exam that you left: {_left(found)}.")
                return found
        return await self.session.ask(ExamBeginRequest(lectures or "all", seed))

    async def run(self, paper: ExamPaper, known: bool) -> ExamPaper:
        """Ask, grade and end; returns the paper as it is then."""
        print_stderr(f"{len(paper.items)} items, {_left(paper)}, seed {paper.seed}. {HELP}.")
        waiting = [item for item in paper.items if item not in paper.answered]
        while waiting and paper.left_seconds > 0 and not self.left:
            paper = await self._ask(paper, waiting)
        if self.left:
            return paper
        if waiting:
            print_stderr("The time is over.")
        grades = await self._grade(paper)
        return paper if self.left else await self.session.ask(ExamEndRequest(paper.id, grades, known))

    async def _ask(self, paper: ExamPaper, waiting: list[str]) -> ExamPaper:
        asked = await self.session.ask(ExamItemRequest(paper.id, waiting[0]))
        _tell(f"\n{len(paper.items) - len(waiting) + 1} of {len(paper.items)}, {_left(paper)}. {asked.ask}")
        for number, choice in enumerate(asked.choices, 1):
            _tell(f"  {number} {choice}")
        started = time.monotonic()
        while True:
            text = read_line("answer in words> " if asked.form == "recall" else f"{asked.expected}> ")
            spent = time.monotonic() - started
            if text is None or text == "q":
                self.left = True
                return await self.session.ask(ExamLeaveRequest(paper.id, spent))
            if text == "z":
                waiting.append(waiting.pop(0))
                return await self.session.ask(ExamLeaveRequest(paper.id, spent))
            try:
                paper = await self._answer(paper, asked, text, spent)
            except InputError as error:
                print_stderr(str(error))
                continue
            waiting.pop(0)
            return paper

    async def _answer(self, paper: ExamPaper, asked: AskedItem, text: str, spent: float) -> ExamPaper:
        answer = typed_answer(asked.form, asked.choices, text)
        request = ExamAnswerRequest(paper.id, asked.id, answer, round(spent * 1000))
        return await last_part(self.session, request, ExamPaper)

    async def _grade(self, paper: ExamPaper) -> dict[str, bool]:
        """Recall items by oneself."""
        grades: dict[str, bool] = {}
        for answer in paper.grading:
            print_stderr("")
            _tell(answer.ask)
            _tell(f"you: {answer.said or 'nothing'}")
            _tell(f"answer: {answer.answer}")
            for point in answer.points:
                _tell(f"  - {point}")
            text = read_line("right? y or n> ")
            if text is None or text == "q":
                self.left = True
                break
            grades[answer.item] = text.lower() in ("y", "yes")
        return grades


async def set_day(session: Session, day: str) -> str:
    """Set the day of an exam, `none` for no day; returns what is said of it. Raises InputError."""
    made = await session.ask(SettingRequest("exam_on", "" if day == "none" else day))
    if not made.value:
        return "No day of an exam is set."
    return f"Until {made.value} cards come more often, and each once in the last week."


def report_lines(paper: ExamPaper) -> Sequence[str]:
    found = paper.markdown.rstrip("\n").split("\n")
    if paper.known:
        found = [*found, "", f"{paper.known} cards start as known."]
    return found


def read_line(prompt: str) -> str | None:
    """None at the end of stdin."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    try:
        line = sys.stdin.readline() if sys.stdin else ""
    except (OSError, ValueError):  # closed, or bytes that are no text
        line = ""
    return line.strip() if line else None


def _tell(text: str) -> None:
    indent = "    " if text.startswith("  ") else ""
    print_stderr("\n".join(textwrap.fill(line, WIDTH, subsequent_indent=indent) for line in text.split("\n")))


def _left(paper: ExamPaper) -> str:
    minutes = round(paper.left_seconds / 60)
    return "less than a minute left" if minutes < 1 else f"{minutes} minute{'s' if minutes > 1 else ''} left"
