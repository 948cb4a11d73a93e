"""The view `today`: what is due, the days behind and ahead, weak spots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from engine.course.due import Due, count_due
from engine.errors import DltuiError
from engine.session_protocol.learn import DueRequest, LearnToday, LectureLine, LecturesRequest, ListedLectures
from engine.table_protocol import Query
from tui.data.run_text import name_of
from tui.learn.cursor_list import ListRow
from tui.learn.today_rows import (
    BEGINNING,
    RunInTraining,
    counted_rows,
    invitation_rows,
    learning_day,
    lecture_rows,
    today_rows,
)
from tui.learn.view import LearnListView
from tui.ui.start_worker import start_worker

MORE_CARDS = 10
"""that a key adds to those of a day"""
TALL = 28
"""least rows for the lectures below what is due"""


class TodayView(LearnListView):
    SCOPE = "today"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.facts: LearnToday | None = None
        self._counted: Due | None = None
        self._training: RunInTraining | None = None
        self._more = 0
        self._lectures: Sequence[LectureLine] = ()

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        if not self.is_begun:
            return invitation_rows(self._lectures, width, cursor)
        if self.facts is not None:
            rows = today_rows(self.facts, self._training, learning_day(), width, cursor)
            progress = lecture_rows(self._lectures, width) if self._lectures else []
            if len(rows) + len(progress) < self.size.height:
                rows += [(row, None) for row in progress]
            return rows
        return counted_rows(self._counted)

    @property
    def is_begun(self) -> bool:
        """Whether anything was read or answered."""
        if self.facts is not None:
            return self.facts.is_begun
        return (self.context.places.learn / "log.jsonl").exists()

    def fetch(self) -> None:
        if self.facts is None:
            start_worker(self, self._count, group="count", exclusive=True)
        self.request(DueRequest(self._more), self._update, "learn today")
        if not self.is_begun or self.size.height >= TALL:
            self.request(LecturesRequest(), self._update_lectures, "learn lectures")
        start_worker(self, self._find_training, group="training", exclusive=True)

    async def _count(self) -> None:
        """What is due is known before the session has started."""
        try:
            self._counted = await asyncio.to_thread(count_due, self.context.places.learn, time.time())
        except DltuiError as error:
            self.set_note(str(error))
        self.entries.draw()

    def _update(self, facts: LearnToday) -> None:
        self.facts = facts
        self.entries.draw()
        self.save_state()

    def _update_lectures(self, listed: ListedLectures) -> None:
        self._lectures = listed.lectures
        self.entries.draw()

    async def _find_training(self) -> None:
        """The run that trains for the longest time from here on."""
        if not self.context.connection.is_connected:
            return
        try:
            page = await self.context.connection.client.runs(Query("status=running", limit=20))
        except DltuiError:
            return  # the banner says why
        left = [((run.total_steps - run.step) / run.rate / 60, run) for run in page.runs if run.rate > 0]
        minutes, run = max(left, key=lambda one: one[0], default=(0.0, None))
        self._training = RunInTraining(name_of(run), max(0, round(minutes))) if run is not None else None
        self.entries.draw()

    # --- keys --------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        facts = self.facts
        if not self.is_begun:
            place = self.entries.cursor
            known = place < len(self._lectures)
            self.turn_to("reader", lecture=self._lectures[place].id if known else BEGINNING)
        elif facts is None:
            return  # it comes within a moment
        elif self.entries.cursor > 0:
            spot = facts.weak[self.entries.cursor - 1]
            if spot.aid:
                self.turn_to("aid", name=spot.aid, back="today")
        elif facts.due or facts.new:
            self.ask_items([*facts.due, *facts.new], "review", self.fetch)
        elif facts.go_on is not None:
            self.action_resume()
        else:
            self.app.notify("Nothing is due. New cards come with the sections that you read.", markup=False)

    def action_resume(self) -> None:
        place = self.facts.go_on if self.facts is not None else None
        if place is not None:
            self.turn_to("reader", lecture=place.lecture, section=place.section)

    def action_more(self) -> None:
        self._more += MORE_CARDS
        self.fetch()

    def key_labels(self) -> dict[str, str]:
        facts = self.facts
        if not self.is_begun:
            return {"today.open": "read", "today.resume": "", "today.more": ""}
        if facts is None:
            return {"today.open": "", "today.resume": "", "today.more": ""}
        waits = bool(facts.due or facts.new)
        read_on = "read on" if facts.go_on is not None else ""
        return {
            "today.open": "weak spot" if self.entries.cursor else "review" if waits else read_on,
            "today.resume": read_on if waits or self.entries.cursor else "",
            "today.more": "more today" if facts.left else "",
        }
