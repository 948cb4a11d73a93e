"""Only cells that differ from those of the terminal are sent, and the terminal shows what was painted."""

from __future__ import annotations

import random

import pytest
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.terminal.partial_repaint import CellsUpdate
from tui.terminal.sent_cells import Placed, SentCells, placed_strips

WIDTH, HEIGHT = 30, 6
SIZE = (WIDTH, HEIGHT)
RED, BLUE = Style.parse("red"), Style.parse("blue")


def strip(text: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style)])


def texts(found: list[Placed]) -> list[tuple[int, int, str]]:
    return [(x, y, one.text) for x, y, one in found]


class Terminal:
    """Half of a wide character that is written over becomes a space, as in any terminal."""

    def __init__(self) -> None:
        self.rows = [[("?", "")] * WIDTH for _ in range(HEIGHT)]

    def write(self, x: int, y: int, one: Strip) -> None:
        row = self.rows[y]
        for text, style, _ in one:
            for sign in text:
                width = Segment(sign).cell_length
                if row[x][0] == "" and x:
                    row[x - 1] = (" ", "")
                if x + width < WIDTH and row[x + width][0] == "":
                    row[x + width] = (" ", "")
                row[x : x + width] = [(sign, str(style)), ("", str(style))][:width]
                x += width


def painted(draw: random.Random, signs: str) -> Strip:
    """A row of a screen in stretches of one style."""
    parts, left = [], WIDTH
    while left:
        sign = draw.choice(signs)
        width = Segment(sign).cell_length
        count = draw.randint(1, max(1, left // width // 2))
        if width * count > left:
            sign, width, count = " ", 1, left
        parts.append(Segment(sign * count, draw.choice([None, RED, BLUE])))
        left -= width * count
    return Strip(parts)


@pytest.mark.parametrize("signs", ["ab┈⣿ ", "ab 日語é⣿"])
def test_the_terminal_shows_what_was_painted(signs: str) -> None:
    draw = random.Random(7)
    sent, terminal = SentCells(), Terminal()
    screen = [painted(draw, signs) for _ in range(HEIGHT)]
    wanted = Terminal()
    for number in range(400):
        y = draw.randrange(HEIGHT)
        screen[y] = painted(draw, signs)
        rows = range(HEIGHT) if number % 5 == 0 else [y]
        pieces = [(0, place, screen[place]) for place in rows]
        for x, row, one in sent.differing(pieces, SIZE):
            terminal.write(x, row, one)
        for x, row, one in pieces:
            wanted.write(x, row, one)
        if number >= 5:
            assert terminal.rows == wanted.rows, number


def test_nothing_is_sent_for_what_the_terminal_shows() -> None:
    sent = SentCells()
    assert texts(sent.differing([(2, 1, strip("loss 0.25"))], SIZE)) == [(2, 1, "loss 0.25")]
    assert not sent.differing([(2, 1, strip("loss 0.25"))], SIZE)
    assert not sent.differing([(7, 1, strip("0.2"))], SIZE)
    assert sent.changes(CellsUpdate([(2, 1, strip("loss"))]), SIZE) is None


def test_the_changed_cells_of_a_widget_that_paints_itself_whole_are_sent() -> None:
    sent = SentCells()
    sent.differing([(0, 0, strip("epochs     12  loss 0.25"))], SIZE)
    assert texts(sent.differing([(0, 0, strip("epochs     13  loss 0.25"))], SIZE)) == [(12, 0, "3")]
    assert texts(sent.differing([(0, 0, strip("epochs     14  loss 0.26"))], SIZE)) == [
        (12, 0, "4"),
        (23, 0, "6"),
    ]
    assert texts(sent.differing([(0, 0, strip("epochs     55  loss 0.26"))], SIZE)) == [(11, 0, "55")]


def test_another_colour_is_a_change_and_other_metadata_is_none() -> None:
    sent = SentCells()
    sent.differing([(0, 0, strip("loss", RED))], SIZE)
    assert not sent.differing([(0, 0, strip("loss", RED + Style(meta={"offset": (0, 3)})))], SIZE)
    assert texts(sent.differing([(0, 0, strip("loss", BLUE))], SIZE)) == [(0, 0, "loss")]


def test_all_is_sent_again_after_another_size_or_when_the_terminal_may_show_anything() -> None:
    sent = SentCells()
    row = (0, 0, strip("loss"))
    sent.differing([row], SIZE)
    assert sent.differing([row], (WIDTH + 1, HEIGHT))
    assert not sent.differing([row], (WIDTH + 1, HEIGHT))
    sent.forget()
    assert sent.differing([row], (WIDTH + 1, HEIGHT))


def test_after_an_image_all_is_sent_again() -> None:
    image = Strip([Segment("\x1bPq", None, [(ControlType.CURSOR_MOVE_TO, 0, 0)]), Segment("    ")])
    sent = SentCells()
    rows = [(0, 0, image), (0, 1, strip("    "))]
    assert len(sent.differing(rows, SIZE)) == 2
    assert texts(sent.differing([(0, 1, strip("    "))], SIZE)) == [(0, 1, "    ")]


def test_the_strips_of_all_updates_of_textual_are_known() -> None:
    a, b = strip("aaa"), strip("bb")
    layout = LayoutUpdate([[a, b], [b]], Region(2, 1, 5, 2))
    assert placed_strips(layout) == [(2, 1, a), (5, 1, b), (2, 2, b)]
    chops = ChopsUpdate([{0: a, 3: b}, {0: None, 3: b}], [(0, 0, 3), (1, 0, 5)], [[3, 5], [3, 5]])
    assert placed_strips(chops) == [(0, 0, a), (3, 0, b), (3, 1, b)]
    assert placed_strips("text") is None
