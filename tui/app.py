"""The app: a screen of tabs, fed by one connection to the engine."""

from __future__ import annotations

from tui.ui.start_worker import start_worker

from tui.terminal import no_gc_at_start  # isort: skip  # before the imports that take time
from tui.terminal import asyncio_without_tls as asyncio_without_tls  # isort: skip

import asyncio
import contextlib
import os
import time
import traceback
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.command import Provider
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker

from engine.client import client
from engine.errors import DltuiError
from engine.places import Places, is_private
from tui import view_state
from tui.data import replaced_program_files
from tui.data.connection import Connect, Connection
from tui.data.run_actions import notify_worker_error
from tui.keys import all_keys
from tui.keys.all_keys import BY_ID, scope_of
from tui.keys.user_keymap import read_keymap
from tui.messages import (
    EngineConnected,
    EngineLost,
    EngineRefused,
    EngineStalled,
    HistoryChanged,
    HomeRefused,
    KeyHintsChanged,
    LearnedMore,
    NotificationsSent,
    OpenView,
    PasteTruncated,
    ResourcesChanged,
    RunCountChanged,
    RunsChanged,
    SweepsChanged,
    ViewStateChanged,
)
from tui.runs.tab import RunsTab
from tui.tab.context import TabContext
from tui.tab.tab_switcher import TabSwitcher, tab_named
from tui.tabs import PAGES, TabName
from tui.terminal import image_protocol, job_control
from tui.terminal.app_exit import AppExit
from tui.terminal.clipboard import Clipboard
from tui.terminal.driver import TerminalDriver, driver_for
from tui.terminal.glyphs import glyphs
from tui.terminal.key_order import KeyOrder
from tui.terminal.partial_repaint import CellsUpdate, PartialScreen
from tui.terminal.paste import LIMIT
from tui.terminal.plain_text import plain
from tui.ui import theme
from tui.ui.header_meters import Meters
from tui.ui.key_hints import KeyHints
from tui.ui.problem_banner import Banner, most_serious
from tui.ui.tab_bar import TabBar
from tui.ui.too_small import TooSmall

SAVE_AFTER = 1.0
TERMINAL_CHECK = 2.0
HOME_CHECK = 5.0
FIRST_COUNT, DUE_CHECK = 0.5, 30.0
"""seconds until it is counted what is due in the course, and between two looks at its log"""


def open_app(places: Places) -> int:
    """Run the app until the user quits or the terminal is gone; returns the exit status."""
    image_protocol.prepare()
    app = LabApp(places)
    app.run(mouse="DLTUI_NO_MOUSE" not in os.environ)
    return app.return_code or 0


def _commands() -> type[Provider]:
    from tui.command_palette import LabCommands

    return LabCommands


class LabApp(App[int]):
    """Creates the widgets and the connection, and routes messages and keys between them."""

    TITLE = "dltui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = all_keys.bindings("app")
    COMMANDS: ClassVar[set[Any]] = {_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (116, "-wide"), (160, "-ample")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-tiny-high"), (15, "-short"), (30, "-tall")]  # noqa: RUF012
    ESCAPE_TO_MINIMIZE = False
    AUTO_FOCUS = "RunTable"

    def __init__(self, places: Places, connect: Connect = client.connect) -> None:
        super().__init__(driver_class=driver_for)  # type: ignore[arg-type]
        self.places = places
        self._key_order = KeyOrder(self, super().on_event)
        self._app_exit = AppExit(self._leave_in_loop, self._save_now)
        self._is_quit_typed = False
        """whether the last key was one that quits"""
        self.state, self._state_problem = view_state.read_or_explain(places.view_state)
        self.user_keymap = read_keymap(places.keymap)
        self.connection = Connection(places, connect, self._route)
        self.session = client.open_session(places)
        self.tab_bar, self.meters, self.banner = TabBar(tuple(PAGES)), Meters(), Banner()
        self.key_hints = KeyHints(self.user_keymap)
        context = TabContext(
            places, self.connection, self.session, self.state, self.user_keymap, Clipboard(places.clipboard)
        )
        self.switcher = TabSwitcher(context, self.state.tab, id="switcher")
        self.tab_bar.select(self.switcher.active_tab.NAME)
        self._save_timer: Timer | None = None
        self._returns_to: TabName | None = None
        self._due_counted_of: object = None
        """size and time of the log of what is learned, and the hour, when it was counted last"""
        self._is_home_private = True
        for known in theme.THEMES.values():
            self.register_theme(known)
        self.theme = self._parsed_theme = self._first_theme()
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_keymap(dict(self.user_keymap.keys))
        self.animation_level = "none"
        if glyphs().ascii_only:
            self._use_ascii_scrollbars()

    def _use_ascii_scrollbars(self) -> None:
        from textual.scrollbar import ScrollBarRender

        self.add_class("-ascii")
        ScrollBarRender.VERTICAL_BARS = [" "] * 8

    def _handle_exception(self, error: Exception) -> None:
        """An error after an upgrade ends the app with one line; its traceback goes to the log."""
        if not replaced_program_files.is_replaced():
            return super()._handle_exception(error)
        self._return_code = 1
        self._save_now()
        place = ""
        with contextlib.suppress(Exception):  # this import is of the other version
            from tui.cli import guard

            place = guard.append_to_log("".join(traceback.format_exception(error)))
        self._exit_renderables = [Text(f"{replaced_program_files.TEXT} {place}")]
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[None]:
        return PartialScreen()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Send only the cells that differ from those that the terminal shows."""
        driver = self._driver
        is_sent = self._running and not self._closed and not self._batch_count
        if isinstance(driver, TerminalDriver) and is_sent and renderable is not None:
            renderable = driver.sent_cells.changes(renderable, self.size)
            if renderable is None and self.cursor_position != self._previous_cursor_position:
                renderable = CellsUpdate([])
        super()._display(screen, renderable)

    def on_resize(self) -> None:
        self._forget_terminal()  # terminals move their text when their size changes

    def _forget_terminal(self) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.sent_cells.forget()

    def action_redraw(self) -> None:
        """Send the whole screen: another program may have written over it."""
        self._forget_terminal()
        self.screen.refresh(layout=True)

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield self.tab_bar
            yield self.meters
        yield self.banner
        yield self.switcher
        yield self.key_hints
        yield TooSmall()

    # --- start and exit --------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._signal_loop = asyncio.get_running_loop()
        self._app_exit.install()
        self.call_after_refresh(self._start_workers)

    def _start_workers(self) -> None:
        """Start workers and timers, after the first paint."""
        start_worker(self, self.connection.run, group="connection")
        self.set_interval(TERMINAL_CHECK, self._check_terminal)
        self.set_interval(HOME_CHECK, self._check_home)
        self.set_timer(FIRST_COUNT, self._count_due_soon)
        self.set_interval(DUE_CHECK, self._count_due_soon)
        for problem in filter(None, (self.user_keymap.problem, self._state_problem)):
            self.notify(plain(problem, limit=300), severity="warning", markup=False, timeout=10)
        self.update_key_hints()
        self.call_after_refresh(no_gc_at_start.finish)

    def on_unmount(self) -> None:
        self.session.terminate()
        self._save_now()
        self._app_exit.uninstall()

    def _leave_in_loop(self) -> None:
        """Called in a signal handler: exit from the loop, after the keys typed so far."""
        self._signal_loop.call_soon_threadsafe(self._key_order.call_after, self.action_leave)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._exit_if_stalled(event)
            self._key_order.add(event)
        else:
            await super().on_event(event)

    def _exit_if_stalled(self, event: events.Event) -> None:
        """A stalled terminal shows nothing of the keys typed before: ctrl+q or a second q exits soon."""
        quit_keys = self.user_keymap.keys_of(BY_ID["app.quit"])
        is_quit = isinstance(event, events.Key) and event.key in quit_keys
        is_repeated, self._is_quit_typed = self._is_quit_typed and is_quit, is_quit
        is_text = isinstance(event, events.Key) and event.is_printable
        is_meant = not is_text or (is_repeated and not isinstance(self.focused, Input))
        if is_quit and is_meant and isinstance(self._driver, TerminalDriver):
            self._app_exit.force_if(self._driver.is_stalled)

    def _check_terminal(self) -> None:
        """Exit when the terminal is gone: reading it would spin for ever."""
        if not self.is_headless and not os.isatty(0):
            self._app_exit.force()

    def _check_home(self) -> None:
        """Run the checks again when the permissions of the home folder have changed."""
        if is_private(self.places.root) != self._is_home_private and self.connection.is_connected:
            self._is_home_private = not self._is_home_private
            self._start_doctor()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        notify_worker_error(self, event)

    @property
    def runs(self) -> RunsTab:
        assert isinstance(self.switcher.runs, RunsTab)
        return self.switcher.runs

    # --- messages from the connection ------------------------------------------------------------------

    def _route(self, message: Message) -> None:
        """Post a message of the connection to the tabs, or to the app."""
        if isinstance(message, RunsChanged | HistoryChanged | SweepsChanged):
            self.switcher.broadcast(message)
        else:
            self.post_message(message)

    @on(EngineConnected)
    def _connected(self, message: EngineConnected) -> None:
        self._leave_home_screen()
        self.banner.show_lost("")
        if message.notice:
            self.notify(message.notice, markup=False, timeout=10)
        self.switcher.refresh_data()
        self._start_doctor()

    def _start_doctor(self) -> None:
        start_worker(self, self._run_doctor, group="doctor", exclusive=True)

    async def _run_doctor(self) -> None:
        findings = await self.connection.client.doctor()
        self.banner.show_finding(most_serious(findings, self.state.dismissed))

    @on(EngineLost)
    def _lost(self, message: EngineLost) -> None:
        gone = "Engine gone, reconnecting. Runs continue without it."
        if not message.was_connected:
            self.banner.show_lost(f"{message.reason} Trying again.")
        else:
            self.banner.show_lost(f"{gone} {message.reason}" if message.is_refusal else gone)
        self.meters.update(None)

    @on(HomeRefused)
    def _refuse_home(self, message: HomeRefused) -> None:
        from tui.dialogs.home_error import HomeScreen

        if not isinstance(self.screen, HomeScreen):
            self.push_screen(HomeScreen(message))

    def on_home_screen_retried(self) -> None:
        self.connection.retry_now()

    def _leave_home_screen(self) -> None:
        if len(self.screen_stack) == 1:
            return
        from tui.dialogs.home_error import HomeScreen

        if isinstance(self.screen, HomeScreen):
            self.pop_screen()

    @on(EngineRefused)
    def _refused(self, message: EngineRefused) -> None:
        self.banner.show_stalled(message.reason)
        self.meters.update(None)

    @on(EngineStalled)
    def _stalled(self, message: EngineStalled) -> None:
        old = "; the screen may be out of date" if message.was_connected else ""
        text = (
            f"The engine has not answered for {message.seconds:.0f} s{old}."
            " If this persists: dltui engine stop (asks before ending it). Runs continue."
        )
        self.banner.show_stalled(text if message.seconds else "")

    @on(NotificationsSent)
    def _notify_user(self, message: NotificationsSent) -> None:
        """By the terminal; the app itself shows the runs."""
        from tui.terminal.desktop_notification import sequences

        if self._driver is not None:
            for told in message.notifications:
                self._driver.write(sequences(told, os.environ))

    @on(ResourcesChanged)
    def _measure(self, message: ResourcesChanged) -> None:
        self.meters.update(message.resources)

    @on(LearnedMore)
    def _count_due_soon(self) -> None:
        start_worker(self, self._count_due, group="due", exclusive=True)

    async def _count_due(self) -> None:
        """Show how many cards are due behind the name of the tab; without a log it loads nothing."""
        try:
            found = (self.places.learn / "log.jsonl").stat()
        except OSError:
            return
        counted_of = (found.st_size, found.st_mtime_ns, time.time() // 3600)
        if counted_of == self._due_counted_of:
            return
        from engine.course.due import count_due

        try:
            due = await asyncio.to_thread(count_due, self.places.learn, time.time())
        except DltuiError as error:
            self.log.error(f"what is due is not known: {error}")
            return
        self._due_counted_of = counted_of
        self.tab_bar.set_count("learn", str(due.due) if due.due else "")

    # --- view ------------------------------------------------------------------------------------------

    @on(RunCountChanged)
    def _count(self, message: RunCountChanged) -> None:
        self.tab_bar.set_count("runs", message.text)

    @on(KeyHintsChanged)
    def update_key_hints(self) -> None:
        if self.is_running and len(self.screen_stack) == 1:
            tab = self.switcher.active_tab
            self.key_hints.update(scope_of(self.focused, tab.NAME), tab.key_labels(), tab.NAME)

    @on(ViewStateChanged)
    def _save_soon(self) -> None:
        if self._save_timer is None:
            self._save_timer = self.set_timer(SAVE_AFTER, self._start_saving)

    def _start_saving(self) -> None:
        self._save_timer = None
        start_worker(self, self._save_in_thread, group="save")

    async def _save_in_thread(self) -> None:
        await asyncio.to_thread(view_state.write, self.places.view_state, self.state)

    def _save_now(self) -> None:
        try:
            view_state.write(self.places.view_state, self.state)
        except OSError as error:
            self.log.error(f"the view was not saved: {error}")

    def _first_theme(self) -> str:
        """The theme chosen last, unless the terminal has too few colours for it."""
        if glyphs().ascii_only:
            return theme.FEW_COLOURS
        if theme.named(self.state.theme):
            return theme.named(self.state.theme)
        return theme.FEW_COLOURS if self.console.color_system == "standard" else theme.DEFAULT

    def refresh_css(self, animate: bool = True) -> None:
        """As Textual's, which at the start parses again all rules that it has parsed with this theme."""
        if self.theme == self._parsed_theme:
            self.stylesheet.update(self, animate=animate)
        else:
            self._parsed_theme = self.theme
            super().refresh_css(animate)

    def choose_theme(self, name: str) -> None:
        self.theme = self.state.theme = name
        self._save_soon()

    # --- keys ------------------------------------------------------------------------------------------

    @on(OpenView)
    async def _open_view(self, message: OpenView) -> None:
        await self.action_open_tab(message.tab)
        self._returns_to = message.returns_to
        self.switcher.active_tab.open_view(message.view, message.selection)

    async def key_escape(self) -> None:
        """Nothing else has used the key: go back to the tab that has opened this one."""
        if self._returns_to is not None and len(self.screen_stack) == 1:
            await self.action_open_tab(self._returns_to)

    def action_lesson(self) -> None:
        """Open the section of the course about the view that is shown."""
        from tui.tab.section_of_view import lesson_of
        from tui.tab.views_tab import ViewsTab

        tab = self.switcher.active_tab
        found = lesson_of(tab.NAME, tab.front if isinstance(tab, ViewsTab) else "")
        if found is not None:
            lecture, section = found
            self.post_message(OpenView("learn", "reader", {"lecture": lecture, "section": section}))

    @on(PasteTruncated)
    def _warn_truncated(self) -> None:
        text = f"The paste is too long: the first {LIMIT // 1024} kB are used."
        self.notify(text, severity="warning", markup=False)

    def action_suspend_process(self) -> None:
        """Suspend the app; the shell resumes it."""
        if not job_control.has_shell():
            self.notify("There is no shell to suspend to. q quits; runs continue.", markup=False)
        elif not self.is_headless:
            job_control.stop()

    def action_leave(self) -> None:
        if not self.is_headless:
            self._app_exit.start_deadline()
        self.exit(0)

    def action_help_quit(self) -> None:
        """Ctrl+c: name the key that quits."""
        self.notify("Press q to quit. Runs continue.", markup=False)

    def action_help(self) -> None:
        from tui.dialogs.help import HelpScreen

        tab = self.switcher.active_tab.NAME
        self.push_screen(HelpScreen(scope_of(self.focused, tab), self.user_keymap, tab))

    def action_command_palette(self) -> None:
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Find a command, a run or a theme"))

    def action_notifications(self) -> None:
        """Edit what the user is notified of, and how."""
        start_worker(self, self._edit_notifications, group="notifications", exclusive=True)

    async def _edit_notifications(self) -> None:
        from tui.dialogs.notification_form import notification_screen

        try:
            settings = await self.connection.client.notifications()
        except DltuiError as error:
            self.notify(plain(str(error), limit=300), severity="error", markup=False)
            return
        done = await self.push_screen_wait(notification_screen(settings, lambda: self.connection.client))
        if done:
            self.notify(done, markup=False)

    def action_next_theme(self) -> None:
        self.choose_theme(theme.after(self.theme))

    async def action_open_tab(self, tab: str) -> None:
        if tab not in PAGES:
            return
        self._returns_to = None
        await self.switcher.switch_to(tab)
        self.state.tab = tab_named(tab)
        self.tab_bar.select(tab_named(tab))
        self.update_key_hints()
        self._save_soon()

    def action_press(self, binding: str) -> None:
        """Simulate the key of a binding id."""
        self.simulate_key(self.user_keymap.key_of(BY_ID[binding]))

    def action_dismiss_banner(self) -> None:
        finding = self.banner.finding
        if finding is not None:
            self.state.dismissed = finding.text
            self.banner.show_finding(None)
            self._save_soon()
