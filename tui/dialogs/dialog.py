"""Base class of the dialogs, and their line of keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.keys import all_keys
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.tabs import TABS
from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width

Answer = TypeVar("Answer")

DIALOG_CSS = Path(__file__).with_name("dialog.tcss")
APP_BINDINGS: list[BindingType] = [
    *(
        Binding(f"alt+{digit}", f"open_tab('{tab.name}')", show=False)
        for digit, tab in enumerate(TABS, 1)
        if tab.page
    ),
    *(
        Binding(BY_ID[name].key, f"app.{BY_ID[name].action}", show=False, id=name)
        for name in ("app.redraw", "app.suspend")
    ),
]
"""keys of the app that are active in dialogs too"""


class Dialog(ModalScreen[Answer]):
    """Enter accepts, escape cancels; dismissed with an answer or None."""

    BINDINGS = all_keys.bindings("dialog") + APP_BINDINGS
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = "*"

    def on_mount(self) -> None:
        hide_messages(self.app)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_accept(self) -> None:
        self.dismiss(None)

    async def action_open_tab(self, tab: str) -> None:
        """Cancel the dialog, and a form below it, and open a tab."""
        self.action_cancel()
        await open_tab_below(self, tab)


async def open_tab_below(screen: ModalScreen[Any], tab: str) -> None:
    """Open a tab for a dialog that was cancelled; the dialog below it, if there is one, is cancelled too."""
    stack = screen.app.screen_stack
    below = stack[stack.index(screen) - 1] if screen in stack else stack[-1]
    target = below if isinstance(below, ModalScreen) else screen.app
    await target.run_action(f"open_tab('{tab}')")


def hide_messages(app: App[Any]) -> None:
    """Remove notifications about earlier actions, which would cover what comes; warnings and errors stay."""
    for notification in list(app._notifications):
        if notification.severity == "information":
            app._unnotify(notification)


class KeyLine(Line):
    """Keys of the dialog with their labels."""

    def __init__(self, named: Sequence[tuple[str, str]], keymap: Keymap | None = None, **widget: Any) -> None:
        super().__init__(**widget)
        self._named = list(named)
        self._keymap = keymap or Keymap()
        self.error = ""

    def show_error(self, text: str) -> None:
        """Show an error behind the first key, which is disabled meanwhile; empty: none."""
        self.error = text
        self.draw()

    def set_keys(self, named: Sequence[tuple[str, str]]) -> None:
        """Replace the keys: binding ids and labels."""
        self._named = list(named)
        self.draw()

    def row(self, width: int) -> Row:
        spans: list[Span] = []
        for binding, label in self._named:
            key = shown(self._keymap.key_of(BY_ID[binding]), ascii_only=glyphs().ascii_only)
            is_disabled = bool(self.error) and not spans
            hint = [Span(key, "muted" if is_disabled else "key"), Span(f" {label}", "muted")]
            if is_disabled:
                hint.append(Span(f"  {self.error}", "bad"))
            gap = [Span("  ")] if spans else []
            if spans and row_width((*spans, *gap, *hint)) > width:
                break  # keys that do not fit are left out
            spans += [*gap, *hint]
        return tuple(spans)
