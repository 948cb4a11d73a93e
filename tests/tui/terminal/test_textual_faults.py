"""Textual by itself still has the faults that `tui/terminal` mends.

A test that fails here names a change that may have become needless: see `tui/terminal/README.md`.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.css.stylesheet import Stylesheet
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tests.end_to_end.terminal import Terminal
from tests.fakes.app_pilot import TIMEOUT
from tests.timeouts import quiet_seconds
from tui.terminal.partial_repaint import PartialScreen

PLAIN_APP = """
from textual.app import App
from textual.widgets import Static

class Plain(App):
    def compose(self):
        yield Static("plain textual")

Plain().run()
"""
COLLECTIONS = """
import gc
before = gc.get_stats()[0]["collections"]
import textual.app
print(gc.get_stats()[0]["collections"] - before)
"""


def until(holds: Callable[[], object]) -> None:
    end = quiet_seconds() + TIMEOUT
    while not holds():
        assert quiet_seconds() < end, "never came to pass"
        time.sleep(0.005)


class Row(Widget):
    def render_line(self, y: int) -> Strip:
        return Strip([Segment("x" * self.size.width, Style())])


class OneRow(App[None]):
    def compose(self) -> ComposeResult:
        yield Row()


async def test_textual_still_sends_the_whole_row_for_one_changed_cell() -> None:
    app = OneRow()
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        compositor, row = app.screen._compositor, app.query_one(Row)
        compositor.render_full_update()
        row._exchange_repaint_regions()
        row.refresh(Region(20, 1, 1, 1))
        compositor.update_widgets({row})
        update = compositor.render_partial_update()
        assert update is not None and update.render_segments(app.console).count("x") > 1


async def test_textual_still_sends_again_what_the_terminal_shows() -> None:
    app = OneRow()
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        compositor, row = app.screen._compositor, app.query_one(Row)
        compositor.render_full_update()
        row.refresh()
        compositor.update_widgets({row})
        update = compositor.render_update()
        assert update is not None and "xxx" in update.render_segments(app.console)  # type: ignore[attr-defined]


class Sized(Widget):
    """Keeps the sizes of its Resize events."""

    DEFAULT_CSS = "Sized { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[Size] = []

    def on_resize(self, event: Resize) -> None:
        self.sizes.append(event.size)


class Growing(App[None]):
    """Mounts a widget, and asks for its region between an update of it and the layout."""

    def __init__(self, screen: Screen[None]) -> None:
        super().__init__()
        self.own_screen, self.added = screen, Sized()

    def get_default_screen(self) -> Screen[None]:
        return self.own_screen

    def compose(self) -> ComposeResult:
        yield Sized()

    async def add(self) -> None:
        compositor = self.screen._compositor
        with self.batch_update():  # no layout meanwhile
            await self.mount(self.added)
            compositor.update_widgets({self.added})
            assert self.added.region


async def test_textual_still_sends_no_resize_to_a_widget_whose_region_was_known_before_its_layout() -> None:
    app = Growing(Screen())
    async with app.run_test(size=(40, 5)) as pilot:
        await app.add()
        await pilot.pause()
        assert app.added.size and not app.added.sizes


async def test_a_widget_whose_region_was_known_before_its_layout_gets_a_resize() -> None:
    app = Growing(PartialScreen())
    async with app.run_test(size=(40, 5)) as pilot:
        await app.add()
        await pilot.pause()
        assert app.added.sizes == [app.added.size]


def test_textual_still_sends_a_colour_with_every_segment() -> None:
    style = Style(color="#102030")
    strip = Strip([Segment("a", style), Segment("b", style + Style(bold=True))])
    assert strip.render(Console(color_system="truecolor")).count("38;2;16;32;48") == 2


def test_textual_still_blocks_the_app_on_a_terminal_that_does_not_read() -> None:
    writer = WriterThread(io.StringIO())  # not started: it writes as little as a stalled one
    app = threading.Thread(target=lambda: [writer.write("x") for _ in range(1_000)])
    app.start()
    try:
        until(lambda: writer._queue.full() or not app.is_alive())
        assert app.is_alive()
    finally:
        writer.start()
        app.join()
        writer.stop()


def test_textual_still_raises_for_an_invalid_character_code() -> None:
    with pytest.raises((ValueError, OverflowError)):
        list(XTermParser().feed("\x1b[99999999999u"))


def test_textual_still_reads_alt_and_a_digit_as_another_character() -> None:
    assert [one.key for one in XTermParser().feed("\x1b2") if isinstance(one, Key)] != ["alt+2"]


def test_textual_still_presses_keys_out_of_a_paste() -> None:
    keys = [one for one in XTermParser().feed(f"\x1b[200~\x1b[{'9' * 40}q\x1b[201~") if isinstance(one, Key)]
    assert keys


async def test_textual_still_stops_reading_after_an_invalid_byte() -> None:
    driver = LinuxDriver(OneRow())
    driver.fileno, end = os.pipe()
    os.write(end, b"\xff")
    with pytest.raises(UnicodeDecodeError):
        driver.run_input_thread()


class Table(Widget, can_focus=True):
    BINDINGS = [Binding("slash", "filter")]  # noqa: RUF012

    async def action_filter(self) -> None:
        field = Input()
        await self.app.mount(field)
        field.focus()


class TableWithFilter(App[None]):
    """`/` opens a field that the letters after it are for."""

    def compose(self) -> ComposeResult:
        yield Table()


async def test_textual_still_loses_letters_typed_before_the_field_for_them_is_open() -> None:
    app = TableWithFilter()
    async with app.run_test() as pilot:
        for key, character in (("slash", "/"), ("x", "x"), ("y", "y")):
            app.post_message(Key(key, character))
        while not app.query(Input):
            await pilot.pause()
        await pilot.pause()
        assert app.query_one(Input).value != "xy"


def test_textual_still_collects_garbage_while_it_is_imported() -> None:
    found = subprocess.run([sys.executable, "-c", COLLECTIONS], capture_output=True, text=True, check=True)
    assert int(found.stdout) > 10


TLS = "import sys, textual.app; print('ssl' in sys.modules)"


def test_textual_still_imports_tls_for_an_app_without_a_connection() -> None:
    found = subprocess.run([sys.executable, "-c", TLS], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True"


def test_the_app_imports_no_tls_and_whoever_needs_it_later_has_it() -> None:
    code = "import sys, tui.app; print('ssl' in sys.modules); import ssl; ssl.create_default_context()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


async def test_textual_still_parses_its_rules_twice_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    parse = Stylesheet.reparse
    monkeypatch.setattr(Stylesheet, "reparse", lambda rules: (parsed.append(rules), parse(rules)))
    app = App[None]()
    app.theme = "nord"
    async with app.run_test():
        assert parsed


BARS = "from textual.scrollbar import ScrollBarRender as Bars; print(''.join(Bars.VERTICAL_BARS).isascii())"


def test_textual_still_draws_scrollbars_outside_of_ascii() -> None:
    found = subprocess.run([sys.executable, "-c", BARS], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL")}


def test_textual_still_leaves_the_terminal_broken_after_sigterm() -> None:
    with Terminal(environment(), command=(sys.executable, "-c", PLAIN_APP)) as terminal:
        before = terminal.modes_at_start
        terminal.shows("plain textual")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait()
        assert terminal.modes != before and b"\x1b[?1049l" not in terminal.raw


async def test_textual_still_stops_itself_in_the_signal_handler_with_or_without_a_shell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver, done = LinuxDriver(OneRow()), []
    monkeypatch.setattr(driver, "suspend_application_mode", lambda: done.append("suspend"))
    monkeypatch.setattr(os, "kill", lambda _, number: done.append(number))
    driver._sigtstp_application()
    assert done == ["suspend", signal.SIGSTOP]
