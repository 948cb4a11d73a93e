"""An exam: questions without hints and marks, against the clock; one grades recalls oneself at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from textual.content import Content

from engine.client.session import Session
from engine.errors import DltuiError
from engine.session_protocol.learn import Computing
from engine.session_protocol.learn_exams import (
    ExamAnswerRequest,
    ExamEndRequest,
    ExamItemRequest,
    ExamLeaveRequest,
    ExamPaper,
)
from engine.session_protocol.learn_items import ItemRequest
from tui.learn.card_rows import CardState
from tui.learn.card_screen import CardScreen
from tui.learn.curve_card import begun
from tui.learn.today_rows import number_of
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker

TICK = 1.0
CURVE_KEYS = ("card.next_point", "card.up", "card.down", "card.type")


class ExamScreen(CardScreen):
    """Leaving keeps the time that is left; `on_end` is called with the paper as it was then.

    `known`: where it is passed, cards that were never asked start as known.
    """

    def __init__(
        self,
        session: Session,
        paper: ExamPaper,
        on_end: Callable[[ExamPaper], None],
        known: bool = False,
    ) -> None:
        super().__init__(session, [], "exam")
        self._paper, self._on_end, self._known = paper, on_end, known
        self.waiting = [item for item in paper.items if item not in paper.answered]
        self.done = len(paper.answered)
        self._to_grade: list[str] = []
        self._grades: dict[str, bool] = {}
        self._is_grading = False

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(TICK, self._tick)

    @property
    def left_seconds(self) -> float:
        away = time.monotonic() - self._asked_at if self.card is not None and not self._is_grading else 0.0
        return max(0.0, self._paper.left_seconds - away)

    def _tick(self) -> None:
        self.box.border_subtitle = Content(self.place_text())
        if self.card is not None and not self._is_grading and not self.left_seconds:
            self.app.notify("The time is over.", markup=False)
            self.waiting = []
            self.card = None
            start_worker(self, self._next, group="card", exclusive=True)

    def title_text(self, card: CardState) -> str:
        what = "how was your answer?" if self._is_grading else card.asked.kind
        return f"exam {chr(0xB7)} lecture {number_of(card.asked.lecture)} {chr(0xB7)} {what}"

    def place_text(self) -> str:
        if self._is_grading:
            return f"{len(self._grades) + 1} of {len(self._grades) + len(self._to_grade) + 1} to grade"
        minutes, seconds = divmod(int(self.left_seconds), 60)
        return f"{self.done + 1} of {len(self._paper.items)}   {minutes}:{seconds:02d} left"

    async def _refill(self) -> bool:
        """When all is answered, the recalls are graded, then the exam ends."""
        if not self._is_grading:
            self._is_grading, self._to_grade = True, list(self._paper.to_grade)
        if self._to_grade:
            self.waiting = [self._to_grade.pop(0)]
            return True
        try:
            self._paper = await self.session.ask(
                ExamEndRequest(self._paper.id, dict(self._grades), self._known)
            )
        except DltuiError as error:
            self._end_text = str(error)
        return False

    def _end(self) -> None:
        self.dismiss(None)
        self._on_end(self._paper)

    async def _ask(self, item: str) -> None:
        request = ItemRequest(item) if self._is_grading else ExamItemRequest(self._paper.id, item)
        asked = await self.session.ask(request)
        card = CardState(asked, "exam", order=list(range(len(asked.choices))), points=begun(asked))
        if self._is_grading:
            card.phase, card.note = "shown", ""
        self._use(card)

    def _use(self, card: CardState) -> None:
        self.card = card
        self._asked_at = time.monotonic()
        self.field.value = ""

    @property
    def types_text(self) -> bool:
        """Whether the answer of a recall is written down, to be graded at the end."""
        return self.card is not None and self.card.asked.form == "recall" and self.card.phase == "ask"

    def _draw(self) -> None:
        super()._draw()
        if self.types_text:
            self.field.display = True
            self.field.placeholder = "your answer, graded by yourself at the end"
            self.field.focus()

    def key_names(self, card: CardState) -> list[tuple[str, str]]:
        if self._is_grading:
            return [("card.show", "it was right"), ("card.answer_1", "it was not")]
        names = [
            name
            for name in super().key_names(card)
            if name[0] in ("card.answer_1", "card.move_down", "card.move_up", *CURVE_KEYS)
        ]
        accept = "answer" if card.asked.form not in ("choice", "direction") else ""
        names += [("dialog.accept", accept)] if accept else []
        return [*names, ("dialog.cancel", "leave: the time stops")]

    def action_answer(self, digit: int) -> None:
        card = self.card
        if self._is_grading and card is not None:
            if digit == 1:
                self._grade(False)
        elif (
            card is not None
            and card.asked.form in ("choice", "direction")
            and digit <= len(card.asked.choices)
        ):
            card.chosen = digit - 1
            self._submit(self._chosen(card))

    def action_show(self) -> None:
        if self._is_grading and self.card is not None:
            self._grade(True)

    def action_accept(self) -> None:
        if self._is_grading:
            self.action_show()
        elif self.types_text:
            self._submit(self.field.value)
        else:
            super().action_accept()

    def _grade(self, is_right: bool) -> None:
        assert self.card is not None
        self._grades[self.card.asked.id] = is_right
        start_worker(self, self._next, group="card", exclusive=True)

    def _submit(self, answer: Any) -> None:
        start_worker(self, self._keep_answer, answer, group="answer", exclusive=True)

    async def _keep_answer(self, answer: Any) -> None:
        card = self.card
        assert card is not None
        ms = round((time.monotonic() - self._asked_at) * 1000)
        request = ExamAnswerRequest(self._paper.id, card.asked.id, answer, ms)
        try:
            async with aclosing(self.session.parts(request)) as parts:
                async for part in parts:
                    if not isinstance(part, Computing):
                        self._paper = part
        except DltuiError as error:
            self._refuse(error)
            return
        self.done += 1
        await self._next()

    def action_cancel(self) -> None:
        """Leave: the seconds since the last answer are counted, the rest is kept."""
        if self._is_grading or self.card is None:
            self.dismiss(None)
            self._on_end(self._paper)
        else:
            start_worker(self, self._leave, group="answer", exclusive=True)

    async def _leave(self) -> None:
        try:
            spent = time.monotonic() - self._asked_at
            self._paper = await self.session.ask(ExamLeaveRequest(self._paper.id, spent))
        except DltuiError as error:
            self.app.notify(plain(str(error), limit=300), severity="error", markup=False)
        self.dismiss(None)
        self._on_end(self._paper)

    def action_guessed(self) -> None:
        """There is no guess in an exam."""

    def action_hint(self) -> None:
        self.app.notify("An exam has no hints.", markup=False)

    def action_undo(self) -> None:
        """An answer of an exam is not taken back."""
