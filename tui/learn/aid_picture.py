"""An aid on a canvas: controls, drawing, values in words, and how it is computed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.session_protocol.learn import AidControl, ComputedAid
from tui.drawings.aid_drawing import LastDrawing
from tui.drawings.half_block_canvas import ImageCanvas
from tui.learn.aid_state import AidState, value_text
from tui.terminal.glyphs import glyphs
from tui.ui.numbers import short

CONTROLS, MOST_CONTROLS = 24, 36
"""cells of the column of controls beside the drawing, least and most; at most a third of the width"""
BESIDE = 62
"""least width for controls beside the drawing"""
NOTE_ROWS = 3
"""most rows of the note of an aid that looks into a run"""
GAP = 5
"""blank rows below a drawing from which on what follows moves up to it"""
YES_WHERE = "1 where "
"""how the meaning of a value begins that is 1 or 0"""


@dataclass(frozen=True, slots=True)
class AidLook:
    """What is shown of an aid."""

    state: AidState
    computed: ComputedAid | None = None
    progress: float | None = None
    """share, while it is computed"""
    error: str = ""
    shows_how: bool = False
    has_focus: bool = True
    goal: str = ""
    """what is asked for, of a build item"""
    drawing: LastDrawing = field(default_factory=LastDrawing, compare=False)


def paint_aid(canvas: ImageCanvas, look: AidLook) -> None:
    top = _paint_head(canvas, look)
    if look.shows_how:
        _paint_how(canvas, look, top)
        return
    values = value_lines(look)
    shown = min(len(values), max(2, (canvas.height - top) // 3))
    bottom = canvas.height - shown - 1
    controls = look.state.controls
    if canvas.width >= BESIDE:
        column = _controls_width(look, canvas.width)
        _paint_controls(canvas, look, controls, (0, top), column, bottom - top)
        _paint_drawing(canvas, look, column + 2, top, canvas.width - column - 2, bottom - top)
    else:
        rows = min(len(controls), max(2, (canvas.height - top) // 4))
        _paint_controls(canvas, look, controls, (0, top), canvas.width, rows)
        begin = top + rows + 1
        _paint_drawing(canvas, look, 1, begin, canvas.width - 1, bottom - begin)
    end = canvas.used_rows
    _paint_values(canvas, values[:shown], len(values) - shown, bottom + 1 if bottom - end < GAP else end + 1)


def _paint_head(canvas: ImageCanvas, look: AidLook) -> int:
    """A rule with the title; the row below it."""
    rule = glyphs().rule
    style_name = "accent" if look.has_focus else "line"
    title = f" {look.state.line.title} "
    x = canvas.write(0, 0, rule * 2, style_name)
    x = canvas.write(x, 0, title, "key" if look.has_focus else "strong")
    note = look.goal or _note(look)
    end = canvas.width - len(note) - 4
    canvas.write(x, 0, rule * max(0, canvas.width - x), style_name)
    if note and end > x:
        canvas.write(end, 0, f" {note} ", "good" if look.goal.endswith("reached") else "text")
    return 1


def _note(look: AidLook) -> str:
    seed = f"draw {look.state.seed + 1}" if look.state.seed else ""
    values = look.computed.values if look.computed is not None else {}
    if "solved" in look.state.line.meanings and look.state.line.meanings["solved"].startswith(YES_WHERE):
        solved = "solved" if values.get("solved", 0) >= 1 else f"{short(values.get('right', 0))} rows right"
        return f"{solved}  {seed}".strip()
    return seed


def _controls_width(look: AidLook, width: int) -> int:
    """Cells for the longest choice, or the longest of other values as they were at first."""
    controls = look.state.controls
    values = [one.choices or (value_text(look.state.begun_with.get(one.name)),) for one in controls]
    longest = max((len(value) for given in values for value in given), default=0)
    wanted = max((len(one.name) for one in controls), default=0) + 4 + longest
    return max(CONTROLS, min(wanted, MOST_CONTROLS, width // 3))


def _paint_controls(
    canvas: ImageCanvas,
    look: AidLook,
    controls: Sequence[AidControl],
    place: tuple[int, int],
    width: int,
    height: int,
) -> None:
    x, y = place
    names = max((len(one.name) for one in controls), default=0)
    first = max(0, min(look.state.cursor - height // 2, len(controls) - height))
    for row, control in enumerate(controls[first : first + height]):
        is_here = first + row == look.state.cursor
        sign = glyphs().choice[1] if is_here and look.has_focus else " "
        canvas.write(x, y + row, sign, "key")
        canvas.write(x + 2, y + row, control.name.ljust(names), "strong" if is_here else "text")
        value = value_text(look.state.params.get(control.name))
        room = width - names - 4
        is_changed = look.state.params.get(control.name) != control.default
        style_name = "picked" if is_here and look.has_focus else "accent" if is_changed else "text"
        canvas.write(x + names + 4, y + row, clipped_text(value, max(3, room)), style_name)
        if is_here and width >= 50:
            room = width - names - 8 - len(value)
            canvas.write(x + names + 6 + len(value), y + row, control.help[: max(0, room)], "muted")
    below = y + height - 1
    hidden = len(controls) - first - height
    if hidden > 0:
        canvas.write(x + 2, below, f"{glyphs().cut} {hidden + 1} more below"[:width].ljust(width), "muted")
    elif width < 50 and y + len(controls) + 1 < y + height and look.state.control is not None:
        help_text = f"{look.state.control.help} Expected: {look.state.control.expected}."
        canvas.write_wrapped(x, y + len(controls) + 1, help_text, width, height - len(controls) - 1)


def _paint_drawing(canvas: ImageCanvas, look: AidLook, x: int, y: int, width: int, height: int) -> None:
    if look.error:
        canvas.write_wrapped(x, y, look.error, width, height, "warn")
        return
    if look.computed is None:
        canvas.write(x, y, "computing", "muted")
        return
    notes = textwrap.wrap(look.computed.note, max(10, width))[:NOTE_ROWS] if look.progress is None else [""]
    if height >= 3:
        rows = height - max(1, len(notes))
        drawing = look.drawing.drawn(look.computed.data, width, rows, canvas)
        canvas.paste(x, y, drawing)
    below = y + height - max(1, len(notes))
    if height >= 3 and rows - drawing.used_rows >= GAP:
        below = y + drawing.used_rows + 1
    if look.progress is not None:
        at = canvas.write(x, below, f"computing {round(100 * look.progress):>3} % ", "muted")
        canvas.bar(at, below, max(4, min(30, width - 16)), look.progress)
        return
    for row, note in enumerate(notes):
        canvas.write(x, below + row, note, "muted")


def value_lines(look: AidLook) -> list[tuple[str, str]]:
    """Each value with its meaning, in the order in which the aid tells them."""
    if look.computed is None or look.error:
        return []
    values: Mapping[str, float | None] = look.computed.values
    known = [(values[name], meaning) for name, meaning in look.state.line.meanings.items() if name in values]
    return [value_line(value, meaning) for value, meaning in known]


def value_line(value: float | None, meaning: str) -> tuple[str, str]:
    """A number with its meaning; yes or no where it is 1 for something that holds."""
    if meaning.startswith(YES_WHERE) and value in (0, 1):
        return ("yes" if value else "no"), meaning.removeprefix(YES_WHERE)
    return value_number(value), meaning


def value_number(value: float | None) -> str:
    return "none" if value is None else short(value + 0.0)


def _paint_values(canvas: ImageCanvas, lines: Sequence[tuple[str, str]], hidden: int, y: int) -> None:
    widest = max((len(number) for number, _ in lines), default=0)
    for row, (number, meaning) in enumerate(lines):
        more = f" and {hidden} more" if hidden > 0 and row == len(lines) - 1 else ""
        room = max(0, canvas.width - widest - 4 - len(more))
        canvas.write(1, y + row, number.rjust(widest), "strong")
        x = canvas.write(widest + 3, y + row, clipped_text(meaning, room), "muted")
        canvas.write(x, y + row, more, "line")


def clipped_text(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + glyphs().cut


def _paint_how(canvas: ImageCanvas, look: AidLook, top: int) -> None:
    """Formulas, source, controls and values in words."""
    line = look.state.line
    width = min(canvas.width - 2, 76)
    lines: list[tuple[str, str]] = [("", ""), ("how it is computed", "strong")]
    lines += [(f"  {part}", "text") for part in textwrap.wrap(line.how, width - 2)]
    if line.source:
        lines += [("", ""), ("source", "strong")]
        lines += [(f"  {part}", "text") for part in textwrap.wrap(line.source, width - 2)]
    lines += [("", ""), ("controls", "strong")]
    for control in look.state.controls:
        text = f"{control.name}: {control.help} Expected: {control.expected}."
        lines += [(f"  {part}", "text") for part in textwrap.wrap(text, width - 2, subsequent_indent="  ")]
    lines += [("", ""), ("values", "strong")]
    for number, meaning in value_lines(look):
        lines += [(f"  {part}", "text") for part in textwrap.wrap(f"{number}  {meaning}", width - 2)]
    for y, (text, style_name) in enumerate(lines[: canvas.height - top], top):
        canvas.write(1, y, text, style_name)
