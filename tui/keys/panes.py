"""Keys of every scrollable pane."""

from __future__ import annotations

from tui.keys.key import Key

SCOPES = {"pane": "Details"}
"""the headings in the help"""

KEYS = (
    Key("pane.down", "down,j", "scroll(1)", "down", "Scroll down", "pane"),
    Key("pane.up", "up,k", "scroll(-1)", "up", "Scroll up", "pane"),
    Key("pane.page_down", "pagedown,ctrl+d,space", "scroll_page(1)", "page down", "A page down", "pane"),
    Key("pane.page_up", "pageup,ctrl+u", "scroll_page(-1)", "page up", "A page up", "pane"),
    Key("pane.top", "g,home", "scroll_to(0)", "top", "To the top", "pane"),
    Key("pane.bottom", "G,end", "scroll_to(1)", "end", "To the end; a log then follows new lines", "pane"),
    Key("pane.right", "right,l", "turn(1)", "next pane", "Next pane", "pane", 1),
    Key("pane.sideways", "shift+right,greater_than_sign", "scroll_sideways(1)", "long lines",
        "Long lines of a log: to the right", "pane"),
    Key("pane.sideways_back", "shift+left,less_than_sign", "scroll_sideways(-1)", "back",
        "Long lines of a log: to the left", "pane"),
    Key("pane.left", "left,h", "turn(-1)", "previous pane", "Previous pane", "pane"),
)  # fmt: skip
