"""The view `exam`: lectures to choose, an exam that was left, the report of the newest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from engine.errors import DltuiError
from engine.session_protocol.learn import DueRequest, LearnToday, LecturesRequest, ListedLectures
from engine.session_protocol.learn_exams import ExamBeginRequest, ExamEndRequest, ExamPaper, ExamRequest
from tui.learn.cursor_list import ListRow, cursor_sign
from tui.learn.exam_form import ExamSettings, exam_form, settings_from
from tui.learn.exam_report import report_rows
from tui.learn.today_rows import number_of
from tui.learn.view import LearnListView
from tui.messages import LearnedMore
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_row


class ExamView(LearnListView):
    SCOPE = "exam"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self._lectures: ListedLectures | None = None
        self.paper: ExamPaper | None = None
        self._chosen: set[str] = set()
        self.settings = settings_from(self.saved_before, "")

    def fetch(self) -> None:
        self.request(LecturesRequest(), self._update, "learn lectures")
        self.request(ExamRequest(), self._update_paper, "learn exam")
        self.request(DueRequest(), self._update_day, "learn today")

    def request_failed(self, key: str, error: DltuiError) -> None:
        if key != "learn exam":  # there is none yet
            super().request_failed(key, error)

    def _update(self, listed: ListedLectures) -> None:
        self._lectures = listed
        self.entries.draw()

    def _update_day(self, facts: LearnToday) -> None:
        self.settings = replace(self.settings, day=facts.exam_on)
        self.entries.draw()

    def _update_paper(self, paper: ExamPaper) -> None:
        self.paper = paper
        self.entries.draw()
        self.save_state()

    @property
    def left_paper(self) -> ExamPaper | None:
        """The exam that was left and has time left."""
        paper = self.paper
        return paper if paper is not None and not paper.is_over and paper.left_seconds > 0 else None

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        rows: list[ListRow] = [((), 0)]
        if (paper := self.left_paper) is not None:
            text = f"{len(paper.answered)} of {len(paper.items)} answered, {clock(paper.left_seconds)} left"
            rows += [((cursor_sign(True), Span("the exam that you left: ", "strong"), Span(text, "text")), 0)]
            told = f"lectures {lectures_text(paper.lectures)}, seed {paper.seed}"
            return [
                *rows,
                ((Span(f"   {told}", "text"),), 0),
                ((), 0),
                ((Span("   enter continues it, D ends it. Its marks come at its end.", "muted"),), 0),
                *((row, 0) for row in self._settings_rows(width)[1:]),
            ]
        about = "Questions without hints; marks come at the end. No card moves, "
        about += "but what you miss is due today. Choose lectures with space, enter begins."
        rows += [(row, 0) for row in wrap_row((Span(f"   {about}", "text"),), min(width, 84), 3)]
        rows += [((), None), *((row, None) for row in self._settings_rows(width)), ((), None)]
        lines = self._lectures.lectures if self._lectures is not None else ()
        rows.append((self._row("all lectures", not self._chosen, cursor == 0), 0))
        for place, line in enumerate(lines, 1):
            name = f"{number_of(line.id)} {plain(line.progress.title, limit=70)}"
            rows.append((self._row(name, line.id in self._chosen, place == cursor), place))
        if self.paper is not None and self.paper.is_over:
            rows += [(row, None) for row in ((), *report_rows(self.paper, width))]
        return rows

    def _settings_rows(self, width: int) -> list[Row]:
        """How long the next exam is, and its seed; the day, and what a passed one does."""
        own = self.settings
        seed = "next seed" if own.seed is None else f"seed {own.seed}"
        first = f"{own.items} questions, {own.minutes} minutes, {seed}"
        known = "passed, cards never asked start as known" if own.known else "cards stay as they are"
        day = f"your exam is on {own.day}" if own.day else "no day is set"
        rows: list[Row] = [(Span(f"   {first}   ", "strong"), Span("f", "key"), Span(" changes it", "muted"))]
        return [*rows, *wrap_row((Span(f"   {known}; {day}", "muted"),), min(width, 84), 3)]

    def action_settings(self) -> None:
        def kept(made: ExamSettings | None) -> None:
            if made is not None:
                self.settings = made
                self.entries.draw()
                self.save_state()
                self.post_message(LearnedMore())

        self.app.push_screen(exam_form(self.settings, self.context.session), kept)

    def saved(self) -> dict[str, Any]:
        made = asdict(self.settings)
        del made["day"]  # the log has it
        return made

    def _row(self, name: str, is_chosen: bool, is_here: bool) -> Row:
        sign = "[x] " if is_chosen else "[ ] "
        return (cursor_sign(is_here), Span(sign, "key"), Span(name, "strong" if is_here else "text"))

    def action_with_or_without(self) -> None:
        lines = self._lectures.lectures if self._lectures is not None else ()
        cursor = self.entries.cursor
        if cursor == 0:
            self._chosen = set()
        elif cursor <= len(lines):
            self._chosen ^= {lines[cursor - 1].id}
        self.entries.draw()

    def action_open(self) -> None:
        if (paper := self.left_paper) is not None:
            self._sit(paper)
            return
        lectures = ",".join(sorted(number_of(name) for name in self._chosen)) or "all"
        own = self.settings
        request = ExamBeginRequest(lectures, own.seed, own.items, own.minutes)
        self.request(request, self._sit, "learn exam begin")

    def action_end(self) -> None:
        """End the exam that was left: what was not answered counts as wrong."""
        paper = self.left_paper
        if paper is None:
            self.app.notify("No exam was left.", markup=False)
            return
        from tui.dialogs.confirm import ConfirmScreen

        def confirmed(is_sure: bool | None) -> None:
            if is_sure:
                self.request(
                    ExamEndRequest(paper.id, known=self.settings.known), self._left, "learn exam end"
                )

        open_items = len(paper.items) - len(paper.answered)
        details = f"{open_items} questions are not answered; they count as missed, and are due today."
        self.app.push_screen(ConfirmScreen("End the exam that you left?", details, "end it"), confirmed)

    def _sit(self, paper: ExamPaper) -> None:
        from tui.learn.exam_screen import ExamScreen

        self.paper = paper
        self.app.push_screen(ExamScreen(self.context.session, paper, self._left, self.settings.known))

    def _left(self, paper: ExamPaper) -> None:
        self._update_paper(paper)
        self.entries.move_to(0)
        if paper.is_over:
            self.call_after_refresh(self.entries.show_below)
        self.post_message(LearnedMore())

    def copy_text(self) -> str:
        return self.paper.markdown if self.paper is not None else ""

    def key_labels(self) -> dict[str, str]:
        left = self.left_paper is not None
        return {
            "exam.open": "continue" if left else "begin",
            "exam.toggle": "" if left else "choose",
            "exam.end": "end it" if left else "",
        }


def lectures_text(lectures: Sequence[str]) -> str:
    """1 2 5 of their ids."""
    return " ".join(number_of(name) for name in lectures)
