"""The input plane as cells: what is where, in colours, in shades and in ASCII."""

from __future__ import annotations

import math
from dataclasses import asdict

import pytest

from engine.places import Places
from engine.session import xor
from engine.session.cache import SessionCache
from engine.session_protocol.xor import LookRequest, PresetsRequest
from tui.drawings.heat import LEVELS, ColourMode, level_of, shade_of
from tui.drawings.plane_cells import (
    PlaneCell,
    PlanePoint,
    PlaneScene,
    UnitLine,
    picture,
    scene_of,
    value_at,
)

FLAT = [[0.0, 0.0, 1.0, 1.0]] * 4


def text(rows: list[tuple[PlaneCell, ...]]) -> list[str]:
    return ["".join(tile.text for tile in row) for row in rows]


@pytest.mark.parametrize("mode", ["colour", "shade", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(30, 15), (50, 25), (7, 3)])
def test_every_row_has_its_width_whatever_is_drawn(mode: ColourMode, width: int, height: int) -> None:
    lines = tuple(UnitLine(((-0.5, y), (1.5, 1 - y)), f"h{n}", n) for n, y in enumerate((-0.5, 0.5, 1.5), 1))
    scene = PlaneScene(
        FLAT,
        (PlanePoint(0, 0, "0"), PlanePoint(1, 1, "0", False), PlanePoint(0.1, 0.9, "•", True, True)),
        lines,
    )
    rows = text(picture(scene, width, height, mode))
    assert len(rows) == height and {len(row) for row in rows} == {width}
    assert mode != "ascii" or all(row.isascii() for row in text(picture(
        PlaneScene(FLAT, (PlanePoint(0, 0, "0"),), lines), width, height, mode)))  # fmt: skip


def test_ones_and_zeros_differ_without_colour() -> None:
    rows = text(picture(PlaneScene(FLAT), 8, 2, "shade"))
    assert rows == ["    ████"] * 2


def test_two_values_share_a_cell_in_colour() -> None:
    rows = picture(PlaneScene([[1.0], [0.0]]), 1, 1, "colour")
    assert rows == [(PlaneCell("▀", f"heat-{LEVELS - 1}", "heat-0"),)]


def test_points_stand_where_they_are_and_wrong_ones_say_so() -> None:
    corners = [PlanePoint(x, y, sign, right) for x, y, sign, right in
               ((0, 0, "a", True), (1, 0, "b", True), (0, 1, "c", True), (1, 1, "d", False))]  # fmt: skip
    rows = text(picture(PlaneScene(FLAT, tuple(corners)), 30, 15, "shade"))
    places = {sign: (row.index(sign), y) for y, row in enumerate(rows) for sign in "abcd" if sign in row}
    assert places == {"a": (7, 11), "b": (22, 11), "c": (7, 3), "d": (22, 3)}
    assert "d!" in rows[3]


def test_a_line_is_drawn_and_named_in_ascii() -> None:
    fold = UnitLine(((-0.5, -0.5), (1.5, 1.5)), "h1", 0)
    rows = text(picture(PlaneScene([[0.0]], (), (fold,)), 20, 10, "ascii"))
    assert all("/" in row or "h1" in row for row in rows) and any("h1" in row for row in rows)


def test_levels_and_shades_rise_with_the_value_and_nan_breaks_nothing() -> None:
    shares = [step / 50 for step in range(51)]
    assert [level_of(share) for share in shares] == sorted(level_of(share) for share in shares)
    assert (level_of(0), level_of(1), level_of(math.nan)) == (0, LEVELS - 1, LEVELS // 2)
    assert shade_of(math.nan, "shade") == "?" and level_of(7.0) == LEVELS - 1 and level_of(-7.0) == 0


def test_values_of_another_size_are_taken_from_the_nearest_cell() -> None:
    values = [[0.0, 1.0], [2.0, 3.0]]
    assert [[value_at(values, x, y, 4, 4) for x in range(4)] for y in range(4)] == [
        [0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]  # fmt: skip


def test_the_answer_of_a_session_becomes_a_scene(places: Places) -> None:
    desk = SessionCache(places)
    presets = xor.presets(desk, PresetsRequest())
    net = asdict(presets.networks[1].net)
    scene = scene_of(xor.look(desk, LookRequest(**net, width=10, height=10)))
    assert [(line.name, line.hue) for line in scene.lines] == [("h1", 0), ("h2", 1)]
    assert sum(point.is_small for point in scene.points) == 4 and all(
        point.is_right for point in scene.points
    )
    puzzle = asdict(presets.puzzles[0].net) | {"output_weight": [1, 1], "output_bias": -1.5}
    scene = scene_of(xor.look(desk, LookRequest(**puzzle)))
    assert [line.name for line in scene.lines] == ["y"] and scene.points[-1].sign == "·"
