"""The help screen: keys of the focused widget, from the table of all keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.chart.chart_rows import ASCII_SIGNS, SIGNS, Kind
from tui.dialogs.dialog import Dialog, KeyLine
from tui.keys.all_keys import KEYS, MODAL, Key, Scope, heading_of, inside, shown
from tui.keys.user_keymap import Keymap
from tui.tabs import PAGES, TabName
from tui.terminal.glyphs import glyphs
from tui.ui.curve_colours import DASH_SIGNS, PART_SWATCH
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, fitted
from tui.ui.status_styles import STATUS_STYLES, status_sign

Sign = tuple[str, str, str]

KINDS: dict[Kind, str] = {
    "checkpoint": "on the axis: a checkpoint",
    "set": "on the axis: a parameter was changed",
    "pause": "on the axis: paused or stopped",
}
WITH_CHARTS: tuple[TabName, ...] = ("runs", "xor", "mnist", "language")


def signs(tab: TabName) -> list[Sign]:
    """The signs of a tab; none for a tab without runs and charts."""
    found = _statuses() if tab in (*WITH_CHARTS, "sweep") else []
    if tab == "runs":
        found += _rows()
    if tab in WITH_CHARTS:
        found += _charts()
    return found


def _statuses() -> list[Sign]:
    return [(*status_sign(status), str(status)) for status in STATUS_STYLES]


def _rows() -> list[Sign]:
    line = glyphs().swatch[1]
    axis = ASCII_SIGNS if glyphs().ascii_only else SIGNS
    return [
        (glyphs().swatch, "hue-0", "on the chart: the selected run"),
        (glyphs().mark + line, "hue-0", "marked: its curve stays on the chart"),
        (glyphs().baseline + line, "hue-0", "the baseline; +0.012 is a difference from it"),
        *((axis[kind], "text", words) for kind, words in KINDS.items()),
        ("lr", "accent", "a parameter that is not its default"),
    ]


def _charts() -> list[Sign]:
    dashes = "--" if glyphs().ascii_only else 2 * DASH_SIGNS[1]
    return [
        (dashes, "hue-0", "dashes: baseline, or 9th curve and later"),
        ("a" if glyphs().ascii_only else PART_SWATCH, "hue-0", "validation, in the chart of training"),
        ("x" if glyphs().ascii_only else "×", "bad", "on the axis: a value that is NaN"),
        ("~0.3", "muted", "the smoothed value; raw: too few points for smoothing"),
        ("+2 more", "muted", "curves that the legend has no room for"),
    ]


KEY_WIDTH = 11
COLUMN = 55
NAMES: tuple[Row, ...] = ((), (Span("Names of the keys for keys.json: dltui keys", "muted"),))


class KeySheet(Sheet):
    """Groups of keys, in two columns where they fit."""

    def __init__(self, scope: Scope, keymap: Keymap, tab: TabName) -> None:
        super().__init__()
        self._scope, self._tab, self._keymap = scope, tab, keymap

    def rows(self, width: int) -> Sequence[Row]:
        blocks = [self._block(heading, keys) for heading, keys in groups(self._scope, self._tab)]
        if width < 2 * COLUMN:
            return [*[row for block in blocks for row in (*block, ())][:-1], *self._signs(), *NAMES]
        half = sum(map(len, blocks)) // 2
        left: list[Row] = []
        right: list[Row] = []
        for block in blocks:
            column = left if len(left) < half else right
            column += [*block, ()]
        height = max(len(left), len(right))
        sides = zip(_filled(left, height), _filled(right, height), strict=True)
        both = [(*fitted(one, width // 2 - 1), Span(" "), *other) for one, other in sides][: height - 1]
        return [*both, *self._signs(), *NAMES]

    def _signs(self) -> list[Row]:
        """The legend of the signs of the tab."""
        found = signs(self._tab) if self._scope not in MODAL else []
        widest = max((cell_len(sign) for sign, _, _ in found), default=0)
        rows = [
            (Span(f"  {sign}{' ' * (widest + 2 - cell_len(sign))}", style_name), Span(words, "text"))
            for sign, style_name, words in found
        ]
        return [(), (Span("Signs", "strong"),), *rows] if rows else []

    def _block(self, heading: str, keys: Sequence[Key]) -> list[Row]:
        named = [self._names(key) for key in keys]
        widest = max(KEY_WIDTH, max(map(cell_len, named), default=0) + 1)
        lines = [
            (Span(f"  {names}{' ' * (widest - cell_len(names))}", "key"), Span(key.help, "text"))
            for names, key in zip(named, keys, strict=True)
        ]
        return [(Span(heading, "strong"),), *lines]

    def _names(self, key: Key) -> str:
        given = self._keymap.keys.get(key.id, key.key).split(",")
        return " ".join(shown(name, ascii_only=glyphs().ascii_only) for name in given)


class HelpScreen(Dialog[None]):
    """Closed by the keys that open it, q and escape."""

    def __init__(self, scope: Scope, keymap: Keymap, tab: TabName = "runs") -> None:
        super().__init__()
        self._scope, self._tab, self._keymap = scope, tab, keymap

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest") as box:
            box.border_title = "keys"
            yield KeySheet(self._scope, self._keymap, self._tab)
            yield KeyLine((("dialog.cancel", "back"), ("pane.down", "scroll")))

    def key_question_mark(self) -> None:
        self.dismiss(None)

    def key_q(self) -> None:
        self.dismiss(None)


def groups(scope: Scope, tab: TabName = "runs") -> list[tuple[str, list[Key]]]:
    """The keys active in a scope, the innermost scope first, under their headings."""
    scopes = inside(scope, tab)
    active = [key for inner in scopes for key in KEYS if key.scope == inner and exists(key)]
    named: dict[str, list[Key]] = {}
    for heading, some in groupby(active, key=heading_of):
        named.setdefault(heading, []).extend(some)
    return list(named.items())


def exists(key: Key) -> bool:
    """False for keys of tabs that the app does not show."""
    return not key.id.startswith("app.tab_") or key.id.removeprefix("app.tab_") in PAGES


def _filled(rows: list[Row], height: int) -> list[Row]:
    return rows + [()] * (height - len(rows))
