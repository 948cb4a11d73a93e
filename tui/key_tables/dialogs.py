"""Keys of the filter, of forms and of dialogs."""

from __future__ import annotations

from tui.key import Key

KEYS = (
    Key("filter.keep", "enter", "leave_filter", "keep", "Keep the filter, go back to the table",
        "filter", 1),
    Key("filter.clear", "escape", "clear", "show all", "Drop the filter", "filter", 2),
    Key("filter.leave", "down", "leave_filter", "to the table", "Go to the table", "filter", 3),
    Key("form.launch", "enter", "launch", "launch", "Accept; else go to the first wrong field", "form", 1),
    Key("form.next", "down,tab", "field(1)", "next", "Next field", "form", 3),
    Key("form.previous", "up,shift+tab", "field(-1)", "previous", "Previous field", "form"),
    Key("form.defaults", "ctrl+r", "defaults", "defaults", "Put the defaults back", "form", 4),
    Key("form.cancel", "escape", "cancel", "cancel", "Go back, nothing is started", "form", 2),
    Key("form.help", "f1", "help", "keys", "These keys", "form", 5),
    Key("home.retry", "r", "retry", "try again", "Look at the home folder again", "home", 1),
    Key("home.leave", "q", "app.leave", "quit", "Leave", "home", 2),
    Key("dialog.accept", "enter", "accept", "ok", "Go ahead", "dialog", 1),
    Key("dialog.cancel", "escape", "cancel", "back", "Go back", "dialog", 2),
)  # fmt: skip
