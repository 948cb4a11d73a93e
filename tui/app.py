"""The app: one screen of tabs over one river of what the engine says."""

from __future__ import annotations

from tui.terminal import gc_start  # isort: skip  # before what takes time to import

import asyncio
import os
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.command import Provider
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from engine.client import client
from engine.places import Places, is_private
from tui import view_state
from tui.data.actions import report
from tui.data.connection import Connect, Connection
from tui.keys import all_keys
from tui.keys.all_keys import BY_ID
from tui.keys.focus_scope import scope_of
from tui.keys.keymap import read_keymap
from tui.messages import (
    CurvesGrew,
    EngineConnected,
    EngineLost,
    EngineRefused,
    EngineStalled,
    HintsChanged,
    HomeRefused,
    OpenView,
    PasteCut,
    ResourcesChanged,
    RunsChanged,
    RunsCounted,
    SweepsChanged,
    ViewChanged,
)
from tui.runs.tab import RunsTab
from tui.tab.context import TabContext
from tui.tab.switcher import TabSwitcher, known
from tui.tabs import PAGES
from tui.terminal import image_protocol, job_control
from tui.terminal.clipboard import Clipboard
from tui.terminal.driver import Terminal
from tui.terminal.exit import AppExit
from tui.terminal.glyphs import glyphs
from tui.terminal.key_order import KeyOrder
from tui.terminal.paste import LIMIT
from tui.terminal.plain_text import plain
from tui.terminal.repaint import PartialScreen
from tui.ui import theme
from tui.ui.banner import Banner, most_serious
from tui.ui.key_hints import KeyHints
from tui.ui.meters import Meters
from tui.ui.tab_bar import TabBar
from tui.ui.too_small import TooSmall

SAVE_AFTER = 1.0
TERMINAL_CHECK = 2.0
HOME_CHECK = 5.0


def open_app(places: Places) -> int:
    """Run the app until the person leaves or the terminal goes; the exit status."""
    image_protocol.prepare()
    app = LabApp(places)
    app.run(mouse="DLTUI_NO_MOUSE" not in os.environ)
    return app.return_code or 0


def _commands() -> type[Provider]:
    from tui.commands import LabCommands

    return LabCommands


class LabApp(App[int]):
    """Holds the parts together; what they show is theirs."""

    TITLE = "dltui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = all_keys.bindings("app")
    COMMANDS: ClassVar[set[Any]] = {_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (116, "-wide"), (160, "-ample")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-tiny-high"), (15, "-short"), (30, "-tall")]  # noqa: RUF012
    ESCAPE_TO_MINIMIZE = False
    AUTO_FOCUS = "RunTable"

    def __init__(self, places: Places, connect: Connect = client.connect) -> None:
        super().__init__(driver_class=Terminal)
        self.places = places
        self._typing = KeyOrder(self, super().on_event)
        self._way_out = AppExit(self._leave_soon, self._save_now)
        self.state, self._forgotten = view_state.read_or_say(places.view_state)
        self.keys_file = read_keymap(places.keymap)
        self.connection = Connection(places, connect, self._route)
        self.session = client.open_session(places)
        self.tab_bar, self.meters, self.banner = TabBar(tuple(PAGES)), Meters(), Banner()
        self.key_hints = KeyHints(self.keys_file)
        context = TabContext(
            places, self.connection, self.session, self.state, self.keys_file, Clipboard(places.clipboard)
        )
        self.switcher = TabSwitcher(context, self.state.tab, id="shelf")
        self.tab_bar.open(self.switcher.front.NAME)
        self._saving: Timer | None = None
        self._is_home_private = True
        for one in theme.THEMES.values():
            self.register_theme(one)
        self.theme = self._theme_of_rules = self._first_theme()
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_keymap(dict(self.keys_file.keys))
        self.animation_level = "none"
        if glyphs().ascii_only:
            self._avoid_blocks()

    def _avoid_blocks(self) -> None:
        from textual.scrollbar import ScrollBarRender

        self.add_class("-ascii")
        ScrollBarRender.VERTICAL_BARS = [" "] * 8

    def get_default_screen(self) -> Screen[None]:
        return PartialScreen()

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield self.tab_bar
            yield self.meters
        yield self.banner
        yield self.switcher
        yield self.key_hints
        yield TooSmall()

    # --- coming and going ------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._loop_of_signals = asyncio.get_running_loop()
        self._way_out.open()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first picture, so that nothing delays it."""
        self.run_worker(self.connection.flow(), group="river", exit_on_error=False)
        self.set_interval(TERMINAL_CHECK, self._check_terminal)
        self.set_interval(HOME_CHECK, self._check_home)
        for complaint in filter(None, (self.keys_file.complaint, self._forgotten)):
            self.notify(plain(complaint, limit=300), severity="warning", markup=False, timeout=10)
        self.show_hints()
        self.call_after_refresh(gc_start.end)

    def on_unmount(self) -> None:
        self.session.terminate()
        self._save_now()
        self._way_out.close()

    def _leave_soon(self) -> None:
        """Heard between two instructions of the interpreter, anywhere."""
        self._loop_of_signals.call_soon_threadsafe(self._typing.then, self.action_leave)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._typing.take(event)
        else:
            await super().on_event(event)

    def _check_terminal(self) -> None:
        """Without its terminal the app would spin for ever."""
        if not self.is_headless and not os.isatty(0):
            self._way_out.force()

    def _check_home(self) -> None:
        """Somebody may have opened it, or closed it again."""
        if is_private(self.places.root) != self._is_home_private and self.connection.is_connected:
            self._is_home_private = not self._is_home_private
            self._ask_doctor_soon()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report(self, event)

    @property
    def runs(self) -> RunsTab:
        assert isinstance(self.switcher.runs, RunsTab)
        return self.switcher.runs

    # --- the river -------------------------------------------------------------------------------------

    def _route(self, message: Message) -> None:
        """To the app itself, or to the tabs."""
        if isinstance(message, RunsChanged | CurvesGrew | SweepsChanged):
            self.switcher.tell(message)
        else:
            self.post_message(message)

    @on(EngineConnected)
    def _connected(self, message: EngineConnected) -> None:
        self._leave_home_screen()
        self.banner.lose("")
        if message.notice:
            self.notify(message.notice, markup=False, timeout=10)
        self.switcher.refetch()
        self._ask_doctor_soon()

    def _ask_doctor_soon(self) -> None:
        self.run_worker(self._ask_doctor(), group="doctor", exclusive=True, exit_on_error=False)

    async def _ask_doctor(self) -> None:
        findings = await self.connection.client.doctor()
        self.banner.show(most_serious(findings, self.state.dismissed))

    @on(EngineLost)
    def _lost(self, message: EngineLost) -> None:
        gone = "Engine gone, reconnecting. Runs continue without it."
        if not message.was_there:
            self.banner.lose(f"{message.words} Trying again.")
        else:
            self.banner.lose(f"{gone} {message.words}" if message.is_refusal else gone)
        self.meters.show(None)

    @on(HomeRefused)
    def _refuse_home(self, message: HomeRefused) -> None:
        from tui.dialogs.home import HomeScreen

        if not isinstance(self.screen, HomeScreen):
            self.push_screen(HomeScreen(message))

    def on_home_screen_retried(self) -> None:
        self.connection.try_again()

    def _leave_home_screen(self) -> None:
        if len(self.screen_stack) == 1:
            return
        from tui.dialogs.home import HomeScreen

        if isinstance(self.screen, HomeScreen):
            self.pop_screen()

    @on(EngineRefused)
    def _refused(self, message: EngineRefused) -> None:
        self.banner.stall(message.words)
        self.meters.show(None)

    @on(EngineStalled)
    def _stalled(self, message: EngineStalled) -> None:
        old = "; the screen may be out of date" if message.was_there else ""
        words = (
            f"The engine has not answered for {message.seconds:.0f} s{old}."
            " If this persists: dltui engine stop (asks before ending it). Runs continue."
        )
        self.banner.stall(words if message.seconds else "")

    @on(ResourcesChanged)
    def _measure(self, message: ResourcesChanged) -> None:
        self.meters.show(message.resources)

    # --- what is seen ----------------------------------------------------------------------------------

    @on(RunsCounted)
    def _count(self, message: RunsCounted) -> None:
        self.tab_bar.count("runs", message.words)

    @on(HintsChanged)
    def show_hints(self) -> None:
        if self.is_running and len(self.screen_stack) == 1:
            front = self.switcher.front
            self.key_hints.show(scope_of(self.focused, front.NAME), front.labels(), front.NAME)

    @on(ViewChanged)
    def _remember(self) -> None:
        if self._saving is None:
            self._saving = self.set_timer(SAVE_AFTER, self._save)

    def _save(self) -> None:
        self._saving = None
        self.run_worker(self._save_beside(), group="save", exit_on_error=False)

    async def _save_beside(self) -> None:
        await asyncio.to_thread(view_state.write, self.places.view_state, self.state)

    def _save_now(self) -> None:
        try:
            view_state.write(self.places.view_state, self.state)
        except OSError as error:
            self.log.error(f"the view was not saved: {error}")

    def _first_theme(self) -> str:
        """The one chosen last, unless this terminal has too few colours for it."""
        if glyphs().ascii_only:
            return theme.FEW_COLOURS
        if theme.named(self.state.theme):
            return theme.named(self.state.theme)
        return theme.FEW_COLOURS if self.console.color_system == "standard" else theme.DEFAULT

    def refresh_css(self, animate: bool = True) -> None:
        """Also called when the app starts: rules that were read with this theme are not read again."""
        if self.theme == self._theme_of_rules:
            self.stylesheet.update(self, animate=animate)
        else:
            self._theme_of_rules = self.theme
            super().refresh_css(animate)

    def choose_theme(self, name: str) -> None:
        self.theme = self.state.theme = name
        self._remember()

    # --- keys ------------------------------------------------------------------------------------------

    @on(OpenView)
    async def _open_view(self, message: OpenView) -> None:
        await self.action_open_tab(message.tab)
        self.switcher.front.open_view(message.view, message.selection)

    @on(PasteCut)
    def _say_cut(self) -> None:
        words = f"The paste is too long: the first {LIMIT // 1024} kB are used."
        self.notify(words, severity="warning", markup=False)

    def action_suspend_process(self) -> None:
        """To the shell, which brings the app back."""
        if not job_control.has_shell():
            self.notify("There is no shell to suspend to. q quits; runs continue.", markup=False)
        elif not self.is_headless:
            job_control.stop()

    def action_leave(self) -> None:
        if not self.is_headless:
            self._way_out.hurry()
        self.exit(0)

    def action_help_quit(self) -> None:
        """Ctrl+c, which people press to get out."""
        self.notify("Press q to quit. Runs continue.", markup=False)

    def action_help(self) -> None:
        from tui.dialogs.help import HelpScreen

        tab = self.switcher.front.NAME
        self.push_screen(HelpScreen(scope_of(self.focused, tab), self.keys_file, tab))

    def action_command_palette(self) -> None:
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Find a command, a run or a theme"))

    def action_next_theme(self) -> None:
        self.choose_theme(theme.after(self.theme))

    async def action_open_tab(self, tab: str) -> None:
        if tab not in PAGES:
            return
        await self.switcher.bring(tab)
        self.state.tab = known(tab)
        self.tab_bar.open(known(tab))
        self.show_hints()
        self._remember()

    def action_press(self, binding: str) -> None:
        """As if the key of that binding had been pressed."""
        self.simulate_key(self.keys_file.key_of(BY_ID[binding]))

    def action_dismiss_banner(self) -> None:
        finding = self.banner.finding
        if finding is not None:
            self.state.dismissed = finding.text
            self.banner.show(None)
            self._remember()
