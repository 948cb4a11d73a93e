"""Search in the lecture that is read and in the whole course."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from engine.client.session import Session, Superseded
from engine.errors import DltuiError
from engine.session_protocol.learn import SearchHit, SearchHits, SearchRequest
from tui.dialogs.dialog import Dialog, KeyLine
from tui.learn.cursor_list import CursorList, ListRow, cursor_sign
from tui.learn.today_rows import number_of
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, clipped, justified
from tui.ui.start_worker import start_worker
from tui.ui.text_field import TextField

TITLE = 34
LONGEST = 100
"""characters that are looked for"""


class SearchScreen(Dialog[SearchHit]):
    """Dismissed with the place that was chosen, or None. Those of the lecture come first."""

    AUTO_FOCUS = "TextField"
    CSS = "SearchScreen CursorList { height: 18; max-height: 60vh; }"
    BINDINGS = [  # noqa: RUF012
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
    ]

    def __init__(self, session: Session, lecture: str) -> None:
        super().__init__()
        self._session, self._lecture = session, lecture
        self._hits: Sequence[SearchHit] = ()
        self._found = 0
        self._error = ""
        self.entries = CursorList(self._rows)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest") as box:
            box.border_title = Content("search")
            yield TextField("", most=LONGEST)
            yield self.entries
            yield KeyLine((("dialog.accept", "open"), ("dialog.cancel", "back"), ("pane.down", "next")))

    @on(Input.Changed)
    def _typed(self) -> None:
        start_worker(self, self._search, self.query_one(TextField).value, group="search", exclusive=True)

    async def _search(self, text: str) -> None:
        if not text.strip():
            self._hits, self._found, self._error = (), 0, ""
        else:
            try:
                answer: SearchHits = await self._session.ask(SearchRequest(text), newest="learn search")
            except Superseded:
                return
            except DltuiError as error:
                self._hits, self._found, self._error = (), 0, str(error)
            else:
                here = [hit for hit in answer.hits if self._is_here(hit)]
                others = [hit for hit in answer.hits if not self._is_here(hit)]
                self._hits, self._found, self._error = (*here, *others), answer.found, ""
        self.entries.cursor = 0
        self.entries.draw()

    def _is_here(self, hit: SearchHit) -> bool:
        return hit.kind == "section" and hit.id.partition(".")[0] == self._lecture

    def _rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        if self._error:
            return [((Span(f" {plain(self._error, limit=200)}", "warn"),), None)]
        if not self._hits:
            typed = self.query_one(TextField).value.strip()
            text = " Nothing in the course has it." if typed else " Sections, questions, words and aids."
            return [((Span(text, "muted"),), None)]
        room = title_room(self._hits, min(TITLE, max(12, width // 2)))
        rows: list[ListRow] = [
            (clipped(hit_row(hit, place == cursor, room), width), place)
            for place, hit in enumerate(self._hits)
        ]
        if self._found > len(self._hits):
            rows.append(((Span(f"   and {self._found - len(self._hits)} more", "muted"),), None))
        return rows

    @on(CursorList.Opened)
    def _clicked(self) -> None:
        self.action_accept()

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_move(self, by: int) -> None:
        self.entries.move_to(self.entries.cursor + by)

    def action_accept(self) -> None:
        if self.entries.cursor < len(self._hits):
            self.dismiss(self._hits[self.entries.cursor])


def hit_row(hit: SearchHit, is_here: bool, title_room: int) -> Row:
    """Of a question its kind and text, of anything else its title and the text around what was found."""
    where = number_of(hit.id.partition(".")[0]) if hit.kind in ("section", "item") else ""
    style_name = "strong" if is_here else "text"
    is_item = hit.kind == "item"
    row = (
        cursor_sign(is_here),
        Span(justified(hit.title if is_item else hit.kind, 8), "muted"),
        Span(justified(where, 3), "muted"),
    )
    if is_item:
        return (*row, Span(plain(hit.text, limit=120), style_name))
    title = Span(justified(plain(hit.title, limit=90), title_room) + "  ", style_name)
    around = "" if hit.text == hit.title else hit.text
    return (*row, title, Span(plain(around, limit=120), "muted"))


def title_room(hits: Sequence[SearchHit], most: int) -> int:
    """Cells for the titles of these hits."""
    return min(most, max((cell_len(hit.title) for hit in hits if hit.kind != "item"), default=0))
