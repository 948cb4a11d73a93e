"""Notes of one's own about a lecture, in which its essays are written."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import TextArea

from engine.client.session import Session
from engine.errors import DltuiError
from engine.session_protocol.learn_items import NoteRequest
from tui.dialogs.dialog import Dialog, KeyLine
from tui.learn.today_rows import number_of
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows, paragraph


class NotesScreen(Dialog[None]):
    """The text is kept when the dialog is left; where it cannot be, a second escape leaves without it."""

    AUTO_FOCUS = "TextArea"
    CSS = """
    NotesScreen TextArea { height: 20; max-height: 60vh; border: none; margin: 1 0; }
    NotesScreen TextRows { margin: 0; max-height: 4; }
    """
    BINDINGS = [Binding("ctrl+s", "keep", show=False)]  # noqa: RUF012

    def __init__(self, session: Session, lecture: str, question: str) -> None:
        super().__init__()
        self._session, self._lecture, self._question = session, lecture, question
        self._path = ""
        self._was = ""
        self._refused: str | None = None
        """the text that could not be kept"""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest") as box:
            box.border_title = Content(f"notes of lecture {number_of(self._lecture)}")
            yield TextRows(id="notes-question")
            yield TextArea("", soft_wrap=True)
            yield TextRows(id="notes-path")
            yield KeyLine((("dialog.cancel", "keep and close"),))

    def on_mount(self) -> None:
        super().on_mount()
        self._show("notes-question", self._question)
        start_worker(self, self._load, group="notes", exclusive=True)

    def _show(self, place: str, text: str) -> None:
        self.query_one(f"#{place}", TextRows).update(lambda width: paragraph(plain(text, limit=500), width))

    async def _load(self) -> None:
        try:
            note = await self._session.ask(NoteRequest(self._lecture))
        except DltuiError as error:
            self._show("notes-path", str(error))
            return
        self._was = with_heading(note.text, self._question)
        area = self.query_one(TextArea)
        area.load_text(self._was)
        area.move_cursor(area.document.end)
        self._show("notes-path", note.path)

    def action_cancel(self) -> None:
        start_worker(self, self._keep_and_close, group="notes")

    async def _keep_and_close(self) -> None:
        """A second time with the same text that cannot be kept leaves it."""
        refused = self._refused
        if await self._keep() or refused == self._refused:
            self.dismiss(None)

    def action_keep(self) -> None:
        start_worker(self, self._keep_quietly, group="notes")

    async def _keep_quietly(self) -> None:
        await self._keep()

    async def _keep(self) -> bool:
        text = self.query_one(TextArea).text
        if text != self._was:
            try:
                await self._session.ask(NoteRequest(self._lecture, text))
            except DltuiError as error:
                self._refused = text
                self._show("notes-path", f"{error} Your text is here still; esc once more leaves it.")
                return False
            self._was = text
        return True


def with_heading(text: str, question: str) -> str:
    """The notes with the question as the last heading, unless they have it."""
    heading = f"## {' '.join(question.split())}"
    if heading in text.split("\n"):
        return text
    return f"{text.rstrip()}\n\n{heading}\n\n".lstrip("\n")
