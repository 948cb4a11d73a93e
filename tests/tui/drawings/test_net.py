"""The drawing of a network: every number is in it, at every size."""

from __future__ import annotations

import pytest

from tui.drawings.editable_net import HandNet, WeightIndex, columns_of
from tui.drawings.net import NetScene, least_height, picture, signed
from tui.ui.span import row_text


def net(units: int, bypass: bool) -> HandNet:
    """Every number another one."""
    made = HandNet(bypass=True)
    for _ in range(units):
        made = made.with_unit()
    made = made.with_bypass(bypass)
    for number, place in enumerate(place for column in columns_of(units, bypass) for place in column):
        made = made.with_value(place, (number + 1.25) * (-1) ** number)
    return made


SHAPES = [(0, True), (1, False), (1, True), (2, False), (2, True), (4, False), (4, True)]


@pytest.mark.parametrize(("units", "bypass"), SHAPES)
@pytest.mark.parametrize(("width", "height"), [(46, 8), (46, 14), (60, 30), (110, 30), (40, 4)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_number_is_there_with_its_sign(
    units: int, bypass: bool, width: int, height: int, ascii_only: bool
) -> None:
    shown = net(units, bypass)
    rows = picture(NetScene(shown, ascii_only=ascii_only), width, height)
    words = "\n".join(map(row_text, rows))
    assert len(rows) <= height and all(len(row_text(row)) <= max(width, 60) for row in rows)
    assert not ascii_only or words.isascii()
    if height >= units + 2:
        for place in (place for column in columns_of(units, bypass) for place in column):
            assert signed(shown.at(place)) in words


def test_with_room_there_are_wires_and_names() -> None:
    scene = NetScene(net(2, True), ("AND", "OR"), "XOR")
    words = "\n".join(map(row_text, picture(scene, 60, least_height(2, True))))
    for word in ("x1 ●", "x2 ●", "h1", "h2", "AND", "OR", "XOR", "y"):
        assert word in words
    assert any("\u2800" < character <= "\u28ff" for character in words)


def test_the_picked_number_is_the_only_one_marked() -> None:
    shown = net(1, True)
    for place in (place for column in columns_of(1, True) for place in column):
        rows = picture(NetScene(shown, picked=place), 60, 10)
        marked = [span.text.strip() for row in rows for span in row if span.style_name == "picked"]
        assert marked == [signed(shown.at(place))]


def test_a_negative_wire_is_broken_and_a_large_one_thick() -> None:
    def dots(value: float) -> int:
        made = (
            HandNet()
            .with_value(WeightIndex("output", 0, 0), value)
            .with_value(WeightIndex("output", 0, 2), 4.0)
        )
        rows = picture(NetScene(made), 60, 9)
        signs = [sign for row in rows for span in row if span.style_name != "line" for sign in span.text]
        return sum((ord(sign) - 0x2800).bit_count() for sign in signs if 0x2800 <= ord(sign) < 0x2900)

    assert dots(0.5) > dots(-0.5) > 0 and dots(4.0) > dots(2.0) > dots(0.5)


@pytest.mark.parametrize(
    ("value", "words"), [(1, "+1.00"), (-0.5, "-0.50"), (0.125, "+0.125"), (0, "+0.00"), (-120.4, "-120")]
)
def test_numbers_are_short_and_signed(value: float, words: str) -> None:
    assert signed(value) == words
