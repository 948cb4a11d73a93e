"""A form: one widget that draws every row, and one text input, placed over the row of the cursor.

Twenty-five rows take one layout and one paint; with a widget for each name, value and help they take a
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
from tui.ui.line_widget import strip_of
from tui.ui.span import Row, Span, clipped, fitted, row_text, row_width
from tui.ui.styles import styles_of
from tui.ui.text_field import TextField
from tui.ui.wrap import wrap_text

NAME_WIDTH, VALUE_WIDTH = 13, 26
NUMBER_LIMIT, TEXT_LIMIT = 80, 1_000
"""characters of a number, and of text such as the path of a file"""
STEP_KEYS = {"right": 1, "l": 1, "space": 1, "left": -1, "h": -1}
FOLD_KEYS = {"space": None, "enter": None, "right": True, "l": True, "left": False, "h": False}
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One row. Choices are stepped through by key, unless `is_typed`: then they are typed as text."""

    param: Param
    error_of: Callable[[str], str]
    """error message for a text; empty when it is valid"""
    varies: Callable[[str], bool] = lambda text: False
    """whether the name is highlighted for this text"""
    is_typed: bool = False
    limit: int = NUMBER_LIMIT
    """characters that can be typed"""

    @property
    def name(self) -> str:
        return self.param.name

    @property
    def choices(self) -> tuple[str, ...]:
        """The choices that keys step through."""
        return () if self.is_typed else self.all_choices

    @property
    def all_choices(self) -> tuple[str, ...]:
        return self.param.choices or (("no", "yes") if self.param.kind is bool else ())

    def help(self, text: str) -> str:
        """The help, with the choices that can be typed, or with the default where the text differs."""
        if self.is_typed and self.all_choices:
            return f"{self.param.help}: {', '.join(self.all_choices)}"
        default = format_value(self.param, self.param.default)
        is_free = self.param.kind is str and not self.param.choices
        return self.param.help if text == default or is_free else f"{self.param.help} ({default})"


def field_of(param: Param) -> Field:
    """A field for one value of `param`."""

    def error_of(text: str) -> str:
        try:
            parse_value(param, text)
        except ParamError as error:
            received = f"got '{plain(text, limit=24)}', " if text else ""
            return f"{received}expected {param.expected}{'. ' + error.remedy if error.remedy else ''}"
        return ""

    return Field(param, error_of, limit=TEXT_LIMIT if param.kind is str else NUMBER_LIMIT)


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A row that shows and hides the fields of these names; while they are hidden it summarises them."""

    names: frozenset[str]
    summary: Callable[[Typed], str]
    changed: Callable[[Typed], bool]
    """whether one of them differs from its default"""


class FieldEditor(TextField):
    """The text input of a form."""

    def __init__(self, on_change: Callable[[str], None]) -> None:
        super().__init__(most=TEXT_LIMIT)
        self._on_change = on_change

    def watch_value(self, value: str) -> None:
        """Call back at once: a message could be handled after the cursor has moved to another row."""
        self._on_change(value)

    def load(self, text: str, limit: int) -> None:
        self.max_length = self._most = limit
        self.value = text
        self.cursor_position = len(self.value)


class FormRows(Widget, can_focus=True):
    """Draws the rows of the form; has the focus in rows that take no text."""

    DEFAULT_CSS = "FormRows { height: auto; width: 1fr; }"

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._drawn: list[Row] = []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._form.lay_out(width)
        return len(self._form.lines)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._redraw, init=False)

    def _redraw(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        lines = self._form.lines
        row = self._form.row(lines[y], self.size.width) if y < len(lines) else ()
        return strip_of(fitted(row, self.size.width), styles_of(self.app)).apply_style(self.rich_style)

    def on_key(self, event: events.Key) -> None:
        if self._form.step(event.key):
            event.stop()
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        self._form.click(event.y)

    def on_resize(self) -> None:
        self._form.place_editor()


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line on the screen: of a field, of the fold (-1), or empty (None)."""

    place: int | None = None
    error: str = ""
    """the part of the error of the field that is on this line"""


FOLD = -1


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Fields below each other. `applies(name, typed)` decides whether a field is shown; the fold is placed
    before the first of its fields, an empty line before the field `gap`."""

    DEFAULT_CSS = """
    Form { layers: rows editor; height: auto; }
    Form FormRows { layer: rows; }
    Form FieldEditor { layer: editor; }
    """

    @dataclass
    class Changed(Message):
        """A text or a choice has changed."""

    @dataclass
    class Moved(Message):
        """The cursor has moved to another row."""

    def __init__(self, fields: Sequence[Field], typed: Typed, *, fold: FoldRow | None = None, gap: str = "",
                 applies: Callable[[str, Typed], bool] = lambda name, typed: True,
                 value_width: int = VALUE_WIDTH, **widget: Any) -> None:  # fmt: skip
        super().__init__(**widget)
        self.fields = tuple(fields)
        self._texts = {one.name: _initial_text(one, typed) for one in fields}
        self._fold, self._gap, self._applies = fold, gap, applies
        self._value_width = value_width
        self.is_open = fold is not None and fold.changed(self._texts)
        self.errors: dict[str, str] = {}
        self._is_loading = False
        self.lines: list[FormLine] = []
        self._width = 0
        self._validate()
        self._place = next(place for place in self._stops() if place != FOLD)
        self._rows, self._editor = FormRows(self), FieldEditor(self._edited)

    def compose(self) -> ComposeResult:
        yield self._rows
        yield self._editor

    def on_mount(self) -> None:
        self._editor.styles.width = self._value_width
        self._enter_row()

    # --- texts

    def typed(self) -> dict[str, str]:
        return dict(self._texts)

    @property
    def field(self) -> Field | None:
        """The field under the cursor; None on the fold."""
        return None if self._place == FOLD else self.fields[self._place]

    @property
    def applicable_errors(self) -> dict[str, str]:
        """Errors by field name, of the fields that apply, in their order."""
        return {name: wrong for name, wrong in self.errors.items() if self._applies(name, self._texts)}

    @property
    def visible_names(self) -> list[str]:
        """Names of the fields that are shown."""
        return [self.fields[place].name for place in self._stops() if place != FOLD]

    def set_texts(self, texts: Typed) -> None:
        """Replace these texts."""
        self._texts |= {name: text for name, text in texts.items() if name in self._texts}
        self._validate()
        self._enter_row()
        self.post_message(self.Changed())

    def restore_defaults(self) -> None:
        self.set_texts({one.name: format_value(one.param, one.param.default) for one in self.fields})

    # --- the cursor

    def move(self, by: int) -> None:
        stops = self._stops()
        here = stops.index(self._place) if self._place in stops else 0
        self._place = stops[(here + by) % len(stops)]
        self._enter_row()

    def go_to(self, name: str) -> None:
        """Move the cursor to a field; opens the fold where the field is hidden."""
        place = next(place for place, one in enumerate(self.fields) if one.name == name)
        if place not in self._stops():
            self.is_open = True
            self._validate()
        self._place = place
        self._enter_row()

    def click(self, y: int) -> None:
        place = self.lines[y].place if y < len(self.lines) else None
        if place is None:
            return
        if place == self._place:
            self.step("space")
        self._place = place
        self._enter_row()

    def step(self, key: str) -> bool:
        """Step a choice or toggle the fold; returns whether the key does that here."""
        field = self.field
        if field is None:
            return self._toggle_fold(key)
        if not field.choices or key not in STEP_KEYS:
            return False
        here = field.choices.index(self._texts[field.name])
        self._texts[field.name] = field.choices[(here + STEP_KEYS[key]) % len(field.choices)]
        self._changed()
        return True

    def _toggle_fold(self, key: str) -> bool:
        if key not in FOLD_KEYS:
            return False
        is_open = FOLD_KEYS[key]
        self.is_open = not self.is_open if is_open is None else is_open
        self._draw_lines()
        return True

    def _edited(self, text: str) -> None:
        field = self.field
        if self._is_loading or field is None or field.choices or text == self._texts[field.name]:
            return
        self._texts[field.name] = text
        self._changed()

    def _changed(self) -> None:
        self._draw_lines()
        self.post_message(self.Changed())

    def _draw_lines(self) -> None:
        """Lay out the lines again and scroll to the last one that was added."""
        before = self.lines
        self._validate()
        self._rows.refresh(layout=len(self.lines) != len(before))
        if len(self.lines) != len(before):
            new = [y for y, line in enumerate(self.lines) if line not in before]
            self.call_after_refresh(self._reach, new[-1] if new else 0)

    def _reach(self, line: int) -> None:
        self.scroll_to_region(Region(0, line, 1, 1), animate=False, force=True)
        self._enter_row()

    def _enter_row(self) -> None:
        """Place the text input over the row of the cursor; hide it where the row takes no text."""
        if not self.is_attached:
            return
        field = self.field
        if field is None or field.choices:
            self._editor.display = False
            self.screen.set_focus(self._rows, scroll_visible=False)
        else:
            self._is_loading = True
            self._editor.load(self._texts[field.name], field.limit)
            self._is_loading = False
            self.place_editor()
            self._editor.display = True
            self.screen.set_focus(self._editor, scroll_visible=False)
        self._rows.refresh(layout=self._rows.size.height != len(self.lines))
        self._show_row()
        self.post_message(self.Moved())

    def place_editor(self) -> None:
        self._editor.styles.offset = (NAME_WIDTH, self._line_of(self._place))

    def _show_row(self) -> None:
        first = self._line_of(self._place)
        rows = sum(line.place == self._place for line in self.lines)
        self.scroll_to_region(Region(0, first, 1, rows), animate=False, force=True)

    def _line_of(self, place: int) -> int:
        return next((y for y, line in enumerate(self.lines) if line.place == place), 0)

    # --- rows

    def _validate(self) -> None:
        """Validate every field and lay out the lines."""
        found = ((one.name, one.error_of(self._texts[one.name])) for one in self.fields)
        self.errors = {name: wrong for name, wrong in found if wrong}
        self.lines = list(self._lines())

    def lay_out(self, width: int) -> None:
        """Wrap the errors to the width of the form."""
        if width != self._width:
            self._width = width
            self.lines = list(self._lines())

    def _lines(self) -> Iterator[FormLine]:
        for place in self._stops():
            if place != FOLD and self.fields[place].name == self._gap:
                yield FormLine()
            yield FormLine(place)
            if place != FOLD and self.fields[place].name in self.errors:
                for part in self._error_lines(self.errors[self.fields[place].name]):
                    yield FormLine(place, part)

    def _error_lines(self, error: str) -> list[str]:
        """The error over as many lines as it takes, so that its remedy is always shown."""
        if not self._width:
            return [error]
        return [row_text(row) for row in wrap_text(error, self._width - NAME_WIDTH, "bad")]

    def _stops(self) -> list[int]:
        """Places of the cursor: the fold and the fields that are shown."""
        stops: list[int] = []
        for place, one in enumerate(self.fields):
            if self._fold is not None and one.name in self._fold.names:
                if FOLD not in stops:
                    stops.append(FOLD)
                if not self.is_open and one.name not in self.errors:
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
        if line.error:
            return clipped((Span(" " * NAME_WIDTH + line.error, "bad"),), width)
        style_name = "bad" if one.name in self.errors else "key" if one.varies(text) else "text"
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
        summary = "" if self.is_open else self._fold.summary(self._texts)
        style_name = "text" if self._fold.changed(self._texts) else "muted"
        return (
            Span(title, "key" if self._place == FOLD else "strong"),
            Span(f" {plain(summary, limit=300)}", style_name),
        )


def _initial_text(one: Field, typed: Typed) -> str:
    """The initial text of a field: the first choice where the given one does not exist."""
    text = plain(typed.get(one.name, format_value(one.param, one.param.default)), limit=one.limit)
    return text if not one.choices or text in one.choices else one.choices[0]


def _choices(choices: Sequence[str], chosen: str, has_cursor: bool, width: int) -> Row:
    """All choices side by side where they fit, else the chosen one and its place among them."""
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
