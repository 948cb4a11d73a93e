"""The Learn tab with its views."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any, ClassVar, cast

from textual import on
from textual.widget import Widget

from engine.protocol import RunSummary
from tui.data.run_actions import run_and_notify
from tui.learn.aid_messages import TrainWanted
from tui.learn.view import LearnView
from tui.tab.context import TabContext
from tui.tab.views_tab import ViewEntry, ViewsTab
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker

WARM_AFTER = 0.4
"""seconds after the tab was opened until the modules of its other views are imported"""


class LearnTab(ViewsTab):
    NAME = "learn"
    VIEWS: ClassVar = {
        "today": ViewEntry("today", "tui.learn.today_view:TodayView"),
        "lectures": ViewEntry("lectures", "tui.learn.lectures_view:LecturesView"),
        "aids": ViewEntry("aids", "tui.learn.aids_view:AidsView"),
        "words": ViewEntry("words", "tui.learn.words_view:WordsView"),
        "exam": ViewEntry("exam", "tui.learn.exam_view:ExamView"),
        "reader": ViewEntry("lecture", "tui.learn.reader_view:ReaderView", opened_from="lectures"),
        "aid": ViewEntry("aid", "tui.learn.aid_view:AidView", opened_from="aids"),
    }

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        self._is_warm = False

    def activated(self) -> None:
        super().activated()
        if not self._is_warm:
            self._is_warm = True
            self.set_timer(WARM_AFTER, self._warm_up)

    def _warm_up(self) -> None:
        start_worker(self, self._import_rest, group="warm")

    async def _import_rest(self) -> None:
        """What a lecture and an aid need, so that they open at once."""
        for name in ("tui.learn.reader_view", "tui.learn.card_screen"):
            await asyncio.to_thread(importlib.import_module, name)

    @property
    def view(self) -> LearnView:
        return cast(LearnView, super().view)

    @on(TrainWanted)
    def _open_form(self, message: TrainWanted) -> None:
        from tui.dialogs.form_dialog import open_launch_form

        typed = self.context.state.last_typed(message.experiment) | dict(message.settings)
        open_launch_form(self, message.experiment, _started, typed)

    def action_target(self, scope: str) -> Widget:
        return self.view.action_target_of(scope) or super().action_target(scope)

    def action_copy(self) -> None:
        text = self.view.copy_text()
        if text:
            run_and_notify(self, self.context.clipboard.copy(self.app, text))
        else:
            self.app.notify("This view has nothing to copy.", markup=False)


def _started(run: RunSummary) -> str:
    return f"{plain(run.spec.name, limit=60)} is started. The aid looks into it once it has a checkpoint."
