"""The pane of a run's log: the cursor goes with the crosshair; without one the end is followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker

from engine.errors import DltuiError
from engine.protocol import LogPart, RunSummary
from tui.data.connection import Connection
from tui.data.log_steps import LineStep, LogLine, LogSteps, RunClock, nearest_line, step_of_line
from tui.data.log_window import LINE_LIMIT, LogWindow, visible_part
from tui.data.run_actions import notify_worker_error
from tui.runs.detail_panes import visible_cells
from tui.runs.linked_step import StepChosen
from tui.terminal.plain_text import plain
from tui.ui.line_widget import fit_or_cut, merge_spans, strip_of
from tui.ui.numbers import whole
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, fitted
from tui.ui.start_worker import start_worker
from tui.ui.styles import styles_of

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

PART = 65_536
"""bytes of a log read per request; also where reading starts, counted from its end"""
NEAR_EDGE = 40
"""lines to either end of what is held from which on more is read"""
AROUND = 400
"""lines in which the line of a step is looked for"""
PROBES = 40
PROBE = 4_096
"""bytes that are read at a place of the log to learn the step there"""


class LogPane(Sheet):
    """A part of the log around the cursor; without a cursor the end of it.

    Lines scroll horizontally; control characters are escaped. Posts StepChosen when the user moves.
    """

    class LineChosen(Message):
        """The cursor is on another line."""

    def __init__(self, connection: Connection | None = None, **widget: Any) -> None:
        super().__init__(**widget)
        self._connection = connection
        self._run: RunSummary | None = None
        self.window = LogWindow()
        self._cursor: int | None = None
        """index of a line; None: the end is followed"""
        self._left = 0
        self._is_loading = False
        self._shown_step: float | None = None
        """the step to go to once the log is there"""
        self._clock: tuple[tuple[str, float], RunClock | None] | None = None
        self._is_unread = False
        """nothing of the log was read, since the pane was not on the screen"""
        self._is_step_due = False
        """it was chosen while the pane was not on the screen"""
        self._was_active = False

    @property
    def run(self) -> str:
        return self._run.id if self._run is not None else ""

    # --- what is shown ------------------------------------------------------------------------------------

    def show_run(self, run: RunSummary | None) -> None:
        """Show the log of a run, and what was added to it, where the pane is on the screen."""
        if run is None:
            return
        is_other = run.id != self.run
        self._run = run
        if is_other:
            self._is_unread = True
            self._clear()
        if not self.is_on_screen or self._connection is None or not self._connection.is_connected:
            return
        if self._is_unread:
            self._start(self._load_first)
        elif self._is_step_due and self._shown_step is not None:
            self._go_to_step(self._shown_step)
        elif (run.status.is_active or self._was_active) and not self._is_loading:
            self._start(self._load_more)
        self._was_active = run.status.is_active

    def _clear(self) -> None:
        self.window, self._cursor, self._left = LogWindow(), None, 0
        self.draw()
        self.scroll_to(y=0, animate=False)

    def show_step(self, step: float | None) -> None:
        """Put the cursor on the line of a step; None: follow the end again."""
        self._shown_step, self._is_step_due = step, False
        if step is None:
            if self._cursor is not None:
                self._follow_end()
        elif self.is_on_screen and self.window.lines:
            self._go_to_step(step)
        else:
            self._is_step_due = True

    def append(self, part: LogPart) -> None:
        """Add what follows in the log."""
        offset = self._offset_of_cursor()
        self.window.append(part)
        self._restore_cursor(offset)

    @property
    def line(self) -> LogLine | None:
        """The one under the cursor."""
        lines = self.window.lines
        return lines[self._cursor] if self._cursor is not None and self._cursor < len(lines) else None

    def step_of(self, line: LogLine) -> LineStep | None:
        run, history = self._run, self._history
        last = float(run.step) if run is not None else 0.0
        if history is None:
            return step_of_line(line, LogSteps(), last)
        return step_of_line(line, history.log_steps, max(last, history.curves.step), self._clock_of(history))

    def _clock_of(self, history: RunHistory) -> RunClock | None:
        """Kept while the run has no further points: it is asked for many lines."""
        key = history.run, history.curves.step
        if self._clock is None or self._clock[0] != key:
            self._clock = key, run_clock(history)
        return self._clock[1]

    @property
    def _history(self) -> RunHistory | None:
        return self._connection.history(self.run) if self._connection is not None else None

    def rows(self, width: int) -> Sequence[Row]:
        if not self.window.lines:
            return [(Span("the log is empty" if self._run else "", "muted"),)]
        return [self._line_row(index, width) for index in range(len(self.window.lines))]

    def _line_row(self, index: int, width: int) -> Row:
        line = self.window.lines[index]
        text = plain(visible_part(line.text).expandtabs(4), limit=LINE_LIMIT)
        if index != self._cursor:
            return visible_cells(text, self._left, width)
        found = self.step_of(line)
        word = f" {step_text(found)}" if found is not None else " step ?"
        room = max(0, width - cell_len(word))
        return (*fitted(visible_cells(text, self._left, room), room), Span(word, "accent"))

    def draw(self) -> None:
        """Paint the lines that are visible; at the end it stays there."""
        width = self.scrollable_content_region.width
        if not self.is_mounted or not width:
            return
        follows = self._cursor is None and self.is_at_end
        self.virtual_size = Size(width, max(1, len(self.window.lines)))
        self.refresh()
        if follows:
            self.call_after_refresh(self._scroll_to_end)

    def _scroll_to_end(self) -> None:
        if self._cursor is None:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.window.lines))

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        styles = styles_of(self.app)
        if not self.window.lines:
            row = self.rows(width)[0] if index == 0 else ()
        else:
            row = self._line_row(index, width) if index < len(self.window.lines) else ()
        strip = strip_of(merge_spans(fit_or_cut(row, width)), styles)
        if index == self._cursor and self.window.lines:
            strip = strip.apply_style(styles.cursor if self.has_focus else styles.resting)
        return strip.apply_style(self.rich_style)

    def on_focus(self) -> None:
        self._repaint(self._cursor)

    def on_blur(self) -> None:
        self._repaint(self._cursor)

    def _repaint(self, index: int | None) -> None:
        if index is not None:
            self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))

    # --- keys and mouse -----------------------------------------------------------------------------------

    def action_scroll(self, rows: int) -> None:
        lines = self.window.lines
        now = self._cursor if self._cursor is not None else len(lines) - 1
        self._move_to(now + rows if self._cursor is not None or rows < 0 else now)

    def action_scroll_page(self, pages: int) -> None:
        now = self._cursor if self._cursor is not None else len(self.window.lines) - 1
        self._move_to(now + pages * max(1, self.size.height - 1))

    def action_scroll_to(self, end: int) -> None:
        """To the first line that is kept, or to the end, which is followed then."""
        if end:
            self._follow_end()
            self._post_step()
        else:
            self._start(self._load_beginning)

    def action_scroll_sideways(self, way: int) -> None:
        """Scroll by half the width, at most to the end of the longest line held."""
        width = self.scrollable_content_region.width
        longest = max(
            (cell_len(visible_part(line.text).expandtabs(4)) for line in self.window.lines), default=0
        )
        most = max(0, min(longest, LINE_LIMIT) - width)
        self._left = max(0, min(self._left + way * max(1, width // 2), most))
        self.draw()

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < len(self.window.lines):
            self._move_to(index)

    def _move_to(self, index: int) -> None:
        """Move the cursor, and the crosshair with it; read more of the log where that is needed."""
        if not self.window.lines:
            return
        self._place_cursor(min(max(index, 0), len(self.window.lines) - 1))
        self._post_step()

    def _post_step(self) -> None:
        line = self.line
        if line is None and self.window.lines:
            line = self.window.lines[-1]
        found = self.step_of(line) if line is not None else None
        if found is not None:
            self._shown_step = float(round(found.step))
            self.post_message(StepChosen(self._shown_step, self))

    def _place_cursor(self, index: int) -> None:
        before, self._cursor = self._cursor, index
        self._repaint(before)
        self._repaint(index)
        self.post_message(self.LineChosen())
        self._scroll_to_cursor()
        self._read_beyond()

    def _scroll_to_cursor(self) -> None:
        if self._cursor is None:
            return
        height = max(1, self.scrollable_content_region.height)
        top = self.scroll_offset.y
        if not top <= self._cursor < top + height:
            below = self._cursor >= top + height
            there = self._cursor - height + 1 if below else self._cursor
            self.scroll_to(y=max(0, there), animate=False, force=True)

    def _read_beyond(self) -> None:
        if self._cursor is None or self._is_loading:
            return
        if self._cursor < NEAR_EDGE and not self.window.is_at_start:
            self._start(self._load_earlier)
        elif self._cursor >= len(self.window.lines) - NEAR_EDGE and not self.window.is_at_end:
            self._start(self._load_more)

    def _follow_end(self) -> None:
        before, self._cursor = self._cursor, None
        self._repaint(before)
        if self.window.is_at_end:
            self._scroll_to_end()
        else:
            self._start(self._load_first)

    def _offset_of_cursor(self) -> int | None:
        line = self.line
        return line.offset if line is not None else None

    def _restore_cursor(self, offset: int | None) -> None:
        """Keep the line of the cursor, and where it is on the screen, after lines were added before it."""
        if offset is not None and self._cursor is not None:
            index = self.window.index_of(offset)
            moved, self._cursor = index - self._cursor, index
            if moved:
                top = self.scroll_offset.y
                self.virtual_size = Size(self.virtual_size.width, max(1, len(self.window.lines)))
                self.scroll_to(y=max(0, top + moved), animate=False, force=True)
        self.draw()

    # --- what is read -------------------------------------------------------------------------------------

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        notify_worker_error(self, event)

    def _start(self, load: Any, *given: object) -> None:
        if self._run is not None and self._connection is not None and self._connection.is_connected:
            start_worker(self, self._loading, load, self._run.id, *given, group="log", exclusive=True)

    async def _loading(self, load: Any, run: str, *given: object) -> None:
        self._is_loading, self._is_unread = True, False
        try:
            await load(run, *given)
        except DltuiError:
            return  # removed, or the engine went: the table says so
        finally:
            self._is_loading = False

    async def read(self, run: str, offset: int, limit: int = PART) -> LogPart:
        """Raises DltuiError."""
        assert self._connection is not None
        return await self._connection.client.log(run, offset, limit)

    async def _load_first(self, run: str) -> None:
        """The end of the log."""
        part = await self.read(run, -PART)
        if self.run == run:
            self.window.replace(part)
            self._cursor = None
            self.draw()
            self.call_after_refresh(self._scroll_to_end)
            if self._shown_step is not None:
                await self._find_step(run, self._shown_step)

    async def _load_more(self, run: str) -> None:
        """What follows: as much as one request gives where the cursor is on a line, else up to the end."""
        while self.run == run:
            part = await self.read(run, self.window.end)
            if self.run != run:
                return
            if part.text or part.size != self.window.size:
                self.append(part)
            if not part.text or part.end >= part.size or self._cursor is not None:
                return

    async def _load_earlier(self, run: str) -> None:
        start = max(0, self.window.start - PART)
        part = await self.read(run, start, self.window.start - start)
        if self.run == run:
            offset = self._offset_of_cursor()
            self.window.prepend(part)
            self._restore_cursor(offset)

    async def _load_beginning(self, run: str) -> None:
        part = await self.read(run, 0)
        if self.run == run:
            self.window.replace(part)
            self.draw()
            self._move_to(0)

    async def load_around(self, run: str, offset: int) -> None:
        """Hold the log around a byte, where it is not held."""
        if not self.window.holds(offset):
            part = await self.read(run, max(0, offset - PART // 2), PART)
            if self.run == run:
                self.window.replace(part)
                self._cursor = None
                self.draw()

    def go_to_offset(self, offset: int) -> None:
        """Put the cursor on the line at a byte of the log, and the crosshair to its step."""
        self._start(self._go_to_offset, offset)

    async def _go_to_offset(self, run: str, offset: int) -> None:
        await self.load_around(run, offset)
        if self.run == run and self.window.lines:
            self._move_to(self.window.index_of(offset))
            self._center()

    def _center(self) -> None:
        if self._cursor is not None:
            there = self._cursor - self.scrollable_content_region.height // 2
            self.virtual_size = Size(self.virtual_size.width, max(1, len(self.window.lines)))
            self.scroll_to(y=max(0, there), animate=False, force=True)

    def _go_to_step(self, step: float) -> None:
        """At once where the line is among those held, else after reading."""
        history = self._history
        self._is_step_due = False
        if not self.window.lines:
            return
        offset = history.log_steps.offset_of(step) if history is not None else None
        if offset is not None and self.window.holds(offset):
            self._place_near(step, self.window.index_of(offset))
        else:
            self._start(self._find_step, step)

    async def _find_step(self, run: str, step: float) -> None:
        """Read around the line of a step. Without places of steps it is searched between the two ends."""
        history = self._history
        offset = history.log_steps.offset_of(step) if history is not None else None
        if offset is None:
            self._is_step_due = history is None or not history.caught_up
            offset = await self._searched_offset(run, step)
        if self.run != run:
            return
        await self.load_around(run, offset)
        if self.run == run and self.window.lines:
            self._place_near(step, self.window.index_of(offset))
            self._scroll_to_cursor()

    def _place_near(self, step: float, index: int) -> None:
        lines = self.window.lines
        first = max(0, index - AROUND)
        steps = [self.step_of(line) for line in lines[first : index + AROUND]]
        best = nearest_line(steps, step, index - first)
        if best is not None and first + best != self._cursor:
            top = self.scroll_offset.y
            is_far = not top <= first + best < top + self.scrollable_content_region.height
            self._place_cursor(first + best)
            if is_far:
                self._center()

    async def _searched_offset(self, run: str, step: float) -> int:
        """By halves: lines that name their steps are in the order of their steps."""
        low, high = 0, self.window.size
        for _ in range(PROBES):
            if high - low < PROBE:
                break
            middle = (low + high) // 2
            part = await self.read(run, middle, PROBE)
            window = LogWindow()
            window.replace(part)
            steps = [(line.offset, one) for line in window.lines if (one := self.step_of(line)) is not None]
            if self.run != run or not part.text:
                return low
            if not steps or steps[0][1].step > step:
                high = middle
            else:
                low = max(low + 1, steps[0][0])
        return low

    # --- layout -------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.draw()
        self._scroll_to_cursor()


def step_text(found: LineStep) -> str:
    """step 1,200; about step 1,200 where the line does not name it"""
    return f"{'' if found.is_exact else 'about '}step {whole(round(found.step))}"


def run_clock(history: RunHistory) -> RunClock | None:
    """The steps of a run by the clock on the wall; None before it has points."""
    if not history.series or not history.axes.has("clock"):
        return None
    curve = max(history.series.values(), key=len)
    span = curve.span("clock")
    if span is None:
        return None
    return RunClock(span[0], span[1], lambda at: curve.translated(at, "clock", "step"))
