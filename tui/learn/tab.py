"""The Learn tab with its views."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from textual.widget import Widget

from tui.data.newest_runs import RunList
from tui.data.run_actions import run_and_notify
from tui.keys import all_keys
from tui.learn.view import LearnView
from tui.tab.context import TabContext
from tui.tab.views_tab import ViewEntry, ViewsTab


class LearnTab(ViewsTab):
    NAME = "learn"
    BINDINGS = all_keys.bindings("learn")
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
        super().__init__(context, RunList({}), **widget)

    @property
    def view(self) -> LearnView:
        return cast(LearnView, super().view)

    def action_target(self, scope: str) -> Widget:
        return self.view.action_target_of(scope) or super().action_target(scope)

    def action_copy(self) -> None:
        text = self.view.copy_text()
        if text:
            run_and_notify(self, self.context.clipboard.copy(self.app, text))
        else:
            self.app.notify("This view has nothing to copy.", markup=False)
