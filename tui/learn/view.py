"""Base classes of the views of the Learn tab."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, Self

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from engine.errors import DltuiError
from engine.params import Value
from engine.session_protocol.learn import AidLine, AidRequest, AidsRequest, ComputedAid
from tui.learn.aid_messages import LabWanted, PredictionWanted
from tui.learn.cursor_list import CursorList, ListRow
from tui.learn.labs import ShownAid, lab_of, why_no_lab
from tui.messages import LearnedMore, OpenView
from tui.tab.view import View
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker


class LearnView(View):
    """A view of the Learn tab; its runs are started by its aids, not by a form."""

    EXPERIMENT: ClassVar[str] = "xor"

    def turn_to(self, view: str, **selection: Any) -> None:
        """Open another view of the tab with a selection."""
        self.post_message(OpenView("learn", view, selection))

    def focus_part(self) -> Widget:
        """The part that gets the focus of the view."""
        return self

    def focus(self, scroll_visible: bool = True) -> Self:
        part = self.focus_part()
        if part is self or not part.is_attached:
            return super().focus(scroll_visible)
        part.focus(scroll_visible)
        return self

    def activated(self) -> None:
        super().activated()
        self.focus(scroll_visible=False)  # its part was not there yet when the tab did

    def on_mount(self) -> None:
        if self.in_front:  # on a busy machine it is opened before its parts are there
            self.focus(scroll_visible=False)

    def action_target_of(self, scope: str) -> Widget | None:
        """The part with the keys of that scope."""
        return self if scope == self.SCOPE else None

    def copy_text(self) -> str:
        """What `c` copies; empty: nothing."""
        return ""

    # --- questions ---------------------------------------------------------------------------------------

    def ask_items(self, items: Sequence[str], mode: str, on_close: Callable[[], None]) -> None:
        """Ask items in a dialog; `on_close` is called when it is closed."""
        from tui.learn.card_screen import CardScreen

        def open_aid(name: str, params: dict[str, Any]) -> None:
            self.turn_to(
                "aid", name=name, params=params, back=self.id.partition("-")[2] if self.id else "today"
            )

        def closed(_: object) -> None:
            on_close()
            self.post_message(LearnedMore())

        self.app.push_screen(CardScreen(self.context.session, items, mode, open_aid), closed)

    @on(PredictionWanted)
    def _predict(self, message: PredictionWanted) -> None:
        start_worker(self, self._ask_prediction, message.aid, group="prediction", exclusive=True)

    async def _ask_prediction(self, aid: str) -> None:
        """Ask a prediction about an aid: one of the section that has it."""
        from engine.course.reading import open_lecture

        try:
            [line] = (await self.context.session.ask(AidsRequest(aid))).aids
            lecture = await asyncio.to_thread(open_lecture, self.context.places.learn, line.lecture)
        except DltuiError as error:
            self.set_note(str(error))
            return
        sections = [section for section in lecture.all_sections if aid in section.named("aid")]
        items = [name for section in sections for name in section.named("item") if name.endswith(".predict")]
        if items:
            self.ask_items(items[:1], "one", lambda: None)
        else:
            self.app.notify(f"No prediction is asked about {line.title}.", markup=False)

    @on(LabWanted)
    def _open_lab(self, message: LabWanted) -> None:
        state = message.state
        self.open_lab(state.line, state.params, state.seed)

    def open_lab(self, line: AidLine, params: Mapping[str, Value], seed: int = 0) -> None:
        """Open the lab with what the aid shows for these parameters."""
        start_worker(self, self._go_to_lab, line, dict(params), seed, group="lab", exclusive=True)

    async def _go_to_lab(self, line: AidLine, params: Mapping[str, Value], seed: int) -> None:
        shown = ShownAid(params)
        try:
            if line.lab:
                async with aclosing(self.context.session.parts(AidRequest(line.name, params, seed))) as parts:
                    async for part in parts:
                        if isinstance(part, ComputedAid):
                            shown = ShownAid(part.params, part.values, part.data, part.run)
            wanted = lab_of(line, shown)
            if wanted is not None and wanted.tab == "runs":
                run = await self.context.connection.client.show(shown.run)
                wanted.selection = {"run": run}
        except DltuiError as error:
            self.app.notify(plain(str(error), limit=300), severity="warning", markup=False)
            return
        if wanted is None:
            self.app.notify(why_no_lab(line), markup=False)
        else:
            self.post_message(wanted)


class LearnListView(LearnView):
    """A view that is one list with a cursor."""

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.entries = CursorList(self.list_rows)

    def compose(self) -> ComposeResult:
        yield self.entries

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        """The lines of the list."""
        raise NotImplementedError

    def activated(self) -> None:
        super().activated()
        self.fetch()
        self.entries.draw()
        self.entries.refresh()

    def fetch(self) -> None:
        """Ask for what the list shows."""

    @on(CursorList.Opened)
    def _clicked(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open the entry under the cursor."""

    def action_move(self, by: int) -> None:
        self.entries.move_to(self.entries.cursor + by)
        self.save_state()

    def action_page(self, by: int) -> None:
        self.entries.page(by)
        self.save_state()
