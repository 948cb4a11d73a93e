"""A form: one widget that draws every row, and one line of typing, which lies over the row of the cursor.

Twenty-five rows cost one layout and one paint; with a widget for each name, value and help they cost a
hundred of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.errors import ParamError
from engine.params import Param, format_value, parse_value
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.line import strip_of
from tui.ui.span import Row, Span, clipped, fitted, row_width
from tui.ui.styles import inks_of
from tui.ui.text_field import TextField

NAME_WIDTH, VALUE_WIDTH = 13, 26
NUMBER_LIMIT, TEXT_LIMIT = 80, 1_000
"""characters of a number, and of words such as the path of a file"""
TURNS = {"right": 1, "l": 1, "space": 1, "left": -1, "h": -1}
FOLDS = {"space": None, "enter": None, "right": True, "l": True, "left": False, "h": False}
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One row. Its choices are turned by key, unless `is_typed`: then they are typed as other values are."""

    param: Param
    mistake: Callable[[str], str]
    """what is wrong with a text; empty when nothing is"""
    varies: Callable[[str], bool] = lambda text: False
    """its name is bright while this holds"""
    is_typed: bool = False
    limit: int = NUMBER_LIMIT
    """characters that can be typed"""

    @property
    def name(self) -> str:
        return self.param.name

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be turned to."""
        return () if self.is_typed else self.all_choices

    @property
    def all_choices(self) -> tuple[str, ...]:
        return self.param.choices or (("no", "yes") if self.param.kind is bool else ())

    def help(self, text: str) -> str:
        """What it means; the choices that can be typed, or the default where something else was typed."""
        if self.is_typed and self.all_choices:
            return f"{self.param.help}: {', '.join(self.all_choices)}"
        default = format_value(self.param, self.param.default)
        is_free = self.param.kind is str and not self.param.choices
        return self.param.help if text == default or is_free else f"{self.param.help} ({default})"


def field_of(param: Param) -> Field:
    """A field that takes one value of `param`."""

    def mistake(text: str) -> str:
        try:
            parse_value(param, text)
        except ParamError as error:
            came = f"got '{plain(text, limit=24)}', " if text else ""
            return f"{came}expected {param.expected}{'. ' + error.remedy if error.remedy else ''}"
        return ""

    return Field(param, mistake, limit=TEXT_LIMIT if param.kind is str else NUMBER_LIMIT)


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A row that shows and hides the fields of these names; while they are hidden it tells of them."""

    names: frozenset[str]
    words: Callable[[Typed], str]
    changed: Callable[[Typed], bool]
    """whether one of them is not as it is by default"""


class Editor(TextField):
    """The line of typing of a form."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(most=TEXT_LIMIT)
        self._tell = tell

    def watch_value(self, value: str) -> None:
        """Told at once: a message would come when the cursor may be in another row."""
        self._tell(value)

    def put(self, text: str, limit: int) -> None:
        self.max_length = self._most = limit
        self.value = text
        self.cursor_position = len(self.value)


class Rows(Widget, can_focus=True):
    """The rows of the form above it, as they are drawn; it has the keys where nothing is typed."""

    DEFAULT_CSS = "Rows { height: auto; width: 1fr; }"

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._drawn: list[Row] = []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._form.lines)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._draw_again, init=False)

    def _draw_again(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        lines = self._form.lines
        row = self._form.row(lines[y], self.size.width) if y < len(lines) else ()
        return strip_of(fitted(row, self.size.width), inks_of(self.app)).apply_style(self.rich_style)

    def on_key(self, event: events.Key) -> None:
        if self._form.turn(event.key):
            event.stop()
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        self._form.click(event.y)


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line on the screen: of a field, of the fold (-1), or empty (None)."""

    place: int | None = None
    is_mistake: bool = False


FOLD = -1


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Fields below each other, of which `applies` says whether they mean anything beside the rest; a fold, if
    there is one, stands before the first of its fields, an empty line before the field `gap`."""

    DEFAULT_CSS = """
    Form { layers: rows editor; height: auto; }
    Form Rows { layer: rows; }
    Form Editor { layer: editor; }
    """

    @dataclass
    class Changed(Message):
        """Something else is typed."""

    @dataclass
    class Moved(Message):
        """The cursor stands in another row."""

    def __init__(self, fields: Sequence[Field], typed: Typed, *, fold: FoldRow | None = None, gap: str = "",
                 applies: Callable[[str, Typed], bool] = lambda name, typed: True,
                 value_width: int = VALUE_WIDTH, **widget: Any) -> None:  # fmt: skip
        super().__init__(**widget)
        self.fields = tuple(fields)
        self._texts = {one.name: _start(one, typed) for one in fields}
        self._fold, self._gap, self._applies = fold, gap, applies
        self._value_width = value_width
        self.is_open = fold is not None and fold.changed(self._texts)
        self.wrong: dict[str, str] = {}
        self._is_placing = False
        self.lines: list[FormLine] = []
        self._read()
        self._place = next(place for place in self._stops() if place != FOLD)
        self._rows, self._editor = Rows(self), Editor(self._edited)

    def compose(self) -> ComposeResult:
        yield self._rows
        yield self._editor

    def on_mount(self) -> None:
        self._editor.styles.width = self._value_width
        self._enter_row()

    # --- what it holds

    def typed(self) -> dict[str, str]:
        return dict(self._texts)

    @property
    def field(self) -> Field | None:
        """Of the row of the cursor; None on the fold."""
        return None if self._place == FOLD else self.fields[self._place]

    @property
    def mistakes(self) -> dict[str, str]:
        """Of the fields that apply, in their order."""
        return {name: wrong for name, wrong in self.wrong.items() if self._applies(name, self._texts)}

    @property
    def in_sight(self) -> list[str]:
        """Names of the fields that are shown."""
        return [self.fields[place].name for place in self._stops() if place != FOLD]

    def put(self, texts: Typed) -> None:
        """Type these in place of what is there."""
        self._texts |= {name: text for name, text in texts.items() if name in self._texts}
        self._read()
        self._enter_row()
        self.post_message(self.Changed())

    def put_defaults(self) -> None:
        self.put({one.name: format_value(one.param, one.param.default) for one in self.fields})

    # --- the cursor

    def move(self, by: int) -> None:
        stops = self._stops()
        here = stops.index(self._place) if self._place in stops else 0
        self._place = stops[(here + by) % len(stops)]
        self._enter_row()

    def go_to(self, name: str) -> None:
        """To the field of that name; opens the fold where it is behind it."""
        place = next(place for place, one in enumerate(self.fields) if one.name == name)
        if place not in self._stops():
            self.is_open = True
            self._read()
        self._place = place
        self._enter_row()

    def click(self, y: int) -> None:
        place = self.lines[y].place if y < len(self.lines) else None
        if place is None:
            return
        if place == self._place:
            self.turn("space")
        self._place = place
        self._enter_row()

    def turn(self, key: str) -> bool:
        """Turn a choice or the fold by that key; whether it was one for it."""
        field = self.field
        if field is None:
            return self._turn_fold(key)
        if not field.choices or key not in TURNS:
            return False
        here = field.choices.index(self._texts[field.name])
        self._texts[field.name] = field.choices[(here + TURNS[key]) % len(field.choices)]
        self._changed()
        return True

    def _turn_fold(self, key: str) -> bool:
        if key not in FOLDS:
            return False
        wanted = FOLDS[key]
        self.is_open = not self.is_open if wanted is None else wanted
        self._draw_lines()
        return True

    def _edited(self, text: str) -> None:
        field = self.field
        if self._is_placing or field is None or field.choices or text == self._texts[field.name]:
            return
        self._texts[field.name] = text
        self._changed()

    def _changed(self) -> None:
        self._draw_lines()
        self.post_message(self.Changed())

    def _draw_lines(self) -> None:
        """Lay out the lines anew; the last of those that appear comes into sight, as far as that goes."""
        before = self.lines
        self._read()
        self._rows.refresh(layout=len(self.lines) != len(before))
        if len(self.lines) != len(before):
            new = [y for y, line in enumerate(self.lines) if line not in before]
            self.call_after_refresh(self._reach, new[-1] if new else 0)

    def _reach(self, line: int) -> None:
        self.scroll_to_region(Region(0, line, 1, 1), animate=False, force=True)
        self._enter_row()

    def _enter_row(self) -> None:
        """Put the line of typing over the row of the cursor, or away where nothing is typed in it."""
        if not self.is_attached:
            return
        field = self.field
        if field is None or field.choices:
            self._editor.display = False
            self.screen.set_focus(self._rows, scroll_visible=False)
        else:
            self._is_placing = True
            self._editor.put(self._texts[field.name], field.limit)
            self._is_placing = False
            self._editor.styles.offset = (NAME_WIDTH, self._line_of(self._place))
            self._editor.display = True
            self.screen.set_focus(self._editor, scroll_visible=False)
        self._rows.refresh(layout=self._rows.size.height != len(self.lines))
        self._show_row()
        self.post_message(self.Moved())

    def _show_row(self) -> None:
        first = self._line_of(self._place)
        rows = sum(line.place == self._place for line in self.lines)
        self.scroll_to_region(Region(0, first, 1, rows), animate=False, force=True)

    def _line_of(self, place: int) -> int:
        return next((y for y, line in enumerate(self.lines) if line.place == place), 0)

    # --- what is shown

    def _read(self) -> None:
        """Check every field and lay out the lines."""
        found = ((one.name, one.mistake(self._texts[one.name])) for one in self.fields)
        self.wrong = {name: wrong for name, wrong in found if wrong}
        self.lines = list(self._lines())

    def _lines(self) -> Iterator[FormLine]:
        for place in self._stops():
            if place != FOLD and self.fields[place].name == self._gap:
                yield FormLine()
            yield FormLine(place)
            if place != FOLD and self.fields[place].name in self.wrong:
                yield FormLine(place, is_mistake=True)

    def _stops(self) -> list[int]:
        """Places that the cursor can take: what means nothing beside the rest is out of sight."""
        stops: list[int] = []
        for place, one in enumerate(self.fields):
            if self._fold is not None and one.name in self._fold.names:
                if FOLD not in stops:
                    stops.append(FOLD)
                if not self.is_open and one.name not in self.wrong:
                    continue
            if self._applies(one.name, self._texts):
                stops.append(place)
        return stops

    def row(self, line: FormLine, width: int) -> Row:
        """One line, at most `width` cells of it."""
        if line.place is None:
            return ()
        if line.place == FOLD:
            return clipped(self._fold_row(), width)
        one = self.fields[line.place]
        text = self._texts[one.name]
        if line.is_mistake:
            return clipped((Span(" " * NAME_WIDTH + self.wrong[one.name], "bad"),), width)
        style_name = "bad" if one.name in self.wrong else "key" if one.varies(text) else "text"
        name = fitted((Span(plain(one.name), style_name),), NAME_WIDTH)
        value = fitted(self._value(one, text, line.place == self._place), self._value_width)
        if len(self.fields) == 1 and self._value_width > VALUE_WIDTH:
            return (*name, *value)
        return clipped((*name, *value, Span(f" {plain(one.help(text), limit=400)}", "muted")), width)

    def _value(self, one: Field, text: str, has_cursor: bool) -> Row:
        if one.choices:
            return _choices(one.choices, text, has_cursor, self._value_width)
        shown = clipped((Span(f" {plain(text)}", "field"),), self._value_width)
        return (*shown, Span(" " * (self._value_width - row_width(shown)), "field"))

    def _fold_row(self) -> Row:
        assert self._fold is not None
        sign = glyphs().fold[self.is_open]
        title = f"{sign} {'less' if self.is_open else 'more'}".ljust(NAME_WIDTH)
        words = "" if self.is_open else self._fold.words(self._texts)
        style_name = "text" if self._fold.changed(self._texts) else "muted"
        return (
            Span(title, "key" if self._place == FOLD else "strong"),
            Span(f" {plain(words, limit=300)}", style_name),
        )


def _start(one: Field, typed: Typed) -> str:
    """What the field holds at first: a choice that does not exist is the first one."""
    text = plain(typed.get(one.name, format_value(one.param, one.param.default)), limit=one.limit)
    return text if not one.choices or text in one.choices else one.choices[0]


def _choices(choices: Sequence[str], chosen: str, has_cursor: bool, width: int) -> Row:
    """All words side by side where they fit, else the chosen one alone and its place among them."""
    bright = "key" if has_cursor else "strong"
    left, right = glyphs().choice
    spans = [Span(" ")]
    for choice in choices:
        signs, style_name = ((left, right), bright) if choice == chosen else ((" ", " "), "muted")
        spans.append(Span(f"{signs[0]}{plain(choice)}{signs[1]}", style_name))
    if row_width(tuple(spans)) <= width:
        return tuple(spans)
    place = f" {choices.index(chosen) + 1}/{len(choices)}"
    return (Span(f" {left}{plain(chosen)}{right}", bright), Span(place, "muted"))
