"""Keys that are active everywhere."""

from __future__ import annotations

from tui.keys.key import Key
from tui.tabs import TABS

SCOPES = {"app": "Everywhere"}
"""the headings in the help"""

KEYS = (
    Key("app.help", "question_mark,f1", "help", "keys", "Keys of the focused panel", "app", 20),
    Key("app.palette", "ctrl+p", "command_palette", "all commands", "Find any command, run or theme",
        "app", 21),
    Key("app.lesson", "f2", "lesson", "lecture on it", "The section of the course about this view", "app"),
    Key("app.focus", "tab", "focus_next", "next panel", "Next panel", "app"),
    Key("app.focus_back", "shift+tab", "focus_previous", "previous panel", "Previous panel", "app"),
    Key("app.theme", "T", "next_theme", "theme", "Next theme", "app"),
    Key("app.notifications", "alt+n", "notifications", "notifications",
        "What you are notified of, and how", "app"),
    Key("app.quit", "q,ctrl+q", "leave", "quit", "Quit the app; runs continue", "app", 22),
    Key("app.redraw", "ctrl+l", "redraw", "draw again",
        "Draw the whole screen again", "app"),
    Key("app.suspend", "ctrl+z", "suspend_process", "suspend", "Suspend the app; fg resumes it", "app"),
    *(
        Key(f"app.tab_{tab.name}", f"{digit},alt+{digit}", f"open_tab('{tab.name}')", tab.title,
            f"The {tab.title} tab", "app")
        for digit, tab in enumerate(TABS, 1)
    ),
)  # fmt: skip
