"""The log of a run with the search above it: matches of a regular expression, errors, saving to a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from engine.errors import DltuiError, InputError
from engine.protocol import RunSummary
from engine.text_pattern import PatternError
from tui.data.connection import Connection
from tui.data.log_search import ERROR_LINES, PART, SCAN_LIMIT, LogMatches, pattern_of
from tui.data.log_window import visible_part
from tui.runs.log_pane import LogPane
from tui.ui.filter_bar import FilterBar
from tui.ui.numbers import size
from tui.ui.start_worker import start_worker

HINT = "regular expression, capitals or not"
SAVED_PART = 256 * 1024


class LogView(Vertical):
    """Searches as much of the end of a log as `SCAN_LIMIT`, part by part, and goes on while the log grows."""

    DEFAULT_CSS = """
    LogView > LogPane { height: 1fr; }
    """

    class Searched(Message):
        """A search was entered: the keys that go to the next one go to its matches."""

    def __init__(self, connection: Connection, **widget: Any) -> None:
        super().__init__(**widget)
        self.bar, self.pane = FilterBar("", HINT, id="log-search"), LogPane(connection, id="log-pane")
        self._connection = connection
        self._run: RunSummary | None = None
        self._pattern = ""
        self._problem = ""
        self._found: LogMatches | None = None
        self._errors: LogMatches | None = None

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.pane

    @property
    def pattern(self) -> str:
        """What is searched for; empty without a search."""
        return self._pattern if self._found is not None else ""

    def show_run(self, run: RunSummary | None) -> None:
        is_other = (run.id if run is not None else "") != (self._run.id if self._run is not None else "")
        self._run = run
        if is_other:
            self._errors = None
            self._search(self._pattern)
        self.pane.show_run(run)

    def open_search(self) -> None:
        self.bar.open()

    # --- the search ---------------------------------------------------------------------------------------

    @on(FilterBar.Changed)
    def _change(self, message: FilterBar.Changed) -> None:
        message.stop()
        self._search(message.where)

    @on(FilterBar.Closed)
    def _leave(self, message: FilterBar.Closed) -> None:
        message.stop()
        self.pane.focus()
        if self._found is not None:
            self.post_message(self.Searched())
            self.go("match", 1, is_at_hand=True)

    @on(LogPane.LineChosen)
    def _count_place(self, message: LogPane.LineChosen) -> None:
        message.stop()
        self._update_note()

    def _search(self, pattern: str) -> None:
        """Begin a search; an empty pattern ends it."""
        self._pattern, self._problem, self._found = pattern, "", None
        if pattern:
            try:
                self._found = LogMatches(pattern_of(pattern))
            except PatternError as error:
                self._problem = f"no regular expression: {error}"
        self._update_note()
        if self._found is not None:
            start_worker(self, self._scan_matches, self._found, group="log search", exclusive=True)

    async def _scan_matches(self, found: LogMatches) -> None:
        await self._scan(found)
        self._update_note()

    def _update_note(self) -> None:
        found = self._found
        if found is None:
            self.bar.set_note(self._problem, is_error=bool(self._problem))
            return
        line = self.pane.line
        place = found.place_of(line.offset) if line is not None else None
        count = f"{len(found):,}{'+' if found.is_cut else ''}"
        text = f"{place:,} of {count}" if place is not None else f"{count} line{'' if count == '1' else 's'}"
        text += f" in the last {size(SCAN_LIMIT)}" if found.begins else ""
        self.bar.set_note(text, is_error=not len(found))

    async def _scan(self, found: LogMatches) -> None:
        """Search what was not searched yet. Nothing is raised where the run is gone."""
        run = self._run
        try:
            while run is not None and self._run is not None and run.id == self._run.id:
                if not found.scanned:
                    found.begin((await self._read(run, 0, 0)).size)
                part = await self._read(run, found.scanned, PART)
                is_last = part.end >= part.size and not run.status.is_active
                before = found.scanned
                if part.text:
                    found.add(part, is_last=is_last)
                if found.scanned <= before or found.scanned >= part.size:
                    return
                self._update_note()
                await asyncio.sleep(0)  # keys come first
        except DltuiError:
            return  # removed, or the engine went: the table says so

    async def _read(self, run: RunSummary, offset: int, limit: int) -> Any:
        return await self._connection.client.log(run.id, offset, limit)

    # --- going from one to the next -----------------------------------------------------------------------

    def go(self, what: str, way: int, *, is_at_hand: bool = False) -> None:
        """To the next `match` or `error`, or for `way` < 0 the one before; behind the last one the first.

        `is_at_hand`: the line under the cursor counts too.
        """
        start_worker(self, self._go, what, way, is_at_hand, group="log go", exclusive=True)

    async def _go(self, what: str, way: int, is_at_hand: bool) -> None:
        if what == "error" and self._errors is None:
            self._errors = LogMatches(ERROR_LINES)
        found = self._errors if what == "error" else self._found
        if found is None:
            return
        await self._scan(found)
        if not len(found):
            self.notify("The log has no line that tells an error." if what == "error" else "No line matches.")
            return
        line = self.pane.line
        ends = found.offsets[0], found.offsets[-1]
        offset = line.offset if line is not None else (-1 if way > 0 else ends[1] + 1)
        there = found.after(offset - is_at_hand) if way > 0 else found.before(offset)
        if there is None:
            there = ends[0] if way > 0 else ends[1]
            if len(found) > 1:
                self.notify("From the first one again." if way > 0 else "From the last one again.")
        self.pane.go_to_offset(there)

    # --- saving -------------------------------------------------------------------------------------------

    async def save(self, path: Path) -> str:
        """Write the log to a new file, with a search its matching lines; returns what was saved.

        Raises InputError where the file is there already or cannot be written, and DltuiError.
        """
        run, found = self._run, self._found
        if run is None:
            raise InputError("No run is selected.")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise InputError(f"{path} is there already: choose another name.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}.") from None
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                written = await self._copy(run, found is not None, file)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise InputError(f"{path} cannot be written: {error.strerror}.") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return f"{size(written)} saved in {path}."

    async def _copy(self, run: RunSummary, only_matches: bool, file: Any) -> int:
        offset = written = 0
        matches = pattern_of(self._pattern).matches if only_matches else None
        while True:
            part = await self._read(run, offset, SAVED_PART)
            is_last = not part.text or part.end >= part.size
            text, end = part.text, part.end
            if matches is not None:
                whole = text if is_last else text[: text.rfind("\n") + 1] or text
                end = end if len(whole) == len(text) else part.offset + len(whole.encode())
                lines = (line for line in whole.splitlines(keepends=True))
                text = "".join(line for line in lines if matches(visible_part(line.rstrip("\n"))))
            file.write(text)
            written += len(text.encode())
            if is_last or end <= offset:
                return written
            offset = end
            await asyncio.sleep(0)
