"""An essay in the editor of one's own: the notes of its lecture, where it has a heading."""

from __future__ import annotations

from typing import Any

from textual.app import App

from engine.client.session import Session
from engine.errors import DltuiError
from engine.session_protocol.learn_items import LectureNote, NoteRequest
from tui.learn.notes_screen import with_heading
from tui.terminal.editor import check_writable, edit_in_terminal


async def write_essay(app: App[Any], session: Session, lecture: str, question: str, command: str) -> str:
    """Open the notes in the editor; returns what came of it, in words.

    The heading is taken out again where nothing was written. Raises DltuiError, SuspendNotSupported.
    """
    note = await session.ask(NoteRequest(lecture))
    try:
        check_writable(note.path)
    except DltuiError as error:
        return str(error)
    begun = with_heading(note.text, question)
    if begun != note.text:
        await session.ask(NoteRequest(lecture, begun))
    try:
        await edit_in_terminal(app, command, note.path)
    finally:
        found = await _counted(session, lecture, begun, note.text)
    if found.text != note.text:
        return f"Your text is kept in {found.path}"
    return "Nothing was written."


async def _counted(session: Session, lecture: str, begun: str, before: str) -> LectureNote:
    """The notes as the editor left them."""
    found = await session.ask(NoteRequest(lecture, count=True))
    if found.text.strip() == begun.strip() and begun != before:
        found = await session.ask(NoteRequest(lecture, before))
    return found


def reason_of(error: Exception) -> str:
    """Why the editor was not used, and what is done instead."""
    why = str(error) if isinstance(error, DltuiError) else "This terminal cannot be lent to an editor."
    return f"{why} Write here instead."
