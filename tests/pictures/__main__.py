"""Draws the app's screen as a PNG: `python -m tests.pictures FILE.png [STEP...]`.

Opens the app on the home of DLTUI_HOME in a terminal of 120x40 cells, carries out the steps in order and then
draws the screen. Steps: `press:KEY,KEY` presses keys, `type:TEXT` types, `until:TEXT` waits until the text is
on the screen, `wait:SECONDS` lets the app draw. The font is DejaVu Sans Mono (Debian: fonts-dejavu-core).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont
from pyte.screens import Char

from tests.end_to_end.terminal import Terminal

WIDTH, HEIGHT, FONT_SIZE = 10, 20, 16
"""pixels of a cell, and of the font"""
TEXT, GROUND = "#d4d4d4", "#101418"
FONTS = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")
COLOURS = {
    "black": "#000000", "red": "#cd3131", "green": "#0dbc79", "brown": "#e5e510", "blue": "#2472c8",
    "magenta": "#bc3fbc", "cyan": "#11a8cd", "white": "#e5e5e5", "brightblack": "#666666",
    "brightred": "#f14c4c", "brightgreen": "#23d18b", "brightbrown": "#f5f543", "brightblue": "#3b8eea",
    "brightmagenta": "#d670d6", "brightcyan": "#29b8db", "brightwhite": "#ffffff",
}  # fmt: skip
BRAILLE_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""column and row of each bit"""
QUADRANTS = (0b0100, 0b1000, 0b0001, 0b1101, 0b1001, 0b0111, 0b1011, 0b0010, 0b0110, 0b1110)
"""U+2596 to U+259F: bit 0 upper left, 1 upper right, 2 lower left, 3 lower right"""
Box = tuple[float, float, float, float]
"""left, top, right, bottom as shares of the cell"""
HALVES: dict[str, list[Box]] = {
    "▀": [(0, 0, 1, 0.5)], "▐": [(0.5, 0, 1, 1)], "▔": [(0, 0, 1, 0.125)], "▕": [(0.875, 0, 1, 1)],
}  # fmt: skip


def main() -> int:
    if len(sys.argv) < 2 or not sys.argv[1].endswith(".png"):
        print(__doc__)
        return 2
    with Terminal(dict(os.environ)) as terminal:
        for step in sys.argv[2:]:
            carry_out(terminal, step)
        draw(terminal.cells, Path(sys.argv[1]))
        terminal.press("q")
        terminal.wait()
    return 0


def carry_out(terminal: Terminal, step: str) -> None:
    kind, _, value = step.partition(":")
    if kind == "press":
        terminal.press(*value.split(","))
    elif kind == "type":
        terminal.write(value.encode())
    elif kind == "until":
        terminal.shows(value)
    elif kind == "wait":
        time.sleep(float(value))
    else:
        raise SystemExit(f"expected press, type, until or wait, got {step!r}")


def draw(cells: list[list[Char]], path: Path) -> None:
    image = Image.new("RGB", (len(cells[0]) * WIDTH, len(cells) * HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    regular, bold = (ImageFont.truetype(name, FONT_SIZE) for name in FONTS)
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            draw_cell(canvas, cell, (column * WIDTH, row * HEIGHT), bold if cell.bold else regular)
    image.save(path)


def draw_cell(canvas: ImageDraw.ImageDraw, cell: Char, at: tuple[int, int], font: FreeTypeFont) -> None:
    ink, ground = colour(cell.fg, TEXT), colour(cell.bg, GROUND)
    if cell.reverse:
        ink, ground = ground, ink
    fill(canvas, at, (0, 0, 1, 1), ground)
    found = boxes(cell.data[:1])
    for box in found:
        fill(canvas, at, box, ink)
    if not found and cell.data.strip():
        canvas.text((at[0], at[1] + 1), cell.data[0], fill=ink, font=font)
    if cell.underscore:
        fill(canvas, at, (0, 0.9, 1, 0.95), ink)


def fill(canvas: ImageDraw.ImageDraw, at: tuple[int, int], box: Box, ink: str) -> None:
    left, top, right, bottom = box
    corners = (at[0] + round(left * WIDTH), at[1] + round(top * HEIGHT),
               at[0] + round(right * WIDTH) - 1, at[1] + round(bottom * HEIGHT) - 1)  # fmt: skip
    canvas.rectangle(corners, fill=ink)


def boxes(character: str) -> list[Box]:
    """The filled parts of a block, braille or sextant character, which few fonts draw without gaps."""
    code = ord(character or " ")
    if 0x2800 <= code <= 0x28FF:
        dots = (place for bit, place in enumerate(BRAILLE_DOTS) if (code - 0x2800) >> bit & 1)
        return [(x / 2 + 0.1, y / 4 + 0.05, x / 2 + 0.4, y / 4 + 0.2) for x, y in dots]
    if 0x2581 <= code <= 0x2588:
        return [(0, 1 - (code - 0x2580) / 8, 1, 1)]
    if 0x2589 <= code <= 0x258F:
        return [(0, 0, (0x2590 - code) / 8, 1)]
    if 0x2596 <= code <= 0x259F:
        bits = QUADRANTS[code - 0x2596]
        return [_part(part, 2) for part in range(4) if bits >> part & 1]
    if 0x1FB00 <= code <= 0x1FB3B:
        bits = code - 0x1FB00 + 1
        bits += (bits >= 21) + (bits >= 41)  # the left and the right half are other characters
        return [_part(part, 3) for part in range(6) if bits >> part & 1]
    return HALVES.get(character, [])


def _part(number: int, rows: int) -> Box:
    """A half of the width and one of `rows` of the height, counted from the upper left."""
    x, y = number % 2, number // 2
    return (x / 2, y / rows, (x + 1) / 2, (y + 1) / rows)


def colour(name: str, default: str) -> str:
    """A colour as pyte names it: a word, six hexadecimal digits, or `default`."""
    return default if name == "default" else COLOURS.get(name, f"#{name}")


if __name__ == "__main__":
    sys.exit(main())
