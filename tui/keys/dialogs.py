"""Keys of the filter, of forms and of dialogs."""

from __future__ import annotations

from tui.keys.key import Key

SCOPES = {
    "filter": "Filter", "form": "Form", "dialog": "Dialog", "experiments": "Choice of an experiment",
    "home": "Home folder", "columns": "Columns of the table",
}  # fmt: skip
"""the headings in the help"""

KEYS = (
    Key("filter.keep", "enter", "leave_filter", "keep", "Keep the filter, go back to the table",
        "filter", 1),
    Key("filter.clear", "escape", "clear", "show all", "Clear the filter", "filter", 2),
    Key("filter.leave", "down", "leave_filter", "to the table", "Go to the table", "filter", 3),
    Key("form.launch", "enter", "launch", "launch", "Submit, or go to the first wrong field", "form", 1),
    Key("form.next", "down,tab", "field(1)", "next", "Next field", "form", 3),
    Key("form.previous", "up,shift+tab", "field(-1)", "previous", "Previous field", "form"),
    Key("form.defaults", "ctrl+r", "defaults", "defaults", "Restore the default values", "form", 4),
    Key("form.cancel", "escape", "cancel", "cancel", "Cancel: nothing is started", "form", 2),
    Key("form.help", "f1", "help", "keys", "Show the keys of the form", "form", 5),
    Key("experiments.add", "a", "add_file", "add a file", "Add a file or a folder to the catalog",
        "experiments", 1),
    Key("experiments.remove", "D,delete", "remove_file", "remove one", "Remove a file from the catalog",
        "experiments", 2),
    Key("columns.toggle", "space", "toggle_column", "show or hide", "Show the column, or hide it",
        "columns", 3),
    Key("columns.down", "down,j", "step(1)", "next", "Next column", "columns"),
    Key("columns.up", "up,k", "step(-1)", "previous", "Previous column", "columns"),
    Key("columns.later", "J,shift+down", "shift(1)", "move down", "Move the column one place on", "columns"),
    Key("columns.earlier", "K,shift+up", "shift(-1)", "move up", "Move the column one place back", "columns"),
    Key("columns.wider", "plus,equals_sign", "resize(1)", "wider", "Make the column wider", "columns"),
    Key("columns.narrower", "minus", "resize(-1)", "narrower", "Make the column narrower", "columns"),
    Key("columns.sort", "o", "sort", "sort by it", "Sort the table by the column", "columns"),
    Key("columns.automatic", "d", "automatic", "automatic", "Choose the columns by the room", "columns"),
    Key("home.retry", "r", "retry", "try again", "Check the home folder again", "home", 1),
    Key("home.leave", "q", "app.leave", "quit", "Quit dltui", "home", 2),
    Key("dialog.accept", "enter", "accept", "ok", "Confirm", "dialog", 1),
    Key("dialog.cancel", "escape", "cancel", "back", "Cancel", "dialog", 2),
)  # fmt: skip
