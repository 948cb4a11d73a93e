"""Every key of the app: the one table behind dispatch, footer, help, palette and keymap file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Scope = Literal["app", "runs", "table", "chart", "pane", "filter", "form", "dialog"]

INSIDE: dict[Scope, tuple[Scope, ...]] = {
    "app": ("app",),
    "runs": ("runs", "app"),
    "table": ("table", "runs", "app"),
    "chart": ("chart", "runs", "app"),
    "pane": ("pane", "runs", "app"),
    "filter": ("filter",),
    "form": ("form",),
    "dialog": ("dialog",),
}
"""which scopes are heard where: the innermost first"""

GROUPS: dict[Scope, str] = {
    "app": "Everywhere",
    "runs": "Runs",
    "table": "Table",
    "chart": "Chart",
    "pane": "Details",
    "filter": "Filter",
    "form": "Form",
    "dialog": "Dialog",
}

TABS = (
    ("runs", "Runs"),
    ("xor", "XOR"),
    ("sweep", "Sweep"),
    ("mnist", "MNIST"),
    ("language", "Language"),
    ("repl", "REPL"),
    ("learn", "Learn"),
)
"""in the order of their digits; the app shows those that exist"""


@dataclass(frozen=True, slots=True)
class Key:
    """`label` is the footer's word; `rank` its order there, 0 for not at all."""

    id: str
    key: str
    action: str
    label: str
    help: str
    scope: Scope
    rank: int = 0
    group: str = ""

    @property
    def heading(self) -> str:
        return self.group or GROUPS[self.scope]


KEYS: tuple[Key, ...] = (
    Key("run.new", "n", "new", "new", "Start an experiment", "runs", 1, "Run"),
    Key("run.again", "R", "again", "again", "Launch again with this run's parameters", "runs", 8, "Run"),
    Key("run.pause", "p", "pause", "pause", "Pause (freeing the machine), or resume",
        "runs", 2, "Run"),
    Key("run.stop", "s", "stop", "stop", "Stop: write a checkpoint and end", "runs", 3, "Run"),
    Key("run.set", "L", "set_live", "set lr", "Set a live parameter while it trains", "runs", 12, "Run"),
    Key("run.halve_lr", "comma", "scale_lr(0.5)", "half lr", "Halve the learning rate", "runs", 0, "Run"),
    Key("run.double_lr", "full_stop", "scale_lr(2.0)", "double lr", "Double the learning rate",
        "runs", 0, "Run"),
    Key("run.delete", "D,delete", "delete", "delete", "Delete the run; asks first", "runs", 13, "Run"),
    Key("run.copy", "c", "copy_id", "copy", "Copy the run id", "runs", 0, "Run"),
    Key("run.copy_command", "C", "copy_command", "copy command", "Copy the command that repeats the run",
        "runs", 0, "Run"),
    Key("view.filter", "slash", "filter", "filter", "Filter the table", "runs", 5, "View"),
    Key("view.sort", "o", "sort", "sort", "Sort by the next column", "runs", 9, "View"),
    Key("view.reverse", "O", "reverse", "reverse", "Turn the order round", "runs", 0, "View"),
    Key("view.metric", "m", "metric(1)", "metric", "Show the next metric", "runs", 6, "View"),
    Key("view.previous_metric", "M", "metric(-1)", "metric back", "Show the previous metric",
        "runs", 0, "View"),
    Key("view.compare", "d", "compare", "compare", "Compare shown runs: only what differs",
        "runs", 10, "View"),
    Key("view.baseline", "b", "baseline", "baseline", "Pin the curve as baseline, or unpin it",
        "runs", 11, "View"),
    Key("view.unmark", "u", "unmark", "unmark", "Unmark all runs", "runs", 0, "View"),
    Key("view.full", "f", "full", "full screen", "The chart alone, and back", "runs", 7, "View"),
    Key("view.next_pane", "right_square_bracket", "pane(1)", "next pane", "Next pane of details",
        "runs", 0, "View"),
    Key("view.previous_pane", "left_square_bracket", "pane(-1)", "previous pane", "Previous pane of details",
        "runs", 0, "View"),
    Key("view.dismiss", "x", "app.dismiss_banner", "dismiss", "Dismiss the banner", "runs", 0, "View"),
    Key("view.back", "escape", "back", "back", "Leave full screen, or drop the filter",
        "runs", 0, "View"),
    Key("chart.log", "y", "chart('log')", "log y", "Logarithmic value axis", "runs", 0, "Chart"),
    Key("chart.axis", "t", "chart('axis')", "step/time", "Steps or time along the axis", "runs", 0, "Chart"),
    Key("chart.smoother", "e", "chart('smoother')", "smooth", "Smooth more (moving average)",
        "runs", 0, "Chart"),
    Key("chart.rougher", "E", "chart('rougher')", "smooth less", "Smooth less", "runs", 0, "Chart"),
    Key("chart.zoom_in", "plus,equals_sign", "chart('zoom_in')", "zoom in", "Zoom in", "runs", 0, "Chart"),
    Key("chart.zoom_out", "minus", "chart('zoom_out')", "zoom out", "Zoom out", "runs", 0, "Chart"),
    Key("chart.fit", "0", "chart('fit')", "fit", "Show all of it", "runs", 0, "Chart"),
    Key("chart.crosshair", "v", "crosshair", "values", "Crosshair: the values at one place",
        "runs", 0, "Chart"),
    Key("table.mark", "space", "mark", "mark", "Mark: its curve stays on the chart", "table", 4),
    Key("table.down", "down,j", "move(1)", "down", "Next run", "table"),
    Key("table.up", "up,k", "move(-1)", "up", "Previous run", "table"),
    Key("table.page_down", "pagedown,ctrl+d", "page(1)", "page down", "A page down", "table"),
    Key("table.page_up", "pageup,ctrl+u", "page(-1)", "page up", "A page up", "table"),
    Key("table.top", "g,home", "top", "top", "First run", "table"),
    Key("table.bottom", "G,end", "bottom", "bottom", "Last run", "table"),
    Key("table.right", "right,l", "turn(1)", "next pane", "Next pane of details", "table"),
    Key("table.left", "left,h", "turn(-1)", "previous pane", "Previous pane of details", "table"),
    Key("table.open", "enter", "open", "open", "The run's chart alone, and back", "table"),
    Key("chart.left", "left,h", "pan(-1)", "left", "View or crosshair to the left",
        "chart", 1),
    Key("chart.right", "right,l", "pan(1)", "right", "View or crosshair to the right",
        "chart", 1),
    Key("chart.first", "g,home", "pan_to_end(-1)", "start", "To the first step", "chart"),
    Key("chart.last", "G,end", "pan_to_end(1)", "end", "To the newest step, and stay there", "chart"),
    Key("chart.in", "up,k", "zoom(1)", "zoom in", "Zoom in", "chart"),
    Key("chart.out", "down,j", "zoom(-1)", "zoom out", "Zoom out", "chart"),
    Key("pane.down", "down,j", "scroll(1)", "down", "Scroll down", "pane"),
    Key("pane.up", "up,k", "scroll(-1)", "up", "Scroll up", "pane"),
    Key("pane.page_down", "pagedown,ctrl+d,space", "scroll_page(1)", "page down", "A page down", "pane"),
    Key("pane.page_up", "pageup,ctrl+u", "scroll_page(-1)", "page up", "A page up", "pane"),
    Key("pane.top", "g,home", "scroll_to(0)", "top", "To the top", "pane"),
    Key("pane.bottom", "G,end", "scroll_to(1)", "end", "To the end; a log then follows", "pane"),
    Key("pane.right", "right,l", "turn(1)", "next pane", "Next pane", "pane", 1),
    Key("pane.left", "left,h", "turn(-1)", "previous pane", "Previous pane", "pane"),
    Key("app.help", "question_mark,f1", "help", "keys", "The keys of what has focus", "app", 20),
    Key("app.palette", "ctrl+p", "command_palette", "all commands", "Find any command, run or theme",
        "app", 21),
    Key("app.focus", "tab", "focus_next", "next panel", "To the next panel", "app"),
    Key("app.focus_back", "shift+tab", "focus_previous", "last panel", "To the previous panel", "app"),
    Key("app.theme", "T", "next_theme", "theme", "Next theme", "app"),
    Key("app.quit", "q,ctrl+q", "leave", "leave", "Leave; runs go on without the app", "app", 22),
    *(
        Key(f"app.tab_{tab}", str(digit), f"open_tab('{tab}')", title, f"The {title} tab", "app")
        for digit, (tab, title) in enumerate(TABS, 1)
    ),
    Key("filter.keep", "enter", "leave_filter", "keep", "Keep the filter, go back to the table",
        "filter", 1),
    Key("filter.clear", "escape", "clear", "show all", "Drop the filter", "filter", 2),
    Key("filter.leave", "down", "leave_filter", "to the table", "Go to the table", "filter", 3),
    Key("form.launch", "enter", "launch", "launch", "Launch the run", "form", 1),
    Key("form.next", "down,tab", "field(1)", "next", "Next field", "form", 3),
    Key("form.previous", "up,shift+tab", "field(-1)", "previous", "Previous field", "form"),
    Key("form.defaults", "ctrl+r", "defaults", "defaults", "Put the defaults back", "form", 4),
    Key("form.cancel", "escape", "cancel", "cancel", "Go back without launching", "form", 2),
    Key("dialog.accept", "enter", "accept", "ok", "Go ahead", "dialog", 1),
    Key("dialog.cancel", "escape", "cancel", "back", "Go back", "dialog", 2),
)  # fmt: skip

BY_ID = {key.id: key for key in KEYS}


def bindings(scope: Scope) -> list[BindingType]:
    """What a widget, a screen or the app of that scope listens to."""
    return [
        Binding(key.key, key.action, key.label, id=key.id, tooltip=key.help, show=key.rank > 0)
        for key in KEYS
        if key.scope == scope
    ]


SHOWN = {
    "question_mark": "?", "slash": "/", "comma": ",", "full_stop": ".", "right_square_bracket": "]",
    "left_square_bracket": "[", "plus": "+", "minus": "-", "equals_sign": "=", "colon": ":", "escape": "esc",
    "pagedown": "pgdn", "pageup": "pgup", "up": "↑", "down": "↓", "left": "←", "right": "→", "delete": "del",
}  # fmt: skip
ASCII_SHOWN = {"up": "up", "down": "down", "left": "left", "right": "right"}


def shown(key: str, *, ascii_only: bool = False) -> str:
    """A key's name as a person knows it: ^p, ?, esc."""
    if key.startswith("ctrl+"):
        return "^" + key[5:]
    words = SHOWN | ASCII_SHOWN if ascii_only else SHOWN
    return words.get(key, key)


def overlaps(first: Scope, second: Scope) -> bool:
    """Whether a key of one scope can be heard where the other's is."""
    return first in INSIDE[second] or second in INSIDE[first]
